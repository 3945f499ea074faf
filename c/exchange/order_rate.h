/* SPDX-License-Identifier: MIT */
/* How fast a trader may send orders: a second's worth at once, and then evenly.
 * Pure. */
#ifndef EXCHANGE_ORDER_RATE_H
#define EXCHANGE_ORDER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct order_rate {
	uint64_t each_ns; /* 0: as fast as they come */
	uint64_t due_ns;  /* when the next one is, were they even */
};

static inline void order_rate_start(struct order_rate *rate, uint64_t per_s)
{
	*rate = (struct order_rate){ .each_ns = per_s ? CLOCK_NS_PER_S / per_s
						      : 0 };
}

/* HOT. May one be taken that came at now_ns (CLOCK_MONOTONIC)? It counts
 * then. */
static inline bool order_rate_take(struct order_rate *rate, uint64_t now_ns)
{
	if (rate->due_ns < now_ns)
		rate->due_ns = now_ns;
	if (rate->due_ns + rate->each_ns > now_ns + CLOCK_NS_PER_S)
		return false;
	rate->due_ns += rate->each_ns;
	return true;
}

#endif
