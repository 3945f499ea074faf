/* SPDX-License-Identifier: MIT */
#include "report/comparisons.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/json_get.h"

static bool arm_incorrect(const struct results *results, unsigned int arm)
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
	return arm_incorrect(results, 0) ||
	       (results->aa > 0 &&
		arm_incorrect(results, (unsigned int)results->aa));
}

/* The p50 that may enter a comparison. */
static double judged(const struct results *results, unsigned int block,
		     unsigned int arm)
{
	const struct results_trial *trial = results_trial(results, block, arm);

	if (!trial || !results_counts(trial, arm) ||
	    trial->percentiles.p50 == 0)
		return NAN;
	return (double)trial->percentiles.p50;
}

/* An arm against the first, block by block. pairs: room for twice the
 * blocks. */
static int compare(const struct results *results, unsigned int arm,
		   size_t arm_count, double *pairs, struct verdict *verdict)
{
	const struct verdict_rule rule = { .arm_count = arm_count,
					   .alpha = results->alpha,
					   .equal = results->equal };
	double *arms = pairs, *bases = pairs + results->blocks;
	size_t n = 0;

	if (arm_incorrect(results, arm) || baseline_incorrect(results)) {
		*verdict = verdict_of_incorrect();
		return 0;
	}
	for (unsigned int block = 0; block < results->blocks; block++) {
		bases[n] = judged(results, block, 0);
		arms[n] = judged(results, block, arm);
		n += !isnan(bases[n]) && !isnan(arms[n]);
	}
	return verdict_compare(arms, bases, n, &rule, verdict);
}

/* Of an incorrect arm there is none. */
static json_t *block_ratios(const struct results *results, unsigned int arm,
			    const struct verdict *verdict, double *least,
			    double *most)
{
	json_t *blocks = json_array();

	*least = *most = NAN;
	for (unsigned int block = 0;
	     block < results->blocks && verdict->call != VERDICT_INCORRECT;
	     block++) {
		double ratio =
			judged(results, block, arm) / judged(results, block, 0);

		*least = fmin(*least, ratio);
		*most = fmax(*most, ratio);
		json_array_append_new(blocks, json_real_or_null(ratio));
	}
	return blocks;
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

static json_t *comparison(const struct results *results, unsigned int arm,
			  const struct verdict *verdict)
{
	double least, most;
	json_t *ratios = block_ratios(results, arm, verdict, &least, &most);
	json_t *summary = json_pack("{s:s,s:s,s:i,s:o,s:o,s:o}", "arm",
				    results_arm_name(results, arm), "against",
				    results_arm_name(results, 0), "pairs",
				    (int)verdict->pairs, "block_ratios", ratios,
				    "block_ratio_min", json_real_or_null(least),
				    "block_ratio_max", json_real_or_null(most));

	comparisons_verdict(summary, verdict);
	return summary;
}

/* The baseline again. It alarms where it differs from itself. */
static int aa_compare(const struct results *results, double *pairs, json_t **aa)
{
	const unsigned int arm = (unsigned int)results->aa;
	struct verdict verdict;
	int err;

	*aa = json_null();
	if (results->aa <= 0)
		return 0;
	err = compare(results, arm, 1, pairs, &verdict);
	if (err)
		return err;
	*aa = comparison(results, arm, &verdict);
	json_object_set_new(*aa, "alarm",
			    json_boolean(verdict.call == VERDICT_FASTER ||
					 verdict.call == VERDICT_SLOWER));
	return 0;
}

int comparisons_make(const struct results *results, json_t *list, json_t **aa)
{
	double *pairs = calloc(2 * (size_t)results->blocks + 2, sizeof(*pairs));
	size_t count = results->arm_count - 1 - (results->aa > 0);
	int err = pairs ? aa_compare(results, pairs, aa) : -ENOMEM;

	for (unsigned int arm = 1; arm < results->arm_count && !err; arm++) {
		struct verdict verdict;

		if ((int)arm == results->aa)
			continue;
		err = compare(results, arm, count, pairs, &verdict);
		if (!err)
			json_array_append_new(
				list, comparison(results, arm, &verdict));
	}
	free(pairs);
	return err;
}
