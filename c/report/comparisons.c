/* SPDX-License-Identifier: MIT */
#include "report/comparisons.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "report/comparison_tails.h"
#include "report/stages.h"
#include "stats/power.h"
#include "stats/race.h"
#include "stats/statistics.h"

bool comparisons_incorrect(const struct results *results, unsigned int arm)
{
	for (size_t i = 0; i < results->count; i++)
		if (results->trials[i].arm == arm &&
		    results->trials[i].word == RESULTS_INCORRECT)
			return true;
	return false;
}

/* Or it itself once more: the A/A arm. */
static bool baseline_incorrect(const struct results *results)
{
	return comparisons_incorrect(results, 0) ||
	       (results->aa > 0 &&
		comparisons_incorrect(results, (unsigned int)results->aa));
}

double comparisons_value(const struct results *results, unsigned int block,
			 unsigned int arm)
{
	const struct results_trial *trial = results_trial(results, block, arm);

	if (!trial || !results_counts(trial, arm) ||
	    trial->percentiles.p50 == 0)
		return NAN;
	return (double)trial->percentiles.p50;
}

/* The p50s of blocks in which both an arm and the first count. */
struct pairs {
	double *arms, *bases; /* room for all blocks */
	double *again;	      /* of the first arm again; NAN: does not count */
	size_t count;
};

/* The arm that is the baseline again, for one that is compared; -1: none. It
 * has no other than the baseline itself. */
static int again_of(const struct results *results, unsigned int arm)
{
	return results->aa > 0 && (int)arm != results->aa ? results->aa : -1;
}

/* An arm against the first, block by block. */
static int compare(const struct results *results, unsigned int arm,
		   const struct verdict_rule *rule, struct pairs *pairs,
		   struct verdict *verdict)
{
	const int again = again_of(results, arm);

	pairs->count = 0;
	if (comparisons_incorrect(results, arm) ||
	    baseline_incorrect(results)) {
		*verdict = verdict_of_incorrect();
		return 0;
	}
	for (unsigned int block = 0; block < results->blocks; block++) {
		const double base = comparisons_value(results, block, 0);
		const double mine = comparisons_value(results, block, arm);

		pairs->bases[pairs->count] = base;
		pairs->again[pairs->count] =
			again < 0 ? NAN
				  : comparisons_value(results, block,
						      (unsigned int)again);
		pairs->arms[pairs->count] = mine;
		pairs->count += !isnan(base) && !isnan(mine);
	}
	return verdict_compare_twice(pairs->arms, pairs->bases, pairs->again,
				     pairs->count, rule, verdict);
}

/* To the baseline's first trial, or its other one, of each block. */
static json_t *block_ratios(const struct results *results, unsigned int arm,
			    unsigned int base)
{
	json_t *blocks = json_array();

	for (unsigned int block = 0; block < results->blocks; block++)
		json_array_append_new(
			blocks,
			json_real_or_null(
				comparisons_value(results, block, arm) /
				comparisons_value(results, block, base)));
	return blocks;
}

/* Of an incorrect arm there is none. */
static void ratios_set(const struct results *results, unsigned int arm,
		       const struct verdict *verdict, json_t *comparison)
{
	const int again = again_of(results, arm);
	const bool any = verdict->call != VERDICT_INCORRECT;
	json_t *all = any ? block_ratios(results, arm, 0) : json_array();
	double least = NAN, most = NAN;
	const json_t *ratio;
	size_t i;

	json_array_foreach(all, i, ratio)
	{
		if (!json_is_number(ratio))
			continue;
		least = fmin(least, json_number_value(ratio));
		most = fmax(most, json_number_value(ratio));
	}
	json_object_set_new(comparison, "block_ratios", all);
	json_object_set_new(comparison, "block_ratio_min",
			    json_real_or_null(least));
	json_object_set_new(comparison, "block_ratio_max",
			    json_real_or_null(most));
	if (any && again >= 0)
		json_object_set_new(
			comparison, "block_ratios_again",
			block_ratios(results, arm, (unsigned int)again));
}

void comparisons_verdict(json_t *comparison, const struct verdict *verdict)
{
	char text[VERDICT_TEXT_MAX];

	json_object_update_new(
		comparison,
		json_pack("{s:s,s:s,s:o,s:o,s:o,s:f,s:f}", "call",
			  verdict_call_names[verdict->call], "verdict",
			  verdict_format(verdict, text), "ratio",
			  json_real_or_null(verdict->ratio), "ratio_low",
			  json_real_or_null(verdict->low), "ratio_high",
			  json_real_or_null(verdict->high), "p", verdict->p,
			  "p_adjusted", verdict->p_adjusted));
}

static json_t *difference(double estimate, double low, double high)
{
	return json_pack("{s:o,s:o,s:o}", "estimate_ns",
			 json_real_or_null(estimate), "low_ns",
			 json_real_or_null(low), "high_ns",
			 json_real_or_null(high));
}

/* The verdict in time: what its ratio, and the ends of its interval, are of
 * the baseline's p50. So it can't say anything else. bases lose their order. */
static void time_set(double *bases, size_t count, const struct verdict *verdict,
		     json_t *comparison)
{
	const double base = statistics_median(bases, count);

	json_object_set_new(comparison, "base_p50_ns", json_real_or_null(base));
	json_object_set_new(comparison, "difference",
			    difference(base * (verdict->ratio - 1),
				       base * (verdict->low - 1),
				       base * (verdict->high - 1)));
}

/* What so many blocks, that differ as much, find; for who reads "~". */
static void power_set(const double *logs, size_t count,
		      const struct verdict_rule *rule, json_t *comparison)
{
	const double spread = power_spread(logs, count);
	const size_t freedom = count - 1;

	json_object_set_new(
		comparison, "finds",
		json_real_or_null(power_finds(spread, freedom, count, rule)));
	json_object_set_new(
		comparison, "blocks_for_5_percent",
		json_real_or_null(power_blocks(spread, freedom, 0.05, rule)));
}

/* Who stamped an arm's market data and orders, as its first trial tells; NULL:
 * none does. */
static const json_t *clocks_of(const struct results *results, unsigned int arm)
{
	for (size_t i = 0; i < results->count; i++) {
		const json_t *clocks = json_object_get(
			json_object_get(results->trials[i].json, "analysis"),
			"clocks");

		if (results->trials[i].arm == arm && clocks)
			return clocks;
	}
	return NULL;
}

/* Where an arm was measured by another method than the baseline, what differs
 * between them may be the methods' own. */
static void methods_set(const struct results *results, unsigned int arm,
			json_t *comparison)
{
	const json_t *base = clocks_of(results, 0);
	const json_t *mine = clocks_of(results, arm);

	if (!base || !mine || json_equal(base, mine))
		return;
	json_object_set_new(
		comparison, "methods",
		json_sprintf("market data stamped by %s against %s, orders by "
			     "%s against %s",
			     json_get_text(mine, "market_data", "unknown"),
			     json_get_text(base, "market_data", "unknown"),
			     json_get_text(mine, "orders", "unknown"),
			     json_get_text(base, "orders", "unknown")));
}

static double stage_p50(const struct results *results, unsigned int block,
			unsigned int arm, size_t stage)
{
	return isnan(comparisons_value(results, block, arm))
		       ? NAN
		       : stages_p50(results_trial(results, block, arm)->json,
				    stage);
}

/* What each of the trader's stages takes more or less than the baseline's,
 * block by block. 0 or -ENOMEM. */
static int stages_set(const struct results *results, unsigned int arm,
		      const struct verdict_rule *rule, struct pairs *pairs,
		      json_t *comparison)
{
	const int twice = again_of(results, arm);
	double *values = pairs->arms, *again = pairs->again;
	json_t *all = json_object();
	int err = 0;

	for (size_t i = 0; i < STAGES && results->measured->staged && !err;
	     i++) {
		double estimate, low, high;
		size_t n = 0;

		for (unsigned int block = 0; block < results->blocks; block++) {
			const double mine = stage_p50(results, block, arm, i);

			values[n] = mine - stage_p50(results, block, 0, i);
			again[n] = twice < 0 ? NAN
					     : mine - stage_p50(results, block,
								(unsigned)twice,
								i);
			n += !isnan(values[n]);
		}
		if (n == 0)
			continue;
		err = verdict_shift(values, again, n, rule, &estimate, &low,
				    &high);
		if (!err)
			json_object_set_new(all, stages[i].key,
					    difference(estimate, low, high));
	}
	json_object_set_new(comparison, "stages", all);
	return err;
}

/* What it says of p50, and where in the trader that comes from. */
static int median_set(const struct results *results, unsigned int arm,
		      const struct verdict_rule *rule, struct pairs *pairs,
		      const struct verdict *verdict, json_t *comparison)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (!isnan(pairs->again[i]))
			pairs->bases[i] =
				sqrt(pairs->bases[i] * pairs->again[i]);
		pairs->arms[i] = log(pairs->arms[i] / pairs->bases[i]);
	}
	time_set(pairs->bases, pairs->count, verdict, comparison);
	power_set(pairs->arms, pairs->count, rule, comparison);
	return stages_set(results, arm, rule, pairs, comparison);
}

/* The verdict is on the tail, and what is said of p50 stands beside it. */
static int tail_set(const struct results *results, unsigned int arm,
		    const struct verdict_rule *rule, struct verdict *verdict,
		    json_t *comparison)
{
	char text[VERDICT_TEXT_MAX], whole[VERDICT_TEXT_MAX + 16];
	double base;
	int err = comparison_tails_verdict(results, arm, rule, &base, verdict);

	if (err)
		return err;
	comparisons_verdict(comparison, verdict);
	snprintf(whole, sizeof(whole), "at p%g %s", results->judged,
		 verdict_format(verdict, text));
	json_object_set_new(comparison, "verdict", json_string(whole));
	json_object_set_new(comparison, "judged", json_real(results->judged));
	json_object_set_new(comparison, "base_ns", json_real_or_null(base));
	json_object_set_new(comparison, "difference",
			    difference(base * (verdict->ratio - 1),
				       base * (verdict->low - 1),
				       base * (verdict->high - 1)));
	json_object_set_new(comparison, "finds", json_null());
	return 0;
}

/* 0 or -ENOMEM. */
static int comparison_make(const struct results *results, unsigned int arm,
			   size_t arm_count, struct pairs *pairs,
			   struct verdict *verdict, json_t **comparison)
{
	const struct verdict_rule rule = { .arm_count = arm_count,
					   .alpha = results->alpha,
					   .equal = results->equal };
	int err = compare(results, arm, &rule, pairs, verdict);

	if (err)
		return err;
	*comparison = json_pack("{s:s,s:s,s:i}", "arm",
				results_arm_name(results, arm), "against",
				results_arm_name(results, 0), "pairs",
				(int)verdict->pairs);
	ratios_set(results, arm, verdict, *comparison);
	comparisons_verdict(*comparison, verdict);
	methods_set(results, arm, *comparison);
	if (verdict->pairs == 0)
		return 0;
	err = median_set(results, arm, &rule, pairs, verdict, *comparison);
	if (!err)
		err = comparison_tails_set(results, arm, &rule, *comparison);
	if (!err && results->judged > 50)
		err = tail_set(results, arm, &rule, verdict, *comparison);
	return err;
}

/* The baseline again. It alarms where it differs from itself. */
static int aa_compare(const struct results *results, struct pairs *pairs,
		      json_t **aa)
{
	struct verdict verdict;
	int err;

	*aa = json_null();
	if (results->aa <= 0)
		return 0;
	err = comparison_make(results, (unsigned int)results->aa, 1, pairs,
			      &verdict, aa);
	if (!err)
		json_object_set_new(
			*aa, "alarm",
			json_boolean(verdict.call == VERDICT_FASTER ||
				     verdict.call == VERDICT_SLOWER));
	return err;
}

size_t comparisons_count(const struct results *results)
{
	const size_t others = results->arm_count - 1 - (results->aa > 0);

	if (others == 0)
		return 1;
	/* Of a race all pairs share the error, and these are of them. */
	return results->race ? race_pairs(others + 1) : others;
}

int comparisons_make(const struct results *results, json_t *list, json_t **aa)
{
	double *values =
		calloc(3 * (size_t)results->blocks + 3, sizeof(*values));
	const size_t count = comparisons_count(results);
	struct pairs pairs = { values, values + results->blocks,
			       values + 2 * (size_t)results->blocks, 0 };
	int err = values ? aa_compare(results, &pairs, aa) : -ENOMEM;

	for (unsigned int arm = 1; arm < results->arm_count && !err; arm++) {
		struct verdict verdict;
		json_t *comparison;

		if ((int)arm == results->aa)
			continue;
		err = comparison_make(results, arm, count, &pairs, &verdict,
				      &comparison);
		if (!err)
			json_array_append_new(list, comparison);
	}
	free(values);
	return err;
}
