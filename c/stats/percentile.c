/* SPDX-License-Identifier: MIT */
#include "stats/percentile.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

void percentile_sort(uint64_t *values, size_t count)
{
	if (count > 1)
		qsort(values, count, sizeof(*values), compare);
}

size_t percentile_rank(size_t count, double percent)
{
	/* Tiny: 99.9 % of 1000 is 999, not 999.0000000000001. */
	double rank = ceil(percent / 100 * (double)count - 1e-9);

	if (rank < 1)
		rank = 1;
	if (rank > (double)count)
		rank = (double)count;
	return (size_t)rank;
}

uint64_t percentile_of(const uint64_t *sorted, size_t count, double percent)
{
	return sorted[percentile_rank(count, percent) - 1];
}

bool percentile_supported(size_t count, double percent)
{
	return (1 - percent / 100) * (double)count + 1e-9 >= PERCENTILE_BEYOND;
}

struct percentiles percentiles_of(uint64_t *values, size_t count)
{
	struct percentiles all = { .count = count };

	if (count == 0)
		return all;
	percentile_sort(values, count);
	all.min = values[0];
	all.p50 = percentile_of(values, count, 50);
	all.p90 = percentile_of(values, count, 90);
	all.p99 = percentile_of(values, count, 99);
	all.p99_9 = percentile_of(values, count, 99.9);
	all.max = values[count - 1];
	return all;
}
