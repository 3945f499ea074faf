/* SPDX-License-Identifier: MIT */
/*
 * Do several machines say the same? Whether an effect is as large on each is
 * asked apart from how large it is on all of them (ICH E9, Statistical
 * Principles for Clinical Trials, 1998, 3.2, of centres), by the test of
 * Kruskal and Wallis (Hollander and Wolfe, Nonparametric Statistical Methods,
 * 6.1), which takes no distribution for granted. Of machines that say the same
 * it is wrong in at most 5 %, or in 7 % where one is three times as noisy.
 */
#ifndef STATS_AGREEMENT_H
#define STATS_AGREEMENT_H

#include <stddef.h>

/*
 * p of a difference between the locations of count groups of values, by the
 * chi-squared approximation with mid-ranks for ties. values: group after group,
 * of counts[i] each. NAN where fewer than two groups have values, or memory ran
 * out. h: the statistic (may be NULL).
 */
double agreement_p(const double *values, const size_t *counts, size_t count,
		   double *h);

#endif
