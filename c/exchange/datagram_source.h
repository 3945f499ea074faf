/* SPDX-License-Identifier: MIT */
/* Feed lines in, datagrams out: the feed, the snapshot field and the
 * formatter put together. One thread. */
#ifndef EXCHANGE_DATAGRAM_SOURCE_H
#define EXCHANGE_DATAGRAM_SOURCE_H

#include "exchange/feed.h"
#include "exchange/formatter.h"
#include "exchange/snapshot_field.h"
#include "wire/market_data.h"

/* What a formatter writes beyond its buffer lands here and is found out by
 * the length that it returns. */
#define DATAGRAM_SOURCE_SLACK (64 * 1024)

/* How often a static text was told: kinds, reasons, remarks. */
#define DATAGRAM_SOURCE_TEXTS 24
struct datagram_source_tally {
	const char *text; /* NULL: none any more; what finds no room is in the
			     last */
	uint64_t count;
};

struct datagram_source_counts {
	uint64_t lines; /* that made datagrams */
	uint64_t datagrams;
	uint64_t skipped;	 /* lines the formatter had no use for */
	uint64_t bad;		 /* lines it refused */
	uint64_t snapshots_lost; /* of those and of overlong: whole books, as
				    far as that can be told */
	uint64_t left_out;	 /* levels that can't be represented */
	uint64_t untimed; /* datagrams of no snapshot and without a time */
	struct datagram_source_tally kinds[DATAGRAM_SOURCE_TEXTS];
	struct datagram_source_tally faults[DATAGRAM_SOURCE_TEXTS];
	struct datagram_source_tally remarks[DATAGRAM_SOURCE_TEXTS];
	struct datagram_source_tally dialects[DATAGRAM_SOURCE_TEXTS];
	uint64_t blank;
	uint64_t overlong;
	uint64_t passes; /* times the file was read to its end */
};

struct datagram_source {
	const char *path;
	line_format_function *format;
	bool reads_field; /* for a formatter that does not by itself */
	struct feed *feed;
	struct snapshot_field field;
	struct line_format context;
	const char *line; /* while it makes more datagrams */
	size_t line_len;
	struct datagram_source_counts counts;
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX + DATAGRAM_SOURCE_SLACK];
};

struct source_datagram {
	const uint8_t *bytes; /* valid until the next call */
	size_t len;
	uint32_t sequence; /* from 0 */
	bool snapshot;	   /* the line's field */
	uint64_t time_ns;  /* of the line; 0: it has none */
};

/* Open the feed. 0 or a negative errno, logged. path stays the caller's. */
int datagram_source_open(struct datagram_source *source, const char *path,
			 line_format_function *format);
void datagram_source_close(struct datagram_source *source);

/* 1 with a datagram, 0 at the end of the feed, or a negative errno, logged:
 * that of the feed, or -EMSGSIZE or -ELOOP when the formatter went wrong. */
int datagram_source_next(struct datagram_source *source,
			 struct source_datagram *datagram);

/* "3 heartbeats, 2 trades", the most frequent first; text[0..size) with a
 * final NUL, cut where it does not fit. */
void datagram_source_tell(
	const struct datagram_source_tally tally[DATAGRAM_SOURCE_TEXTS],
	char *text, size_t size);

/* Start over at the first line; the sequence goes on. */
int datagram_source_rewind(struct datagram_source *source);

#endif
