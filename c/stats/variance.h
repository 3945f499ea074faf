/* SPDX-License-Identifier: MIT */
/*
 * Where the noise of a campaign comes from, and what it may be planned by: how
 * much trials differ since their orders are few, since each trial is another
 * one, and since blocks run at other times. By the two-way layout of blocks and
 * arms without repetition (Montgomery, Design and Analysis of Experiments, 4.1;
 * the components by the expected mean squares: Searle, Casella and McCulloch,
 * Variance Components, ch. 4). What blocks share is in no ratio of a block.
 */
#ifndef STATS_VARIANCE_H
#define STATS_VARIANCE_H

#include <stddef.h>
#include <stdint.h>

/* Of logarithms. */
struct variance {
	size_t blocks;		    /* in which every arm counts */
	size_t freedom;		    /* degrees, of the residue */
	double residue;		    /* of a trial within its block */
	double block, trial, order; /* residue = trial + order */
};

/*
 * logs[arm * stride + block]: of each trial's p50, NAN where it does not count;
 * errors, likewise: variance_of_p50(). Of fewer than two whole blocks or arms
 * all is NAN.
 */
struct variance variance_split(const double *logs, const double *errors,
			       size_t arms, size_t stride, size_t blocks);

/* The sampling variance of the logarithm of the median of ascending values
 * above 0, by the order statistics a standard deviation of their rank away
 * (Maritz and Jarrett, JASA 73 (1978), 194-196, have its theory). NAN of fewer
 * than five. */
double variance_of_p50(const uint64_t *sorted, size_t count);

/* Of the logarithm of one block's ratio to the mean of so many trials of the
 * baseline, trials being times as long. */
double variance_spread(const struct variance *variance, unsigned int references,
		       double times);

/*
 * How many times as long trials should be, so that most is found in a given
 * time: what a trial takes beside its data, times what orders differ, over the
 * data's time, times what trials do; the root of it (Cochran, Sampling
 * Techniques, 3rd edition, 10.6).
 */
double variance_best_times(const struct variance *variance, double beside_s,
			   double data_s);

#endif
