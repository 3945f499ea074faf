/* SPDX-License-Identifier: MIT */
/* How often something may be had: so many at once, and then evenly. Pure. */
#ifndef EXCHANGE_RATE_LIMIT_H
#define EXCHANGE_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct rate_limit {
	uint64_t each_ns;  /* 0: as fast as they come */
	uint64_t ahead_ns; /* so far ahead of evenly they may be */
	uint64_t due_ns;   /* when the next one is, were they even */
};

/* per_s: 0: any number. at_once: at least 1. */
static inline void rate_limit_start(struct rate_limit *limit, uint64_t per_s,
				    uint64_t at_once)
{
	const uint64_t each_ns = per_s ? CLOCK_NS_PER_S / per_s : 0;

	*limit = (struct rate_limit){ .each_ns = each_ns,
				      .ahead_ns = each_ns * at_once };
}

/* HOT. May one be taken that came at now_ns (CLOCK_MONOTONIC)? It counts
 * then. */
static inline bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns)
{
	if (limit->due_ns < now_ns)
		limit->due_ns = now_ns;
	if (limit->due_ns + limit->each_ns > now_ns + limit->ahead_ns)
		return false;
	limit->due_ns += limit->each_ns;
	return true;
}

/* From when on the next may be taken; in the past: now. */
static inline uint64_t rate_limit_next_ns(const struct rate_limit *limit)
{
	const uint64_t due_ns = limit->due_ns + limit->each_ns;

	return due_ns > limit->ahead_ns ? due_ns - limit->ahead_ns : 0;
}

#endif
