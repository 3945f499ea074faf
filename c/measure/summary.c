/* SPDX-License-Identifier: MIT */
#include "measure/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "measure/histogram.h"
#include "measure/statistics.h"
#include "measure/verdict.h"

/* NAN, which JSON can't say, stands for nothing measured. */
static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static json_t *seed_of(const struct results *results)
{
	return json_object_get(json_object_get(results->manifest, "parameters"),
			       "seed");
}

static const struct percentile_name {
	const char *name;
	size_t offset;
} percentile_names[] = {
	{ "min", offsetof(struct percentiles, min) },
	{ "p50", offsetof(struct percentiles, p50) },
	{ "p90", offsetof(struct percentiles, p90) },
	{ "p99", offsetof(struct percentiles, p99) },
	{ "p99_9", offsetof(struct percentiles, p99_9) },
	{ "max", offsetof(struct percentiles, max) },
};

static double percentile_at(const struct results_trial *trial, size_t offset)
{
	return (double)*(const uint64_t *)(const void *)((const char *)&trial
								 ->percentiles +
							 offset);
}

/* One percentile of each of an arm's trials that count. values has room for
 * all trials. */
static size_t values_of(const struct results *results, unsigned int arm,
			size_t offset, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < results->count; i++)
		if (results_counts(&results->trials[i], arm))
			values[n++] =
				percentile_at(&results->trials[i], offset);
	return n;
}

/* The medians, over an arm's trials, of the trader's own stages. */
static json_t *stages_of(const struct results *results, unsigned int arm,
			 double *values)
{
	static const char *const names[] = { "kernel_to_user",
					     "user_to_decision",
					     "decision_to_sent" };
	json_t *stages = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = 0;

		for (size_t j = 0; j < results->count; j++) {
			const json_t *stage = json_object_get(
				json_object_get(
					json_object_get(results->trials[j].json,
							"trader"),
					"stages_ns"),
				names[i]);

			if (results_counts(&results->trials[j], arm) &&
			    number_of(stage, "count") > 0)
				values[n++] = (double)number_of(stage, "p50");
		}
		json_object_set_new(stages, names[i],
				    real_or_null(statistics_median(values, n)));
	}
	return stages;
}

static json_t *histogram_of(const struct results *results, unsigned int arm)
{
	struct histogram histogram = { 0 };

	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		if (!results_counts(trial, arm))
			continue;
		for (size_t j = 0; j < trial->percentiles.count; j++)
			histogram_add(&histogram, trial->ns[j]);
	}
	return histogram_to_json(&histogram);
}

static void counts_set(const struct results *results, unsigned int arm,
		       json_t *summary)
{
	static const char *const counts[] = {
		"packets", "triggers", "orders", "matched",    "missing",
		"extra",   "wrong",    "gaps",	 "tap_dropped"
	};
	json_t *incorrect = json_array(), *unjudged = json_array();
	unsigned int trials = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		json_int_t sum = 0;

		for (size_t j = 0; j < results->count; j++)
			if (results->trials[j].arm == arm)
				sum += number_of(
					json_object_get(results->trials[j].json,
							"analysis"),
					counts[i]);
		json_object_set_new(summary, counts[i], json_integer(sum));
	}
	for (size_t j = 0; j < results->count; j++) {
		const struct results_trial *trial = &results->trials[j];

		trials += trial->arm == arm;
		if (trial->arm == arm && !trial->correct)
			json_array_append_new(trial->judged ? incorrect
							    : unjudged,
					      json_integer(trial->number));
	}
	json_object_set_new(summary, "trials", json_integer(trials));
	json_object_set_new(
		summary, "incorrect_trials",
		json_integer((json_int_t)json_array_size(incorrect)));
	/* null: none of them could be judged. */
	json_object_set_new(
		summary, "correct",
		trials > 0 && trials == json_array_size(unjudged)
			? json_null()
			: json_boolean(trials > json_array_size(unjudged) &&
				       json_array_size(incorrect) == 0));
	json_object_set_new(summary, "incorrect", incorrect);
	json_object_set_new(summary, "unjudged", unjudged);
}

static json_t *arm_summary(const struct results *results, unsigned int arm,
			   double *values)
{
	json_t *summary = json_object(), *latency = json_object();
	json_t *p50s = json_array();
	size_t n;

	counts_set(results, arm, summary);
	for (size_t i = 0; i < ARRAY_SIZE(percentile_names); i++) {
		n = values_of(results, arm, percentile_names[i].offset, values);
		json_object_set_new(latency, percentile_names[i].name,
				    real_or_null(statistics_median(values, n)));
	}
	n = values_of(results, arm, offsetof(struct percentiles, p50), values);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(p50s, json_real(values[i]));
	json_object_set_new(summary, "receive",
			    json_string(results_arm_name(results, arm)));
	json_object_set_new(summary, "wire_to_wire_ns", latency);
	json_object_set_new(summary, "p50_of_trials_ns", p50s);
	json_object_set_new(summary, "stages_p50_ns",
			    stages_of(results, arm, values));
	json_object_set_new(summary, "histogram_ns",
			    histogram_of(results, arm));
	return summary;
}

/* The p50 that may enter a comparison: of a trial that was all right. */
static double judged(const struct results_trial *trial)
{
	if (!trial || !trial->correct || trial->percentiles.p50 == 0)
		return NAN;
	return (double)trial->percentiles.p50;
}

/* Each arm against the first, block by block. pairs: room for twice the
 * blocks. */
static int compare(const struct results *results, unsigned int arm,
		   double *pairs, struct verdict *verdict)
{
	double *arms = pairs, *bases = pairs + results->blocks;
	size_t n = 0;

	for (unsigned int block = 0; block < results->blocks; block++) {
		bases[n] = judged(results_trial(results, block, 0));
		arms[n] = judged(results_trial(results, block, arm));
		n += !isnan(bases[n]) && !isnan(arms[n]);
	}
	return verdict_compare(arms, bases, n,
			       (uint64_t)json_integer_value(seed_of(results)),
			       verdict);
}

static json_t *comparison(const struct results *results, unsigned int arm,
			  double *pairs, const struct verdict *verdict)
{
	struct statistics ratios = { .min = NAN, .median = NAN, .max = NAN };
	json_t *blocks = json_array();
	char text[VERDICT_TEXT_MAX];
	size_t n = 0;

	for (unsigned int block = 0; block < results->blocks; block++) {
		double ratio = judged(results_trial(results, block, arm)) /
			       judged(results_trial(results, block, 0));

		json_array_append_new(blocks, real_or_null(ratio));
		if (isfinite(ratio))
			pairs[n++] = ratio;
	}
	ratios = statistics_of(pairs, n);
	return json_pack(
		"{s:s,s:s,s:i,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:o,s:o,s:o,s:f,s:f,"
		"s:o}",
		"arm", results_arm_name(results, arm), "against",
		results_arm_name(results, 0), "pairs", (int)verdict->pairs,
		"p50_ratio_median", real_or_null(ratios.median),
		"p50_ratio_min", real_or_null(ratios.min), "p50_ratio_max",
		real_or_null(ratios.max), "block_ratios", blocks, "call",
		verdict_call_names[verdict->call], "verdict",
		verdict_format(verdict, text), "lacks",
		verdict->call == VERDICT_SAME
			? verdict_lack_names[verdict->lack]
			: "",
		"ratio", real_or_null(verdict->ratio), "ratio_low",
		real_or_null(verdict->low), "ratio_high",
		real_or_null(verdict->high), "p", verdict->p, "p_holm",
		verdict->p_holm, "noise_floor_ratio",
		real_or_null(verdict->floor));
}

/* All arms but the first and the A/A one; they share one correction. */
static int comparisons(const struct results *results, json_t *list,
		       json_t **aa_out)
{
	struct verdict verdicts[RESULTS_ARMS_MAX], aa = { 0 };
	unsigned int arms[RESULTS_ARMS_MAX];
	double *pairs = calloc(2 * (size_t)results->blocks + 2, sizeof(*pairs));
	size_t n = 0;
	int err = pairs ? 0 : -ENOMEM;

	*aa_out = json_null();
	if (!err && results->aa > 0)
		err = compare(results, (unsigned int)results->aa, pairs, &aa);
	for (unsigned int arm = 1; arm < results->arm_count && !err; arm++) {
		if ((int)arm == results->aa)
			continue;
		arms[n] = arm;
		err = compare(results, arm, pairs, &verdicts[n++]);
	}
	if (err)
		goto free_pairs;
	verdict_decide(verdicts, n, results->aa > 0 ? &aa : NULL);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, comparison(results, arms[i], pairs,
						       &verdicts[i]));
	if (results->aa > 0) {
		verdict_decide(&aa, 1, NULL);
		aa.floor = verdict_floor(&aa);
		*aa_out = comparison(results, (unsigned int)results->aa, pairs,
				     &aa);
	}
free_pairs:
	free(pairs);
	return err;
}

int summary_make(const struct results *results, json_t **summary)
{
	double *values = calloc(results->count + 1, sizeof(*values));
	json_t *arms = json_array(), *list = json_array(), *aa = NULL;
	json_t *trials = json_array();
	const json_t *machine = json_object_get(results->manifest, "machine");
	int err = values ? comparisons(results, list, &aa) : -ENOMEM;

	for (unsigned int i = 0; i < results->arm_count && values; i++)
		json_array_append_new(arms, arm_summary(results, i, values));
	for (size_t i = 0; i < results->count; i++)
		json_array_append(trials, results->trials[i].json);
	free(values);
	*summary = json_pack(
		"{s:s,s:O,s:O,s:o,s:o,s:o,s:{s:i,s:f,s:O},s:o,s:O,s:f,s:f,"
		"s:f}",
		"schema", RESULTS_SCHEMA, "place",
		json_object_get(results->manifest, "place"), "accelerator",
		json_object_get(results->manifest, "accelerator"), "arms", arms,
		"comparisons", list, "aa", aa ? aa : json_null(), "statistics",
		"bootstrap", VERDICT_BOOTSTRAP, "alpha", VERDICT_ALPHA, "seed",
		seed_of(results), "trials", trials, "back_to_back",
		results->bias, "others_cpus",
		json_number_value(json_object_get(machine, "others_cpus")),
		"stolen_cpus",
		json_number_value(json_object_get(machine, "stolen_cpus")),
		"seconds",
		json_number_value(json_object_get(machine, "seconds")));
	if (*summary && !err)
		return 0;
	json_decref(*summary);
	*summary = NULL;
	return err ? err : -ENOMEM;
}
