/* SPDX-License-Identifier: MIT */
/*
 * What a campaign could have found, and how long one must be that finds more:
 * of who reads "~", and of who plans the next one. By the spread of its own
 * blocks: the signed-rank test's efficiency against the normal test is 3 / pi
 * where noise is Gaussian and more where it has heavier tails (Hollander and
 * Wolfe, Nonparametric Statistical Methods, 3.1 and 3.11), so that this errs on
 * the safe side. A plan's figure, not a result's: the spread of few blocks is
 * itself known to a quarter or a third.
 */
#ifndef STATS_POWER_H
#define STATS_POWER_H

#include <stddef.h>

#include "stats/verdict.h"

#define POWER 0.9 /* of campaigns that find it */

/* The standard deviation of the logarithms of blocks' ratios; NAN of fewer than
 * two. */
double power_spread(const double *logs, size_t count);

/* The difference, 0.05 for 5 %, that so many blocks of that spread find in
 * POWER of campaigns; INFINITY where they are too few to decide. */
double power_finds(double spread, size_t blocks,
		   const struct verdict_rule *rule);

/* So many blocks of that spread find the difference, above 0. */
double power_blocks(double spread, double difference,
		    const struct verdict_rule *rule);

#endif
