/* SPDX-License-Identifier: MIT */
#include "exchange/lag.h"

#include <stdio.h>

#include "stats/percentile.h"

static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int shift = bucket / 8;

	if (shift == 0)
		return bucket;
	return ((UINT64_C(8) + bucket % 8 + 1) << (shift - 1)) - 1;
}

uint64_t lag_quantile(const struct lag *lag, double share)
{
	uint64_t rank, seen = 0;

	if (lag->count == 0)
		return 0;
	rank = percentile_rank(lag->count, share * 100);
	for (unsigned int i = 0; i < LAG_BUCKETS; i++) {
		seen += lag->buckets[i];
		if (seen >= rank)
			return bucket_end(i) < lag->max_ns ? bucket_end(i)
							   : lag->max_ns;
	}
	return lag->max_ns;
}

const char *lag_text(const struct lag *lag, double share,
		     char text[static LAG_TEXT_MAX])
{
	if (percentile_supported(lag->count, share * 100))
		snprintf(text, LAG_TEXT_MAX, "%.1f",
			 (double)lag_quantile(lag, share) / 1e3);
	else
		snprintf(text, LAG_TEXT_MAX, "-");
	return text;
}
