/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/boots.h"
#include "report/comparisons.h"
#include "report/gated.h"
#include "report/plan_summary.h"
#include "report/prepared.h"
#include "report/race_summary.h"
#include "report/recovery_summary.h"
#include "report/stages.h"
#include "report/steadiness.h"
#include "stats/histogram.h"
#include "stats/latencies.h"
#include "stats/lateness.h"
#include "stats/percentile.h"
#include "stats/statistics.h"

static json_t *seed_of(const struct results *results)
{
	return json_object_get(json_object_get(results->manifest, "parameters"),
			       "seed");
}

static json_t *percentile_json(const uint64_t *ns, size_t count, double percent)
{
	/* The extremes are what they are, of however few. */
	bool extreme = percent == 0 || percent == 100;

	if (extreme ? count == 0 : !percentile_supported(count, percent))
		return json_null();
	return json_real((double)percentile_of(ns, count, percent));
}

/* Of all orders of an arm's trials that count. */
static int latency_set(const struct results *results, unsigned int arm,
		       json_t *summary)
{
	uint64_t *ns;
	size_t count;
	json_t *json;
	int err = results_arm_ns(results, arm, &ns, &count);

	if (err)
		return err;
	json = json_pack("{s:I}", "count", (json_int_t)count);
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		json_object_set_new(
			json, latencies_columns[i].key,
			percentile_json(ns, count,
					latencies_columns[i].percent));
	json_object_set_new(summary, results->measured->key, json);
	free(ns);
	return 0;
}

/* The medians, over an arm's trials, of the trader's own stages. */
static json_t *stages_of(const struct results *results, unsigned int arm,
			 double *values)
{
	json_t *medians = json_object();

	for (size_t i = 0; i < STAGES; i++) {
		size_t n = 0;

		for (size_t j = 0; j < results->count; j++) {
			values[n] = stages_p50(results->trials[j].json, i);
			n += results_counts(&results->trials[j], arm) &&
			     !isnan(values[n]);
		}
		json_object_set_new(
			medians, stages[i].key,
			json_real_or_null(statistics_median(values, n)));
	}
	return medians;
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
		"packets", "triggers", "orders", "matched",	"missing",
		"extra",   "wrong",    "gaps",	 "tap_dropped", "ambiguous"
	};
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		/* Older results don't say the last one: that is not 0. */
		bool told = i + 1 < ARRAY_SIZE(counts);
		json_int_t sum = 0;

		for (size_t j = 0; j < results->count; j++) {
			const json_t *analysis = json_object_get(
				results->trials[j].json, "analysis");

			if (results->trials[j].arm != arm)
				continue;
			sum += json_get_integer(analysis, counts[i]);
			told |= json_object_get(analysis, counts[i]) != NULL;
		}
		if (told)
			json_object_set_new(summary, counts[i],
					    json_integer(sum));
	}
}

/* The numbers of an arm's trials of which the oracle said so. */
static json_t *numbers_of(const struct results *results, unsigned int arm,
			  enum results_word word)
{
	json_t *numbers = json_array();

	for (size_t i = 0; i < results->count; i++)
		if (results->trials[i].arm == arm &&
		    results->trials[i].word == word)
			json_array_append_new(
				numbers,
				json_integer(results->trials[i].number));
	return numbers;
}

/* Right, wrong, or not to be told. */
static void words_set(const struct results *results, unsigned int arm,
		      json_t *summary)
{
	json_t *incorrect = numbers_of(results, arm, RESULTS_INCORRECT);
	json_t *correct = numbers_of(results, arm, RESULTS_CORRECT);
	json_t *voids = numbers_of(results, arm, RESULTS_VOID);
	const size_t wrong = json_array_size(incorrect);
	const size_t right = json_array_size(correct);
	const size_t all = right + wrong + json_array_size(voids);

	json_object_set_new(summary, "trials", json_integer((json_int_t)all));
	json_object_set_new(summary, "correct",
			    wrong		     ? json_false()
			    : right		     ? json_true()
			    : json_array_size(voids) ? json_null()
						     : json_false());
	json_object_set_new(summary, "incorrect_trials",
			    json_integer((json_int_t)wrong));
	json_object_set_new(summary, "incorrect", incorrect);
	json_object_set_new(summary, "void", voids);
	json_decref(correct);
}

/* Orders that answer packets which left late, and the trials in which they are
 * many. */
static json_t *lateness_of_arm(const struct results *results, unsigned int arm)
{
	json_int_t orders = 0, late = 0;
	json_t *numbers = json_array();

	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];
		const json_t *one = json_object_get(trial->json, "lateness");
		json_int_t some = json_get_integer(one, "orders_late");

		if (!results_counts(trial, arm))
			continue;
		orders += json_get_integer(one, "orders");
		late += some;
		if (lateness_is_noted(one))
			json_array_append_new(numbers,
					      json_integer(trial->number));
	}
	return json_pack("{s:I,s:I,s:i,s:o}", "orders", orders, "orders_late",
			 late, "late_ns", LATENESS_NOTED_NS, "trials", numbers);
}

static json_t *trial_p50(const struct percentiles *percentiles)
{
	return percentile_supported(percentiles->count, 50)
		       ? json_real((double)percentiles->p50)
		       : json_null();
}

static int arm_summary(const struct results *results, unsigned int arm,
		       double *values, json_t *list)
{
	json_t *summary = json_object(), *p50s = json_array();
	int err = latency_set(results, arm, summary);

	counts_set(results, arm, summary);
	words_set(results, arm, summary);
	for (size_t i = 0; i < results->count; i++)
		if (results_counts(&results->trials[i], arm))
			json_array_append_new(
				p50s,
				trial_p50(&results->trials[i].percentiles));
	json_object_set_new(summary, "receive",
			    json_string(results_arm_name(results, arm)));
	json_object_set_new(summary, "p50_of_trials_ns", p50s);
	if (results->measured->staged)
		json_object_set_new(summary, "stages_p50_ns",
				    stages_of(results, arm, values));
	json_object_set_new(summary, "histogram_ns",
			    histogram_of(results, arm));
	json_object_set_new(summary, "lateness", lateness_of_arm(results, arm));
	boots_set(results, arm, summary);
	prepared_set(results, arm, summary);
	recovery_summary_set(results, arm, summary);
	json_array_append_new(list, summary);
	return err;
}

static json_t *void_row(const json_t *trial)
{
	const json_t *analysis = json_object_get(trial, "analysis");

	if (!json_is_null(json_object_get(analysis, "correct")))
		return NULL;
	return json_pack("{s:O,s:O?,s:O?}", "block",
			 json_object_get(trial, "block"), "name",
			 json_object_get(trial, "name"), "reason",
			 json_object_get(analysis, "reason"));
}

/* Each that is incorrect and of which more is known than how much is. */
static json_t *incorrect_rows(const struct results *results)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];
		const char *reason = results_reason(trial);

		if (trial->word == RESULTS_INCORRECT && *reason)
			json_array_append_new(
				rows,
				json_pack(
					"{s:O,s:O,s:O?,s:s}", "number",
					json_object_get(trial->json, "number"),
					"block",
					json_object_get(trial->json, "block"),
					"name",
					json_object_get(trial->json, "name"),
					"reason", reason));
	}
	return rows;
}

/* Each trial that could not be judged: of blocks made again, and of those that
 * stayed so. */
static json_t *void_rows(const struct results *results)
{
	json_t *rows = json_array(), *trial, *row;
	size_t i;

	json_array_foreach(results->aside, i, trial)
	{
		row = void_row(trial);
		if (row)
			json_array_append_new(rows, row);
	}
	for (i = 0; i < results->count; i++) {
		row = void_row(results->trials[i].json);
		if (row)
			json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *void_blocks(const struct results *results)
{
	json_t *blocks = json_array();

	for (unsigned int block = 0; block < results->blocks; block++) {
		const struct results_trial *any = NULL;

		/* Of a campaign that was cut off some may be missing. */
		for (unsigned int arm = 0; arm < results->arm_count && !any;
		     arm++)
			any = results_trial(results, block, arm);
		if (any && any->block_void)
			json_array_append_new(blocks, json_integer(block));
	}
	return blocks;
}

static bool has_text(const json_t *texts, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(texts, i, one)
	{
		if (!strcmp(json_string_value(one), text))
			return true;
	}
	return false;
}

/* Whose clock stamped what was captured, each answer of the trials once;
 * nothing where all were made before it was told. */
static void clocks_set(const struct results *results, json_t *summary)
{
	json_t *texts = json_array();
	char text[64];

	for (size_t i = 0; i < results->count; i++) {
		const json_t *clocks = json_object_get(
			json_object_get(results->trials[i].json, "analysis"),
			"clocks");

		if (!clocks)
			continue;
		snprintf(text, sizeof(text), "market data %s, orders %s",
			 json_get_text(clocks, "market_data", "unknown"),
			 json_get_text(clocks, "orders", "unknown"));
		if (!has_text(texts, text))
			json_array_append_new(texts, json_string(text));
	}
	if (json_array_size(texts) > 0)
		json_object_set(summary, "clocks", texts);
	json_decref(texts);
}

/* Sentences for whoever reads the verdicts, and what they are made of. */
static int noticed_set(const struct results *results, json_t *summary)
{
	json_t *noticed = json_array(), *steadiness;
	json_t *gate = gated_make(results, noticed);
	char *boots = boots_text(json_object_get(summary, "arms"));
	int err = steadiness_make(results, &steadiness, noticed);

	if (boots)
		json_array_append_new(
			noticed,
			json_pack("{s:s,s:s}", "kind", "boots", "text", boots));
	free(boots);
	json_object_set_new(summary, "gate", gate);
	json_object_set_new(summary, "steadiness", steadiness);
	json_object_set_new(summary, "noticed", noticed);
	return err;
}

int summary_make(const struct results *results, json_t **summary)
{
	double *values = calloc(results->count + 1, sizeof(*values));
	json_t *arms = json_array(), *list = json_array(), *aa = NULL;
	json_t *trials = json_array();
	const json_t *machine = json_object_get(results->manifest, "machine");
	int err = values ? comparisons_make(results, list, &aa) : -ENOMEM;

	for (unsigned int i = 0; i < results->arm_count && !err; i++)
		err = arm_summary(results, i, values, arms);
	for (size_t i = 0; i < results->count; i++)
		json_array_append(trials, results->trials[i].json);
	free(values);
	*summary = json_pack(
		"{s:s,s:O,s:O,s:o,s:o,s:o,s:{s:f,s:O},s:o,s:o,s:o,s:o,s:O,s:f,"
		"s:f,s:f}",
		"schema", RESULTS_SCHEMA, "place",
		json_object_get(results->manifest, "place"), "accelerator",
		json_object_get(results->manifest, "accelerator"), "arms", arms,
		"comparisons", list, "aa", aa ? aa : json_null(), "statistics",
		"alpha", results->alpha, "seed", seed_of(results),
		"void_blocks", void_blocks(results), "void_trials",
		void_rows(results), "incorrect_trials", incorrect_rows(results),
		"trials", trials, "back_to_back", results->bias, "others_cpus",
		json_number_value(json_object_get(machine, "others_cpus")),
		"stolen_cpus",
		json_number_value(json_object_get(machine, "stolen_cpus")),
		"seconds",
		json_number_value(json_object_get(machine, "seconds")));
	if (*summary && !err)
		err = noticed_set(results, *summary);
	if (*summary && !err) {
		clocks_set(results, *summary);
		err = race_summary_set(results, *summary);
	}
	if (*summary && !err)
		err = plan_summary_set(results, *summary);
	if (*summary && !err)
		return 0;
	json_decref(*summary);
	*summary = NULL;
	return err ? err : -ENOMEM;
}

int summary_of_folder(const char *folder, json_t **summary)
{
	struct results results;
	int err = results_open(&results, folder, true);

	if (err)
		return err;
	err = summary_make(&results, summary);
	results_close(&results);
	return err;
}
