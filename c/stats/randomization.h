/* SPDX-License-Identifier: MIT */
/*
 * The test and the interval by which an arm is held against its references: a
 * randomization test. In each block the arm and its reference, which may be
 * there twice, ran in an order that was drawn. If the arm is nothing else than
 * its reference, then each of the block's two or three values could as well be
 * the arm's, and that is the whole distribution of what is looked at: no other
 * assumption is made of the noise (Fisher, The Design of Experiments, 1935, 21;
 * Lehmann and Romano, Testing Statistical Hypotheses, 3rd edition, 15.2).
 *
 * What is looked at is a sum over blocks of how far the arm lies from the mean
 * of its block, each block weighed by how near to each other its values lie.
 * On a machine that is shared, what it does meanwhile is in some blocks and not
 * in others: a block whose own references lie far apart says little, and counts
 * for little. The spread is that of all two or three values, whichever is the
 * arm's, so that the weights are the same however they change places, and the
 * test remains exact.
 *
 *	spread s = max - min of the block's values, m = the median of all s
 *	weight   = 1 / (m (s^2 / m^2 + c))
 *
 * c is 2 of three values and 8 of two, which tell less of their own spread: at
 * Gaussian noise it then finds as much as Wilcoxon's signed-rank test of the
 * arm against the mean of both references, and more where noise is not Gaussian
 * (tests/unit/stats_verdict.c has the simulation). Where machines are strata, m
 * is each one's own, so that none speaks for all because it is the quietest.
 *
 * The distribution is counted out up to RANDOMIZATION_EXACT_MAX blocks, and
 * Lugannani and Rice's saddlepoint approximation beyond, whose relative error
 * is small also in the tails (Robinson, Saddlepoint approximations for
 * permutation tests and confidence intervals, JRSS B 44 (1982), 91-101).
 *
 * The interval holds the values that, taken off the arm's, leave a difference
 * which the test does not reject; and what lies between two of them.
 */
#ifndef STATS_RANDOMIZATION_H
#define STATS_RANDOMIZATION_H

#include <stddef.h>

#define RANDOMIZATION_EXACT_MAX 12

/* One block: the arm's value less that of each reference. */
struct randomization_block {
	double differences[2];
	unsigned int references; /* 1 or 2 */
};

struct randomization {
	const struct randomization_block *blocks; /* stratum after stratum */
	const size_t *counts;			  /* of each stratum */
	size_t strata, count;			  /* count: of all blocks */
	double *weights, *sorted, *scores;	  /* room */
};

struct randomization_result {
	double estimate;
	double low, high; /* infinite: too few blocks for one at that level */
	double p;	  /* two-sided, of no difference */
};

/* blocks and counts stay the caller's. 0 or -ENOMEM. */
int randomization_open(struct randomization *test,
		       const struct randomization_block *blocks,
		       const size_t *counts, size_t strata);

void randomization_close(struct randomization *test);

/* Two-sided: of as much or more, once difference is taken off the arm's. */
double randomization_p(struct randomization *test, double difference);

/* Of one block or more. p <= alpha just where the interval does not hold 0. */
void randomization_judge(struct randomization *test, double alpha,
			 struct randomization_result *result);

#endif
