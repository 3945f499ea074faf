/* SPDX-License-Identifier: MIT */
/*
 * Where the middle of some values lies, that are nobody's against anybody's:
 * Wilcoxon's signed-rank test, two-sided, exact up to SIGNED_RANK_EXACT_MAX
 * values (Hollander and Wolfe, Nonparametric Statistical Methods, 3.1); the
 * median of the Walsh averages (Hodges and Lehmann; ibid., 3.2); and Tukey's
 * interval, which holds just the values that the test does not reject (ibid.,
 * 3.3).
 */
#ifndef STATS_SIGNED_RANK_H
#define STATS_SIGNED_RANK_H

#include <stddef.h>

#define SIGNED_RANK_EXACT_MAX 50

/*
 * By the signs of the Walsh averages (their number above 0 is the sum of the
 * positive values' ranks). Those that are 0 count against a difference.
 * w_plus: the number above 0, and half of those that are 0 (may be NULL). p, or
 * NAN when memory ran out.
 */
double signed_rank_p(const double *values, size_t count, double *w_plus);

/* With too few values for an interval at that level low and high are -INFINITY
 * and INFINITY. 0 or -ENOMEM. */
int signed_rank_interval(const double *values, size_t count, double alpha,
			 double *estimate, double *low, double *high);

#endif
