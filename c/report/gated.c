/* SPDX-License-Identifier: MIT */
#include "report/gated.h"

#include <gsl/gsl_cdf.h>
#include <stdbool.h>
#include <string.h>

#include "base/json_get.h"

#define LEVEL	   0.01
#define CAUSES_MAX 128
#define ROWS_MAX   12 /* on a terminal */

struct gated {
	const struct results *results;
	json_t *failed, *kept;
	json_t *causes[2]; /* how many of each criterion; 1: what counts */
	unsigned int by_arm[RESULTS_ARMS_MAX], all;
};

/* Its first word is the criterion. */
static void cause_count(json_t *causes, const char *reason)
{
	char name[24];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(reason, " "), reason);
	json_object_set_new(causes, name,
			    json_integer(json_get_integer(causes, name) + 1));
}

static void trial_take(struct gated *gated, const json_t *trial, bool counts)
{
	const json_t *gate = json_object_get(trial, "gate"), *reason;
	const json_t *reasons = json_object_get(gate, "reasons");
	const json_int_t arm = json_get_integer(trial, "arm");
	size_t i;

	if (!json_is_false(json_object_get(gate, "fit")))
		return;
	json_array_foreach(reasons, i, reason)
	{
		const char *text = json_string_value(reason);

		cause_count(gated->causes[counts], text ? text : "");
		json_array_append_new(
			gated->failed,
			json_pack("{s:O,s:O?,s:O,s:b}", "block",
				  json_object_get(trial, "block"), "name",
				  json_object_get(trial, "name"), "reason",
				  reason, "counts", counts));
	}
	gated->all++;
	if (arm >= 0 && arm < gated->results->arm_count)
		gated->by_arm[arm]++;
}

/* In their order: those of a block follow each other. */
static void kept_add(struct gated *gated, const struct results_trial *trial)
{
	const size_t n = json_array_size(gated->kept);

	if (!json_is_false(json_object_get(json_object_get(trial->json, "gate"),
					   "fit")) ||
	    (n > 0 && json_integer_value(json_array_get(gated->kept, n - 1)) ==
			      (json_int_t)trial->block))
		return;
	json_array_append_new(gated->kept, json_integer(trial->block));
}

/* The arm that fails more often than its share; -1: none. */
static int lopsided(const struct gated *gated)
{
	const unsigned int arms = gated->results->arm_count;

	for (unsigned int arm = 0; arm < arms && arms > 1; arm++) {
		const unsigned int n = gated->by_arm[arm];

		if (n > 0 &&
		    arms * gsl_cdf_binomial_Q(n - 1, 1.0 / arms, gated->all) <=
			    LEVEL)
			return (int)arm;
	}
	return -1;
}

static void notice(json_t *noticed, json_t *text)
{
	json_array_append_new(
		noticed, json_pack("{s:s,s:o}", "kind", "gate", "text", text));
}

/* "gap 3, psi 1" */
static const char *causes_text(json_t *causes, char text[static CAUSES_MAX])
{
	const json_t *count;
	const char *name;
	size_t n = 0;

	*text = '\0';
	json_object_foreach(causes, name, count)
	{
		if (n < CAUSES_MAX)
			n += (size_t)snprintf(
				text + n, CAUSES_MAX - n, "%s%s %lld",
				n ? ", " : "", name,
				(long long)json_integer_value(count));
	}
	return text;
}

static void notice_all(const struct gated *gated, unsigned int repeated,
		       int arm, json_t *noticed)
{
	const size_t kept = json_array_size(gated->kept);
	char text[CAUSES_MAX];

	if (repeated > 0)
		notice(noticed,
		       json_sprintf("gate: %u block%s run again, since the "
				    "machine was not as it usually is (%s); "
				    "what they were is in " RESULTS_GATED "/",
				    repeated, repeated == 1 ? " was" : "s were",
				    causes_text(gated->causes[0], text)));
	if (kept > 0)
		notice(noticed,
		       json_sprintf("gate: %zu block%s failed it and count%s "
				    "all the same, since no more could be run "
				    "again (%s)",
				    kept, kept == 1 ? "" : "s",
				    kept == 1 ? "s" : "",
				    causes_text(gated->causes[1], text)));
	if (arm >= 0)
		notice(noticed,
		       json_sprintf("gate: %u of the %u trials that failed it "
				    "are of %s: it may have chosen between "
				    "arms; run it again with gate off",
				    gated->by_arm[arm], gated->all,
				    results_arm_name(gated->results,
						     (unsigned int)arm)));
}

static json_t *by_arm_json(const struct gated *gated)
{
	json_t *counts = json_array();

	for (unsigned int arm = 0; arm < gated->results->arm_count; arm++)
		json_array_append_new(counts, json_integer(gated->by_arm[arm]));
	return counts;
}

json_t *gated_make(const struct results *results, json_t *noticed)
{
	const json_t *gate = json_object_get(
		json_object_get(results->manifest, "parameters"), "gate");
	const size_t aside = json_array_size(results->gated);
	const unsigned int repeated =
		(unsigned int)((aside + results->arm_count - 1) /
			       results->arm_count);
	struct gated gated = { .results = results,
			       .failed = json_array(),
			       .kept = json_array(),
			       .causes = { json_object(), json_object() } };
	json_t *made = json_null();
	int arm;

	for (size_t i = 0; i < aside; i++)
		trial_take(&gated, json_array_get(results->gated, i), false);
	for (size_t i = 0; i < results->count; i++) {
		trial_take(&gated, results->trials[i].json, true);
		kept_add(&gated, &results->trials[i]);
	}
	arm = lopsided(&gated);
	if (gate) {
		notice_all(&gated, repeated, arm, noticed);
		made = json_pack(
			"{s:O?,s:O?,s:i,s:O,s:O,s:o,s:o}", "bounds",
			json_object_get(gate, "bounds"), "repeats",
			json_object_get(gate, "repeats"), "repeated",
			(int)repeated, "kept", gated.kept, "failed",
			gated.failed, "by_arm", by_arm_json(&gated), "lopsided",
			arm < 0 ? json_null()
				: json_string(results_arm_name(
					  results, (unsigned int)arm)));
	}
	json_decref(gated.failed);
	json_decref(gated.kept);
	json_decref(gated.causes[0]);
	json_decref(gated.causes[1]);
	return made;
}

void gated_print(FILE *out, const json_t *summary)
{
	const json_t *gate = json_object_get(summary, "gate"), *one;
	const json_t *failed = json_object_get(gate, "failed");
	size_t i;

	if (!json_is_object(gate))
		return;
	fprintf(out, "gate      %s", json_get_text(gate, "bounds", "unknown"));
	if (json_get_integer(gate, "repeats") > 0)
		fprintf(out, "; run again: %lld blocks of at most %lld",
			(long long)json_get_integer(gate, "repeated"),
			(long long)json_get_integer(gate, "repeats"));
	fputc('\n', out);
	json_array_foreach(failed, i, one)
	{
		if (i == ROWS_MAX)
			break;
		fprintf(out, "          block %lld, %s, %s: %s\n",
			(long long)json_get_integer(one, "block") + 1,
			json_get_text(one, "name", "unknown"),
			json_is_true(json_object_get(one, "counts"))
				? "counts"
				: "put aside",
			json_get_text(one, "reason", ""));
	}
	if (json_array_size(failed) > ROWS_MAX)
		fprintf(out, "          and %zu more, in summary.json\n",
			json_array_size(failed) - ROWS_MAX);
}
