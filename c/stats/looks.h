/* SPDX-License-Identifier: MIT */
/*
 * When a campaign may look at its own verdicts and stop. Who tests after each
 * block and stops at the first verdict errs in many more campaigns than the
 * level says. So the looks are planned before the first trial, at numbers of
 * blocks that grow by half, and the error is shared out among them: whatever
 * makes a campaign stop at one of them, in at most alpha of campaigns does any
 * look err, and in 95 % of them the intervals of all looks hold the true ratios
 * (Boole's inequality; repeated confidence intervals: Jennison and Turnbull,
 * Group Sequential Methods with Applications to Clinical Trials, 2000, ch. 9).
 */
#ifndef STATS_LOOKS_H
#define STATS_LOOKS_H

#include <stddef.h>

#define LOOKS_MAX 24

struct looks {
	unsigned int blocks[LOOKS_MAX]; /* so many are done; the last: all */
	unsigned int count;
	double alpha; /* of each look, for all arms together */
};

/*
 * Of arm_count arms beside the baseline, and at most so many blocks. The first
 * look comes as soon as one could decide. 0; -ERANGE: not even the last one
 * could, which wants *needed blocks.
 */
int looks_plan(size_t arm_count, unsigned int blocks, struct looks *looks,
	       unsigned int *needed);

#endif
