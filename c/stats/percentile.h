/* SPDX-License-Identifier: MIT */
/* Exact percentiles of raw samples, by nearest rank: always a value that was
 * measured, never one in between. */
#ifndef STATS_PERCENTILE_H
#define STATS_PERCENTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct percentiles {
	size_t count; /* 0: the rest is 0 and means nothing */
	uint64_t min, p50, p90, p99, p99_9, max;
};

/* Ascending, in place. */
void percentile_sort(uint64_t *values, size_t count);

/* Which of count sorted values (1: the least) is the smallest that at least
 * percent (0 to 100) of them do not exceed. count must not be 0. */
size_t percentile_rank(size_t count, double percent);

/* The value of that rank: count must not be 0. */
uint64_t percentile_of(const uint64_t *sorted, size_t count, double percent);

/* Has a percentile of so many samples PERCENTILE_BEYOND of them beyond it? With
 * fewer it is one or another of the largest, and means nothing. */
#define PERCENTILE_BEYOND 10
#define PERCENTILE_NOTE	  "-: fewer than 10 samples lie beyond it"
bool percentile_supported(size_t count, double percent);

/* Sorts values and takes them all. */
struct percentiles percentiles_of(uint64_t *values, size_t count);

#endif
