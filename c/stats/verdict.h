/* SPDX-License-Identifier: MIT */
/*
 * Is an arm faster than the baseline, and how sure are we? One procedure gives
 * estimate, interval, p and verdict, so that they can't disagree: the
 * randomization test of stats/randomization.h, on logarithms. Each block gives
 * the ratio of the arm to the baseline; as that runs twice in each, to both its
 * trials.
 *
 * Several arms share the error: each is tested at alpha / arms (Bonferroni),
 * and so are the intervals, which together hold all true ratios in 95 % of
 * campaigns. "Faster" and "slower" are an interval without "equal". Where it
 * was said which differences are none, an interval that holds no other one is
 * "equivalent", be 1 in it or not (Schuirmann, Journal of Pharmacokinetics and
 * Biopharmaceutics 15 (1987), 657-680: by the interval that is dual to two
 * one-sided tests; at 95 % here, not 90, so that there is one interval).
 *
 * The baseline against itself (A/A) goes through the same procedure, alone: a
 * difference there is an alarm about the campaign.
 *
 * Of several machines each is a stratum, and no figure of one machine is ever
 * held against another's. Each one's differences are counted in its own blocks'
 * spread, so that machines weigh alike; by the inverse of their variances the
 * quietest one would speak for all.
 */
#ifndef STATS_VERDICT_H
#define STATS_VERDICT_H

#include <stddef.h>

#define VERDICT_ALPHA	 0.05
#define VERDICT_TEXT_MAX 160

enum verdict_call {
	VERDICT_NONE,	      /* no pair of trials that count */
	VERDICT_INCORRECT,    /* a trial of the arm or the baseline was */
	VERDICT_OPPOSITE,     /* one stratum's is faster, another's slower */
	VERDICT_TOO_FEW,      /* not even the clearest outcome could decide */
	VERDICT_FEW_ORDERS,   /* beyond the percentile that is judged */
	VERDICT_INCONCLUSIVE, /* ~ */
	VERDICT_FASTER,
	VERDICT_SLOWER,
	VERDICT_EQUIVALENT,
};

/* How it is judged; verdict_rule() has what is usual. */
struct verdict_rule {
	size_t arm_count; /* so many arms are held against one baseline */
	double alpha;	  /* the error that they share */
	double equal; /* 0.03: a ratio from 1 / 1.03 to 1.03 is no difference;
			 0: nothing was said */
};

struct verdict {
	size_t pairs;		 /* 0: the ratios are NAN */
	double ratio, low, high; /* arm / baseline, and its interval */
	double p, p_adjusted;	 /* of this test; times the number of arms */
	double equal;		 /* the rule's */
	enum verdict_call call;
};

extern const char *const verdict_call_names[];

/* What the blocks of one machine say. */
struct verdict_stratum {
	const double *ratios; /* arm / baseline of each block, above 0 */
	/* To the baseline's other trial; NAN: it does not count. NULL: there is
	 * none. */
	const double *again;
	size_t count;
};

/* At VERDICT_ALPHA, and nothing said of what is no difference. */
struct verdict_rule verdict_rule(size_t arm_count);

/*
 * Compare values above 0, pair by pair. With too few pairs for an interval at
 * that level low and high are 0 and INFINITY. 0 or -ENOMEM.
 */
int verdict_compare(const double *arms, const double *bases, size_t count,
		    const struct verdict_rule *rule, struct verdict *verdict);

/* The same where the baseline ran twice; again: NAN of a block in which that
 * trial does not count. */
int verdict_compare_twice(const double *arms, const double *bases,
			  const double *again, size_t count,
			  const struct verdict_rule *rule,
			  struct verdict *verdict);

/* The same of several machines at once; verdict->pairs counts all blocks. */
int verdict_compare_strata(const struct verdict_stratum *strata, size_t count,
			   const struct verdict_rule *rule,
			   struct verdict *verdict);

/* No verdict, and no figure that could be read as one: of an arm that sent
 * wrong orders, or is held against a baseline that did; and of strata whose own
 * verdicts are opposite, which no figure in the middle describes (Gail and
 * Simon, Biometrics 41 (1985), 361-372). */
struct verdict verdict_of_incorrect(void);
struct verdict verdict_of_opposite(void);
struct verdict verdict_of_few_orders(void);

/* The call of one whose interval came about otherwise (stats/tails.h). */
void verdict_decide(struct verdict *verdict, const struct verdict_rule *rule);

/*
 * Estimate and interval of differences as they are, not of ratios, by the same
 * procedure: what is added, or saved. again: to the baseline's other trial, or
 * NAN. With too few for an interval low and high are -INFINITY and INFINITY. 0
 * or -ENOMEM.
 */
int verdict_shift(const double *differences, const double *again, size_t count,
		  const struct verdict_rule *rule, double *estimate,
		  double *low, double *high);

/* Of one arm's test and interval. */
double verdict_level(const struct verdict_rule *rule);

/* So many blocks must there be: as many as could decide if the baseline ran
 * once in each. */
unsigned int verdict_blocks_needed(const struct verdict_rule *rule);

/* "faster by 12.3 % (95 % CI 10.0..14.1 %)", "equivalent within 3 % (change
 * +0.4 %, 95 % CI -1.0..+1.8 %)". Returns text. */
const char *verdict_format(const struct verdict *verdict,
			   char text[static VERDICT_TEXT_MAX]);

#endif
