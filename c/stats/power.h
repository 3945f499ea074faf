/* SPDX-License-Identifier: MIT */
/*
 * What a campaign could have found, and how long one must be that finds more:
 * of who reads "~", and of who plans the next one. By the spread of blocks, of
 * which no more is known than so many degrees of freedom say: of 8 the promise
 * is a fifth larger than of many. The test is taken to find as much as the
 * normal one would of 0.864 times as many blocks. By simulation of pilots and
 * their campaigns 85 to 97 of a hundred find what they were promised in each of
 * the noises of tests/support/noise.h.
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
 * POWER of campaigns; INFINITY where they are too few to decide. freedom: the
 * degrees that the spread is known by. */
double power_finds(double spread, size_t freedom, size_t blocks,
		   const struct verdict_rule *rule);

/* So many blocks of that spread find the difference, above 0. */
double power_blocks(double spread, size_t freedom, double difference,
		    const struct verdict_rule *rule);

#endif
