/* SPDX-License-Identifier: MIT */
/*
 * The claims of the seed about connection types, cell by cell in its own
 * words, and what is measured for each. Data alone.
 */
#ifndef REPORT_CLAIMS_H
#define REPORT_CLAIMS_H

#include "report/claim.h"

enum claims_table {
	CLAIMS_OVERVIEW,
	CLAIMS_BREAKDOWN,
	CLAIMS_1500,
	CLAIMS_THROUGHPUT,
	CLAIMS_FIGURES, /* those of each protocol, in the text */
	CLAIMS_TABLES,
};

/* What of a measure answers a claim; figures of several rounds unless it is
 * said otherwise. */
enum claims_figure {
	FIGURE_NOTHING,	  /* nothing does; the claim says why */
	FIGURE_HANDSHAKE, /* p50; of datagrams what opening a socket takes */
	FIGURE_RECONNECT,
	FIGURE_ONE_WAY,	  /* half of the ping-pong's p50 */
	FIGURE_SENT,	  /* p50 of the call that sends */
	FIGURE_RECEIVED,  /* one way without it */
	FIGURE_TOTAL,	  /* handshake and one way */
	FIGURE_ADDED,	  /* one way, over that of plain 13-byte orders */
	FIGURE_CPU,	  /* per cent that TLS adds to what WebSocket takes */
	FIGURE_PER_KB,	  /* one way that TLS adds to WebSocket, a KB */
	FIGURE_BYTES,	  /* a second, one way, while as many come back */
	FIGURE_MESSAGES,  /* a second */
	FIGURE_OVERHEAD,  /* bytes that a message has beside its payload */
	FIGURE_LOST,	  /* of the open loop, in all rounds; words */
	FIGURE_WIRE,	  /* wire to wire, p50 */
	FIGURE_KERNEL,	  /* p50 of a trader's stage: kernel to user */
	FIGURE_DECISION,  /* ... user to decision */
	FIGURE_LEFT,	  /* ... decision to sent */
	FIGURE_OPERATION, /* what an operation takes */
};

struct claim {
	enum claims_table table;
	const char *row, *column;
	const char *text;  /* the seed's words */
	const char *place; /* the seed's section */
	/* Claims about the same thing have the same. */
	const char *topic;
	enum claims_figure figure;
	const char *measure;
	unsigned int size; /* bytes of a message */
	/* Of FIGURE_NOTHING the reason. Otherwise what the figure is not, or
	 * NULL. */
	const char *note;
};

/* Table by table, row by row, as in the seed; ends with one without a row. */
extern const struct claim claims[];

/* Of each table its title and where the seed has it. */
extern const char *const claims_titles[CLAIMS_TABLES];

/* In words, for a cell's "how"; and the unit that it has. */
const char *claims_figure_help(enum claims_figure figure);
enum claim_unit claims_figure_unit(enum claims_figure figure,
				   const char *measure);

#endif
