/* SPDX-License-Identifier: MIT */
/*
 * Is an arm faster than the baseline, and how sure are we? Both ran once in
 * each block; a block gives one ratio of their p50s, so that what drifts on
 * the machine falls on both. Of the ratios' logarithms:
 *
 * - the estimate is their median;
 * - the interval is the percentile bootstrap of that median (95 %), by GSL's
 *   mt19937 from a seed that is recorded;
 * - the p value is Wilcoxon's signed-rank test, two-sided, exact up to
 *   VERDICT_EXACT_MAX blocks, corrected for the number of arms by Holm.
 *
 * The noise floor is the A/A pair's: the baseline ran twice in each block,
 * and the floor is the end of its interval that lies farthest from "equal".
 *
 * A verdict other than ~ needs all three: p after Holm at most 0.05, an
 * interval without "equal" in it, an estimate beyond the floor.
 */
#ifndef MEASURE_VERDICT_H
#define MEASURE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#define VERDICT_ALPHA	  0.05
#define VERDICT_BOOTSTRAP 10000
#define VERDICT_EXACT_MAX 50
#define VERDICT_TEXT_MAX  160

enum verdict_call {
	VERDICT_NONE,	 /* no pair of right trials */
	VERDICT_TOO_FEW, /* not even the clearest outcome could decide */
	VERDICT_SAME,	 /* ~ */
	VERDICT_FASTER,
	VERDICT_SLOWER,
};

/* Why it is ~; in this order the conditions are asked. */
enum verdict_lack {
	VERDICT_LACKS_NOTHING,
	VERDICT_LACKS_RANK,
	VERDICT_LACKS_INTERVAL,
	VERDICT_LACKS_FLOOR,
	VERDICT_LACKS_AA, /* no A/A pair of enough blocks */
};

struct verdict {
	size_t pairs;		 /* 0: the ratios are NAN */
	double ratio, low, high; /* arm / baseline, and its interval */
	double p, p_holm;
	double floor; /* as a ratio >= 1; NAN without an A/A pair */
	enum verdict_call call;
	enum verdict_lack lack;
};

extern const char *const verdict_call_names[];
extern const char *const verdict_lack_names[];

/*
 * Estimate, interval and p of one arm; values above 0, pair by pair. call and
 * lack are left for verdict_decide(). 0 or -ENOMEM.
 */
int verdict_compare(const double *arms, const double *bases, size_t count,
		    uint64_t seed, struct verdict *verdict);

/* Correct for the number of arms and decide. aa: of the A/A pair, or NULL. */
void verdict_decide(struct verdict *verdicts, size_t count,
		    const struct verdict *aa);

/* So many blocks must there be, for that many arms. */
unsigned int verdict_blocks_needed(size_t arms);

/* The noise floor of an A/A pair, as a ratio >= 1. NAN of none, and of fewer
 * blocks than one arm needs. */
double verdict_floor(const struct verdict *aa);

/* "faster by 12.3 % (95 % CI 10.0..14.1 %)". Returns text. */
const char *verdict_format(const struct verdict *verdict,
			   char text[static VERDICT_TEXT_MAX]);

/*
 * Wilcoxon's signed-rank test, two-sided: of differences that are 0 none
 * counts, ties share their mean rank. *w_plus: sum of the ranks of the
 * positive ones (may be NULL). p, or NAN when memory ran out.
 */
double verdict_signed_rank(const double *differences, size_t count,
			   double *w_plus);

/* Holm's step-down: p values in, corrected ones out. 0 or -ENOMEM. */
int verdict_holm(const double *p, size_t count, double *corrected);

#endif
