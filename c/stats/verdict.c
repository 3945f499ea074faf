/* SPDX-License-Identifier: MIT */
#include "stats/verdict.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* No clock tells logarithms of ratios apart that are so close. */
#define EQUAL 1e-12

const char *const verdict_call_names[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_INCORRECT] = "incorrect",
	[VERDICT_OPPOSITE] = "opposite",
	[VERDICT_TOO_FEW] = "too few blocks",
	[VERDICT_FEW_ORDERS] = "too few orders",
	[VERDICT_INCONCLUSIVE] = "~",
	[VERDICT_FASTER] = "faster",
	[VERDICT_SLOWER] = "slower",
	[VERDICT_EQUIVALENT] = "equivalent",
};

/* Logarithms of ratios, stratum after stratum. */
struct strata {
	const double *logs;
	const size_t *counts;
	size_t count;
};

static size_t strata_blocks(const struct strata *strata)
{
	size_t blocks = 0;

	for (size_t i = 0; i < strata->count; i++)
		blocks += strata->counts[i];
	return blocks;
}

/* The averages of all pairs within a stratum, each value with itself too. */
struct walsh {
	double *averages; /* ascending */
	size_t count;
};

static size_t walsh_count(const struct strata *strata)
{
	size_t sum = 0;

	for (size_t i = 0; i < strata->count; i++)
		sum += strata->counts[i] * (strata->counts[i] + 1) / 2;
	return sum;
}

static int walsh_open(struct walsh *walsh, const struct strata *strata)
{
	const double *logs = strata->logs;
	size_t n = 0;

	walsh->count = walsh_count(strata);
	walsh->averages = malloc((walsh->count + 1) * sizeof(double));
	if (!walsh->averages)
		return -ENOMEM;
	for (size_t s = 0; s < strata->count; logs += strata->counts[s++])
		for (size_t i = 0; i < strata->counts[s]; i++)
			for (size_t j = i; j < strata->counts[s]; j++) {
				double average = (logs[i] + logs[j]) / 2;

				/* log(a/b) + log(b/a) is 0, but for
				 * rounding. */
				walsh->averages[n++] =
					fabs(average) < EQUAL ? 0 : average;
			}
	gsl_sort(walsh->averages, 1, n);
	return 0;
}

static void walsh_close(struct walsh *walsh)
{
	free(walsh->averages);
}

/* P(W+ <= i) of blocks without a difference, for i from 0 to the number of
 * their Walsh averages: how many choices of the blocks' signs give each sum of
 * ranks. NULL: -ENOMEM. */
static double *null_exact(const struct strata *strata)
{
	const size_t max = walsh_count(strata);
	double *lower = calloc(max + 1, sizeof(*lower));

	if (!lower)
		return NULL;
	lower[0] = 1;
	for (size_t s = 0; s < strata->count; s++)
		for (size_t rank = 1; rank <= strata->counts[s]; rank++)
			for (size_t sum = max + 1; sum-- > 0;)
				lower[sum] =
					lower[sum] / 2 +
					(sum < rank ? 0
						    : lower[sum - rank] / 2);
	for (size_t sum = 1; sum <= max; sum++)
		lower[sum] += lower[sum - 1];
	return lower;
}

/* The same by the normal distribution, for many blocks. */
static double *null_normal(const struct strata *strata)
{
	const size_t max = walsh_count(strata);
	double *lower = calloc(max + 1, sizeof(*lower));
	double variance = 0;

	for (size_t s = 0; s < strata->count; s++) {
		const double n = (double)strata->counts[s];

		variance += n * (n + 1) * (2 * n + 1) / 24;
	}
	for (size_t sum = 0; lower && sum <= max; sum++)
		lower[sum] = gsl_cdf_ugaussian_P(
			((double)sum + 0.5 - (double)max / 2) / sqrt(variance));
	return lower;
}

static double *null_of(const struct strata *strata)
{
	return strata_blocks(strata) <= VERDICT_EXACT_MAX ? null_exact(strata)
							  : null_normal(strata);
}

/* Two-sided; the averages that are 0 go to the lesser side. */
static double p_of(const struct walsh *walsh, const double *null,
		   double *w_plus)
{
	size_t above = 0, below = 0, zero, lesser;

	for (size_t i = 0; i < walsh->count; i++) {
		above += walsh->averages[i] > 0;
		below += walsh->averages[i] < 0;
	}
	zero = walsh->count - above - below;
	lesser = (above < below ? above : below) + zero;
	if (w_plus)
		*w_plus = (double)above + (double)zero / 2;
	return fmin(1, 2 * null[lesser]);
}

double verdict_signed_rank(const double *differences, size_t count,
			   double *w_plus)
{
	const struct strata strata = { differences, &count, 1 };
	struct walsh walsh;
	double *null, p = NAN;

	if (walsh_open(&walsh, &strata) < 0)
		return NAN;
	null = null_of(&strata);
	if (null)
		p = p_of(&walsh, null, w_plus);
	free(null);
	walsh_close(&walsh);
	return p;
}

double verdict_level(const struct verdict_rule *rule)
{
	return rule->alpha / (double)rule->arm_count;
}

/* The values that a test at level alpha does not reject. */
static void interval_of(const struct walsh *walsh, const double *null,
			double alpha, double *low, double *high)
{
	size_t critical = 0; /* so many averages may lie beyond each end */

	while (critical < walsh->count && 2 * null[critical] <= alpha)
		critical++;
	*low = critical ? walsh->averages[critical - 1] : -INFINITY;
	*high = critical ? walsh->averages[walsh->count - critical] : INFINITY;
}

static double estimate_of(const struct walsh *walsh)
{
	return gsl_stats_median_from_sorted_data(walsh->averages, 1,
						 walsh->count);
}

static enum verdict_call call_of(const struct verdict *verdict,
				 const struct verdict_rule *rule)
{
	const double far = 1 + rule->equal;

	if (verdict->pairs < verdict_blocks_needed(rule))
		return VERDICT_TOO_FEW;
	if (rule->equal > 0 && verdict->low >= 1 / far && verdict->high <= far)
		return VERDICT_EQUIVALENT;
	if (verdict->high < 1)
		return VERDICT_FASTER;
	return verdict->low > 1 ? VERDICT_SLOWER : VERDICT_INCONCLUSIVE;
}

static int logs_judge(const struct strata *strata,
		      const struct verdict_rule *rule, struct verdict *verdict)
{
	struct walsh walsh;
	double *null;
	int err = walsh_open(&walsh, strata);

	if (err)
		return err;
	null = null_of(strata);
	if (!null) {
		err = -ENOMEM;
		goto close_walsh;
	}
	verdict->pairs = strata_blocks(strata);
	verdict->ratio = exp(estimate_of(&walsh));
	verdict->p = p_of(&walsh, null, NULL);
	verdict->p_adjusted = fmin(1, verdict->p * (double)rule->arm_count);
	verdict->equal = rule->equal;
	interval_of(&walsh, null, verdict_level(rule), &verdict->low,
		    &verdict->high);
	verdict->low = exp(verdict->low);
	verdict->high = exp(verdict->high);
	verdict->call = call_of(verdict, rule);
	free(null);
close_walsh:
	walsh_close(&walsh);
	return err;
}

int verdict_shift(const double *differences, size_t count,
		  const struct verdict_rule *rule, double *estimate,
		  double *low, double *high)
{
	const struct strata strata = { differences, &count, 1 };
	struct walsh walsh;
	double *null;
	int err = walsh_open(&walsh, &strata);

	if (err)
		return err;
	null = null_of(&strata);
	if (null) {
		*estimate = estimate_of(&walsh);
		interval_of(&walsh, null, verdict_level(rule), low, high);
	} else {
		err = -ENOMEM;
	}
	free(null);
	walsh_close(&walsh);
	return err;
}

static struct verdict without(enum verdict_call call)
{
	return (struct verdict){ .ratio = NAN,
				 .low = NAN,
				 .high = NAN,
				 .p = 1,
				 .p_adjusted = 1,
				 .call = call };
}

struct verdict_rule verdict_rule(size_t arm_count)
{
	return (struct verdict_rule){ .arm_count = arm_count,
				      .alpha = VERDICT_ALPHA };
}

int verdict_compare_strata(const struct verdict_stratum *strata, size_t count,
			   const struct verdict_rule *rule,
			   struct verdict *verdict)
{
	size_t *counts = calloc(count + 1, sizeof(*counts)), blocks = 0;
	double *logs = NULL;
	int err = -ENOMEM;

	*verdict = without(VERDICT_NONE);
	if (!counts)
		return err;
	for (size_t s = 0; s < count; s++)
		blocks += counts[s] = strata[s].count;
	logs = malloc((blocks + 1) * sizeof(*logs));
	if (!logs)
		goto free_counts;
	blocks = 0;
	for (size_t s = 0; s < count; s++)
		for (size_t i = 0; i < counts[s]; i++)
			logs[blocks++] = log(strata[s].ratios[i]);
	err = blocks ? logs_judge(&(struct strata){ logs, counts, count }, rule,
				  verdict)
		     : 0;
	free(logs);
free_counts:
	free(counts);
	return err;
}

int verdict_compare(const double *arms, const double *bases, size_t count,
		    const struct verdict_rule *rule, struct verdict *verdict)
{
	double *ratios = malloc((count + 1) * sizeof(*ratios));
	int err;

	*verdict = without(VERDICT_NONE);
	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ratios[i] = arms[i] / bases[i];
	err = verdict_compare_strata(&(struct verdict_stratum){ ratios, count },
				     1, rule, verdict);
	free(ratios);
	return err;
}

struct verdict verdict_of_incorrect(void)
{
	return without(VERDICT_INCORRECT);
}

struct verdict verdict_of_opposite(void)
{
	return without(VERDICT_OPPOSITE);
}

struct verdict verdict_of_few_orders(void)
{
	return without(VERDICT_FEW_ORDERS);
}

void verdict_decide(struct verdict *verdict, const struct verdict_rule *rule)
{
	verdict->call = call_of(verdict, rule);
}

unsigned int verdict_blocks_needed(const struct verdict_rule *rule)
{
	unsigned int blocks = 1;

	/* All blocks on one side: p = 2 / 2^blocks. */
	while (ldexp(2, -(int)blocks) * (double)rule->arm_count > rule->alpha)
		blocks++;
	return blocks;
}

const char *verdict_format(const struct verdict *verdict,
			   char text[static VERDICT_TEXT_MAX])
{
	const double change = (verdict->ratio - 1) * 100;
	const double low = (verdict->low - 1) * 100;
	const double high = (verdict->high - 1) * 100;

	switch (verdict->call) {
	case VERDICT_NONE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: no block in which both can be judged");
		break;
	case VERDICT_INCORRECT:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: not all orders were right");
		break;
	case VERDICT_OPPOSITE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: faster on one machine, slower on "
			 "another");
		break;
	case VERDICT_TOO_FEW:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: too few blocks (%zu; change %+.1f %%)",
			 verdict->pairs, change);
		break;
	case VERDICT_FEW_ORDERS:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: fewer than 10 orders lie beyond that "
			 "percentile");
		break;
	case VERDICT_INCONCLUSIVE:
		snprintf(text, VERDICT_TEXT_MAX,
			 "~ (change %+.1f %%, 95 %% CI %+.1f..%+.1f %%)",
			 change, low, high);
		break;
	case VERDICT_FASTER:
		snprintf(text, VERDICT_TEXT_MAX,
			 "faster by %.1f %% (95 %% CI %.1f..%.1f %%)", -change,
			 -high, -low);
		break;
	case VERDICT_SLOWER:
		snprintf(text, VERDICT_TEXT_MAX,
			 "slower by %.1f %% (95 %% CI %.1f..%.1f %%)", change,
			 low, high);
		break;
	case VERDICT_EQUIVALENT:
		snprintf(text, VERDICT_TEXT_MAX,
			 "equivalent within %.4g %% (change %+.1f %%, "
			 "95 %% CI %+.1f..%+.1f %%)",
			 verdict->equal * 100, change, low, high);
		break;
	}
	return text;
}
