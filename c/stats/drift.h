/* SPDX-License-Identifier: MIT */
/*
 * Does what was measured one after the other rise or fall? Mann and Kendall's
 * test of a trend, two-sided (Mann, Econometrica 13 (1945), 245-259; Kendall,
 * Rank Correlation Methods): exact up to DRIFT_EXACT_MAX values, by the
 * distribution of a permutation's inversions; of more, or of ties, by the
 * normal distribution with Kendall's variance for ties. How much: Theil and
 * Sen's slope, the median of all pairs' (Sen, JASA 63 (1968), 1379-1389).
 */
#ifndef STATS_DRIFT_H
#define STATS_DRIFT_H

#include <stddef.h>

#define DRIFT_EXACT_MAX 50

struct drift {
	double whole; /* from the first value to the last, by that slope */
	double p;     /* 1 where all are the same; NAN of fewer than 2 */
};

/* 0 or -ENOMEM. */
int drift_find(const double *values, size_t count, struct drift *drift);

#endif
