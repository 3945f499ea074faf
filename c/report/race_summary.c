/* SPDX-License-Identifier: MIT */
#include "report/race_summary.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "report/comparisons.h"
#include "stats/race.h"

#define SENTENCE_MAX 2048

/* The baseline's repetition races with nobody. */
static size_t racing(const struct results *results)
{
	return results->arm_count - (results->aa > 0);
}

/* All values, arm after arm. */
static double *values_of(const struct results *results)
{
	double *values = calloc(racing(results) * (results->blocks + 1),
				sizeof(*values));

	for (unsigned int arm = 0; values && arm < racing(results); arm++)
		for (unsigned int b = 0; b < results->blocks; b++)
			values[arm * results->blocks + b] =
				comparisons_value(results, b, arm);
	return values;
}

/* Each look that there was, at the blocks it had. */
static int looks_take(const struct results *results, const double *values,
		      struct race *race)
{
	const json_t *until = json_object_get(
		json_object_get(results->manifest, "parameters"), "until");
	const json_t *looks = json_object_get(until, "looks");
	const json_int_t taken = json_get_integer(until, "taken");
	const struct verdict_rule rule = { .arm_count =
						   race_pairs(racing(results)),
					   .alpha = results->alpha,
					   .equal = results->equal };
	int err = 0;

	for (json_int_t i = 0; i < taken && !err; i++) {
		json_int_t at =
			json_integer_value(json_array_get(looks, (size_t)i));

		/* What time ended took its last look early. */
		if (at > results->blocks)
			at = results->blocks;
		for (unsigned int arm = 0; arm < racing(results); arm++)
			if (comparisons_incorrect(results, arm))
				race_incorrect(race, arm, (unsigned int)at);
		err = race_look(race, values, results->blocks, (unsigned int)at,
				&rule);
	}
	return err;
}

static json_t *out_row(const struct results *results, unsigned int arm,
		       const struct race_arm *one)
{
	json_t *row = json_pack(
		"{s:s,s:i,s:i,s:s}", "arm", results_arm_name(results, arm),
		"index", (int)arm, "after", (int)one->after, "against",
		results_arm_name(results, (unsigned int)one->by));

	comparisons_verdict(row, &one->verdict);
	return row;
}

/* Those left, and those out, the first to go first. */
static void arms_set(const struct results *results, const struct race *race,
		     json_t *json)
{
	json_t *left = json_array(), *out = json_array();

	for (unsigned int arm = 0; arm < race->arm_count; arm++)
		if (race->arms[arm].in)
			json_array_append_new(
				left,
				json_string(results_arm_name(results, arm)));
	for (unsigned int after = 1; after <= results->blocks; after++)
		for (unsigned int arm = 0; arm < race->arm_count; arm++)
			if (!race->arms[arm].in &&
			    race->arms[arm].after == after)
				json_array_append_new(
					out, out_row(results, arm,
						     &race->arms[arm]));
	json_object_set_new(json, "left", left);
	json_object_set_new(json, "out", out);
}

/* What is known of each pair left. */
static void pairs_set(const struct results *results, const struct race *race,
		      json_t *json)
{
	json_t *pairs = json_array();

	for (unsigned int i = 0; i < race->arm_count; i++)
		for (unsigned int j = i + 1; j < race->arm_count; j++) {
			const struct verdict *verdict = &race->pairs[i][j];
			json_t *row;

			if (!race->arms[i].in || !race->arms[j].in ||
			    verdict->pairs == 0)
				continue;
			row = json_pack("{s:s,s:s}", "arm",
					results_arm_name(results, j), "against",
					results_arm_name(results, i));
			comparisons_verdict(row, verdict);
			json_array_append_new(pairs, row);
		}
	json_object_set_new(json, "pairs", pairs);
}

/* "spin, busy and xdp" */
static const char *names_join(const json_t *left,
			      char text[static SENTENCE_MAX])
{
	const size_t count = json_array_size(left);
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; i < count && n < SENTENCE_MAX; i++)
		n += (size_t)snprintf(
			text + n, SENTENCE_MAX - n, "%s%s",
			i == 0		? ""
			: i + 1 < count ? ", "
					: " and ",
			json_string_value(json_array_get(left, i)));
	return text;
}

static void sentence_set(const struct results *results, const struct race *race,
			 json_t *json)
{
	char names[SENTENCE_MAX], text[2 * SENTENCE_MAX];
	const size_t out = json_array_size(json_object_get(json, "out"));

	const char *others = out == 1 ? "other is" : "others are";

	names_join(json_object_get(json, "left"), names);
	switch (race->end) {
	case RACE_BEST:
		snprintf(text, sizeof(text), "the best is %s, of %zu", names,
			 race->arm_count);
		break;
	case RACE_GROUP:
		snprintf(text, sizeof(text),
			 "%s can't be told apart within %.4g %%; %zu %s out",
			 names, results->equal * 100, out, others);
		break;
	case RACE_OPEN:
		snprintf(text, sizeof(text), "undecided among %s; %zu %s out",
			 names, out, others);
		break;
	case RACE_NONE:
		snprintf(text, sizeof(text),
			 "none: no arm's orders were all right");
		break;
	}
	json_object_set_new(json, "verdict", json_string(text));
}

int race_summary_set(const struct results *results, json_t *summary)
{
	double *values;
	struct race race;
	json_t *json;
	int err;

	if (!results->race || racing(results) < 2 ||
	    racing(results) > RACE_ARMS_MAX)
		return 0;
	values = values_of(results);
	race_begin(&race, racing(results));
	err = values ? looks_take(results, values, &race) : -ENOMEM;
	free(values);
	if (err)
		return err;
	json = json_pack("{s:s,s:f}", "end", race_end_names[race.end], "equal",
			 results->equal);
	arms_set(results, &race, json);
	pairs_set(results, &race, json);
	sentence_set(results, &race, json);
	json_object_set_new(summary, "race", json);
	return 0;
}
