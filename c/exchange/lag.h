/* SPDX-License-Identifier: MIT */
/* How much later than intended datagrams left: a histogram whose buckets are
 * at most an eighth wide. */
#ifndef EXCHANGE_LAG_H
#define EXCHANGE_LAG_H

#include <stdint.h>

#define LAG_BUCKETS (64 * 8)

struct lag {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[LAG_BUCKETS];
};

/* HOT. */
static inline void lag_add(struct lag *lag, uint64_t ns)
{
	unsigned int log2 = 63 - (unsigned int)__builtin_clzll(ns | 1);
	unsigned int bucket =
		log2 < 3
			? (unsigned int)ns
			: (log2 - 2) * 8 + (unsigned int)(ns >> (log2 - 3) & 7);

	lag->buckets[bucket]++;
	lag->count++;
	if (ns > lag->max_ns)
		lag->max_ns = ns;
}

/* The upper edge of the bucket that holds this share (0 to 1) of all, at
 * most the maximum; 0 when there is none. */
uint64_t lag_quantile(const struct lag *lag, double share);

/* The same in us for a line of text, "-" without PERCENTILE_BEYOND beyond. */
#define LAG_TEXT_MAX 32
const char *lag_text(const struct lag *lag, double share,
		     char text[static LAG_TEXT_MAX]);

#endif
