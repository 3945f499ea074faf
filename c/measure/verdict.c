/* SPDX-License-Identifier: MIT */
#include "measure/verdict.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_call_names[] = {
	[VERDICT_NONE] = "none",     [VERDICT_TOO_FEW] = "too few blocks",
	[VERDICT_SAME] = "~",	     [VERDICT_FASTER] = "faster",
	[VERDICT_SLOWER] = "slower",
};

const char *const verdict_lack_names[] = {
	[VERDICT_LACKS_NOTHING] = "",
	[VERDICT_LACKS_RANK] = "the blocks do not agree (rank test)",
	[VERDICT_LACKS_INTERVAL] = "the interval holds 'equal'",
	[VERDICT_LACKS_FLOOR] = "within the A/A noise floor",
	[VERDICT_LACKS_AA] = "no A/A pair of enough blocks",
};

/* Twice the ranks, which ties keep whole, of the magnitudes; values sorted by
 * magnitude. */
static void ranks_twice(const double *sorted, size_t n, unsigned int *ranks)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (sorted[end] > sorted[i])
				break;
		for (size_t j = i; j < end; j++)
			ranks[j] = (unsigned int)(i + 1 + end);
	}
}

/* P(W+ <= w) under the null, all signs alike: how many of the 2^n choices of
 * signs give each sum of (twice the) ranks. */
static double exact_lower(const unsigned int *ranks, size_t n, unsigned int w)
{
	unsigned int most = 0;
	double *share, p = 0;

	for (size_t i = 0; i < n; i++)
		most += ranks[i];
	share = calloc(most + 1, sizeof(*share));
	if (!share)
		return NAN;
	share[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (unsigned int sum = most + 1; sum-- > 0;)
			share[sum] =
				share[sum] / 2 +
				(sum >= ranks[i] ? share[sum - ranks[i]] / 2
						 : 0);
	for (unsigned int sum = 0; sum <= w; sum++)
		p += share[sum];
	free(share);
	return p;
}

/* The variance is a quarter of the ranks' squares, ties included. */
static double normal_lower(const unsigned int *ranks, size_t n, unsigned int w)
{
	double mean = 0, variance = 0;

	for (size_t i = 0; i < n; i++) {
		mean += ranks[i] / 2.0;
		variance += (double)ranks[i] * ranks[i] / 4;
	}
	return gsl_cdf_ugaussian_P((w + 0.5 - mean) / sqrt(variance));
}

double verdict_signed_rank(const double *differences, size_t count,
			   double *w_plus)
{
	double *sizes = malloc((count + 1) * sizeof(*sizes));
	double *signs = malloc((count + 1) * sizeof(*signs));
	unsigned int *ranks = malloc((count + 1) * sizeof(*ranks));
	unsigned int plus = 0, minus = 0, less;
	double p = NAN;
	size_t n = 0;

	if (!sizes || !signs || !ranks)
		goto free_all;
	for (size_t i = 0; i < count; i++) {
		if (differences[i] == 0)
			continue;
		sizes[n] = fabs(differences[i]);
		signs[n++] = differences[i];
	}
	gsl_sort2(sizes, 1, signs, 1, n);
	ranks_twice(sizes, n, ranks);
	for (size_t i = 0; i < n; i++)
		*(signs[i] > 0 ? &plus : &minus) += ranks[i];
	if (w_plus)
		*w_plus = plus / 2.0;
	less = plus < minus ? plus : minus;
	p = n == 0		     ? 1
	    : n <= VERDICT_EXACT_MAX ? 2 * exact_lower(ranks, n, less)
				     : 2 * normal_lower(ranks, n, less);
	p = p > 1 ? 1 : p;
free_all:
	free(ranks);
	free(signs);
	free(sizes);
	return p;
}

int verdict_holm(const double *p, size_t count, double *corrected)
{
	size_t *order = malloc((count + 1) * sizeof(*order));
	double most = 0;

	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, p, 1, count);
	for (size_t i = 0; i < count; i++) {
		double value = p[order[i]] * (double)(count - i);

		most = value > most ? value : most;
		corrected[order[i]] = most > 1 ? 1 : most;
	}
	free(order);
	return 0;
}

static double median_of(double *values, size_t count)
{
	gsl_sort(values, 1, count);
	return gsl_stats_median_from_sorted_data(values, 1, count);
}

/* The percentile bootstrap of the median. 0 or -ENOMEM. */
static int bootstrap(const double *logs, size_t count, uint64_t seed,
		     struct verdict *verdict)
{
	double *medians = malloc(VERDICT_BOOTSTRAP * sizeof(*medians));
	double *drawn = malloc(count * sizeof(*drawn));
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	int err = medians && drawn && random ? 0 : -ENOMEM;

	if (err)
		goto free_all;
	gsl_rng_set(random, (unsigned long)seed);
	for (size_t i = 0; i < VERDICT_BOOTSTRAP; i++) {
		for (size_t j = 0; j < count; j++)
			drawn[j] = logs[gsl_rng_uniform_int(random, count)];
		medians[i] = median_of(drawn, count);
	}
	gsl_sort(medians, 1, VERDICT_BOOTSTRAP);
	verdict->low = exp(gsl_stats_quantile_from_sorted_data(
		medians, 1, VERDICT_BOOTSTRAP, VERDICT_ALPHA / 2));
	verdict->high = exp(gsl_stats_quantile_from_sorted_data(
		medians, 1, VERDICT_BOOTSTRAP, 1 - VERDICT_ALPHA / 2));
free_all:
	gsl_rng_free(random);
	free(drawn);
	free(medians);
	return err;
}

int verdict_compare(const double *arms, const double *bases, size_t count,
		    uint64_t seed, struct verdict *verdict)
{
	double *logs;
	int err;

	*verdict = (struct verdict){ .ratio = NAN,
				     .low = NAN,
				     .high = NAN,
				     .p = 1,
				     .p_holm = 1,
				     .floor = NAN };
	if (count == 0)
		return 0;
	logs = malloc(count * sizeof(*logs));
	if (!logs)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		logs[i] = log(arms[i] / bases[i]);
	verdict->pairs = count;
	verdict->p = verdict_signed_rank(logs, count, NULL);
	err = isnan(verdict->p) ? -ENOMEM
				: bootstrap(logs, count, seed, verdict);
	verdict->ratio = exp(median_of(logs, count));
	free(logs);
	return err;
}

unsigned int verdict_blocks_needed(size_t arms)
{
	unsigned int blocks = 1;

	/* All blocks on one side: p = 2 / 2^blocks. */
	while (ldexp(2, -(int)blocks) * (double)arms > VERDICT_ALPHA)
		blocks++;
	return blocks;
}

double verdict_floor(const struct verdict *aa)
{
	/* The interval of a few pairs is narrow for want of pairs. */
	if (!aa || aa->pairs < verdict_blocks_needed(1))
		return NAN;
	return exp(fmax(fabs(log(aa->low)), fabs(log(aa->high))));
}

static enum verdict_lack lack_of(const struct verdict *verdict)
{
	if (verdict->p_holm > VERDICT_ALPHA)
		return VERDICT_LACKS_RANK;
	if (verdict->low <= 1 && verdict->high >= 1)
		return VERDICT_LACKS_INTERVAL;
	if (isnan(verdict->floor))
		return VERDICT_LACKS_AA;
	if (fabs(log(verdict->ratio)) <= log(verdict->floor))
		return VERDICT_LACKS_FLOOR;
	return VERDICT_LACKS_NOTHING;
}

void verdict_decide(struct verdict *verdicts, size_t count,
		    const struct verdict *aa)
{
	double *p = calloc(count + 1, sizeof(*p));
	double *corrected = malloc((count + 1) * sizeof(*corrected));
	int err = p && corrected ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !err; i++)
		p[i] = verdicts[i].p;
	if (!err)
		err = verdict_holm(p, count, corrected);
	for (size_t i = 0; i < count; i++) {
		struct verdict *verdict = &verdicts[i];

		/* Bonferroni is at least as strict, and needs no memory. */
		verdict->p_holm = err ? fmin(1, verdict->p * (double)count)
				      : corrected[i];
		verdict->floor = verdict_floor(aa);
		verdict->lack = lack_of(verdict);
		if (verdict->pairs == 0)
			verdict->call = VERDICT_NONE;
		else if (verdict->pairs < verdict_blocks_needed(count))
			verdict->call = VERDICT_TOO_FEW;
		else if (verdict->lack)
			verdict->call = VERDICT_SAME;
		else
			verdict->call = verdict->ratio < 1 ? VERDICT_FASTER
							   : VERDICT_SLOWER;
	}
	free(corrected);
	free(p);
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
			 "no verdict: no block in which both were right");
		break;
	case VERDICT_TOO_FEW:
		snprintf(text, VERDICT_TEXT_MAX,
			 "no verdict: too few blocks (%zu; change %+.1f %%, "
			 "95 %% CI %+.1f..%+.1f %%)",
			 verdict->pairs, change, low, high);
		break;
	case VERDICT_SAME:
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
	}
	return text;
}
