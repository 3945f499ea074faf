/* SPDX-License-Identifier: MIT */
/*
 * What a line does to datagrams, on purpose: it loses, doubles, swaps and
 * delays a share of them, drawn from a seed, so that what a receiver makes of
 * it is seen without a network that is as bad. Pure: times go in, and what is
 * to leave when comes out. Each datagram has one fate; one that is doubled
 * leaves twice in a row.
 */
#ifndef EXCHANGE_IMPAIRMENTS_H
#define EXCHANGE_IMPAIRMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/market_data.h"

#define IMPAIRMENTS_ALL	 1000000000 /* the share that is all of them */
#define IMPAIRMENTS_HELD 1024	    /* datagrams that wait, of each kind */

/* Of a line. Shares of IMPAIRMENTS_ALL; lose, duplicate, swap and delay are at
 * most all of them together. */
struct impairments_config {
	uint64_t lose, duplicate, swap, delay;
	uint64_t delay_ns; /* of those that are delayed */
	bool named;	   /* by an option, as a line of its own */
};

struct impairments_counts {
	uint64_t lost, duplicated, swapped, delayed;
	uint64_t crowded; /* that were to wait and left at once: too many did */
};

enum impairments_fate {
	IMPAIRMENTS_PASS,
	IMPAIRMENTS_LOSE,
	IMPAIRMENTS_DUPLICATE,
	IMPAIRMENTS_HOLD, /* it leaves later: not the caller's any more */
};

struct impairments_held {
	uint64_t due_ns;
	uint32_t sequence;
	size_t len;
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
};

/* In the order that they leave. Counts go on for ever, modulo 2^32: begin to
 * leaving are being sent, those up to ready may leave, those up to end not yet
 * (of the swapped) or by their time. */
struct impairments_queue {
	struct impairments_held *held; /* IMPAIRMENTS_HELD */
	uint32_t begin, leaving, ready, end;
};

struct impairments {
	struct impairments_config config;
	bool any;	   /* impairments_take() is to be asked */
	uint64_t shift_ns; /* all are late by this, which needs no room */
	uint64_t random;
	struct impairments_queue swapped, delayed;
	struct impairments_counts counts;
};

/* 0 or -ENOMEM, logged. */
int impairments_open(struct impairments *impairments,
		     const struct impairments_config *config);
void impairments_close(struct impairments *impairments);

/* From the next session on, it is this: of one that was opened with a config
 * that loses, doubles, swaps or delays a share. */
void impairments_set(struct impairments *impairments,
		     const struct impairments_config *config);

/* A new session: nothing waits, nothing is counted; the same seed draws the
 * same fates. */
void impairments_start(struct impairments *impairments, uint64_t seed);

/* What becomes of a datagram that is due at due_ns, which is never before the
 * last one's. What is held is copied. */
enum impairments_fate impairments_take(struct impairments *impairments,
				       const uint8_t *bytes, size_t len,
				       uint32_t sequence, uint64_t due_ns);

/* A datagram that was due then is to leave, or there is none any more: what was
 * to be swapped with it is due behind it. */
void impairments_passed(struct impairments *impairments, uint64_t due_ns);

/* One that was held and is due; NULL: none. It stays where it is until
 * impairments_sent(). */
const struct impairments_held *impairments_due(struct impairments *impairments,
					       uint64_t now_ns);

/* When the next of those is due; 0: now; UINT64_MAX: none is. */
uint64_t impairments_next_ns(const struct impairments *impairments);

/* All that were due are sent. */
void impairments_sent(struct impairments *impairments);

#endif
