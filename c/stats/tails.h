/* SPDX-License-Identifier: MIT */
/*
 * Percentiles of all orders of an arm, held against those of the baseline: of
 * tails, which no single trial has orders enough for, and of deciles, which
 * show where in the distribution a difference lies (the shift function: Doksum,
 * Annals of Statistics 2 (1974), 267-277; Wilcox, Introduction to Robust
 * Estimation and Hypothesis Testing, 5.1).
 *
 * Orders of one trial are alike, so what is drawn again is whole blocks, with
 * both of their trials (the cluster bootstrap: Davison and Hinkley, Bootstrap
 * Methods and their Application, 1997, 3.8). That gives the standard error of
 * the logarithm of the ratio; the interval is Student's, of as many blocks less
 * one, which few blocks want (Hesterberg, The American Statistician 69 (2015),
 * 371-386). Of several percentiles the bands are as wide as the largest
 * deviation of all, in units of its standard error, and so hold together.
 */
#ifndef STATS_TAILS_H
#define STATS_TAILS_H

#include <stddef.h>
#include <stdint.h>

#include "stats/verdict.h"

/* Fewer don't tell how blocks differ: of 12 whose trials have two p50s an
 * interval said to be of 95 % is of 85 by simulation, of 16 it is of 92. */
#define TAILS_BLOCKS_MIN    16
#define TAILS_BLOCKS_BEYOND 5 /* of so many are the orders beyond */
#define TAILS_MAX	    9 /* percentiles at once */

/* Both arms' latencies in one block, ns, each ascending. */
struct tails_block {
	const uint64_t *arm, *base;
	size_t arm_count, base_count;
};

struct tails_band {
	double percent;
	double arm, base;	 /* ns; NAN: too few orders beyond it */
	double ratio, low, high; /* arm / base, and its band */
	double p;		 /* of this percentile by itself */
};

/*
 * Bands of up to TAILS_MAX ascending percentiles, which hold together in all
 * but alpha of campaigns. bands[].percent is the caller's. A percentile with
 * fewer than ten orders beyond it in either arm, or with orders of a few blocks
 * alone, is NAN; of fewer blocks than TAILS_BLOCKS_MIN none has a band: low and
 * high are then 0 and INFINITY. 0 or -ENOMEM.
 */
int tails_bands(const struct tails_block *blocks, size_t block_count,
		double alpha, uint64_t seed, struct tails_band *bands,
		size_t count);

/* The verdict on one percentile, by the same. *base: the baseline's, ns, NAN:
 * too few orders beyond it. */
int tails_verdict(const struct tails_block *blocks, size_t block_count,
		  double percent, const struct verdict_rule *rule,
		  uint64_t seed, struct verdict *verdict, double *base);

#endif
