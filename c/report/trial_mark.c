/* SPDX-License-Identifier: MIT */
#include "report/trial_mark.h"

#include <stdio.h>

#include "base/json_get.h"
#include "stats/lateness.h"

const char *const trial_mark_words[TRIAL_MARKS] = {
	[TRIAL_MARK_NONE] = "counts",
	[TRIAL_MARK_NOTED] = "counts, but",
	[TRIAL_MARK_INCORRECT] = "INCORRECT",
	[TRIAL_MARK_VOID] = "void",
	[TRIAL_MARK_BLOCK_VOID] = "its block is void",
	[TRIAL_MARK_GATED] = "gated",
	[TRIAL_MARK_AGAIN] = "its block ran again",
};

/* Of a trial that the oracle has judged. */
static void incorrect_why(const json_t *analysis, struct trial_mark *mark)
{
	const char *reason = json_get_text(analysis, "reason", "");

	snprintf(mark->why, sizeof(mark->why),
		 "%lld missing, %lld extra, %lld wrong%s%s",
		 (long long)json_get_integer(analysis, "missing"),
		 (long long)json_get_integer(analysis, "extra"),
		 (long long)json_get_integer(analysis, "wrong"),
		 *reason ? "; " : "", reason);
}

/* The first of them; NULL where it passed, or nobody asked. */
static const char *gate_reason(const json_t *json)
{
	const json_t *gate = json_object_get(json, "gate");
	const char *reason = json_string_value(
		json_array_get(json_object_get(gate, "reasons"), 0));

	if (!json_is_false(json_object_get(gate, "fit")))
		return NULL;
	return reason ? reason : "no reason is given";
}

static void notes_set(const json_t *json, struct trial_mark *mark)
{
	const json_t *lateness = json_object_get(json, "lateness");
	const char *reason = gate_reason(json);

	if (reason)
		snprintf(mark->why, sizeof(mark->why),
			 "it failed the gate: %.160s", reason);
	else if (lateness_is_noted(lateness))
		snprintf(mark->why, sizeof(mark->why),
			 "%lld of %lld orders answer packets that were sent "
			 "late",
			 (long long)json_get_integer(lateness, "orders_late"),
			 (long long)json_get_integer(lateness, "orders"));
	else
		return;
	mark->kind = TRIAL_MARK_NOTED;
}

static void void_set(const json_t *analysis, struct trial_mark *mark)
{
	mark->kind = TRIAL_MARK_VOID;
	snprintf(mark->why, sizeof(mark->why), "%s",
		 json_get_text(analysis, "reason",
			       "the oracle gives no reason"));
}

struct trial_mark trial_mark(const json_t *json, bool block_void)
{
	const json_t *analysis = json_object_get(json, "analysis");
	const json_t *correct = json_object_get(analysis, "correct");
	struct trial_mark mark = { TRIAL_MARK_NONE, "" };

	if (json_is_null(correct)) {
		void_set(analysis, &mark);
	} else if (!json_is_true(correct)) {
		mark.kind = TRIAL_MARK_INCORRECT;
		incorrect_why(analysis, &mark);
	} else if (block_void) {
		mark.kind = TRIAL_MARK_BLOCK_VOID;
	} else {
		notes_set(json, &mark);
	}
	return mark;
}

struct trial_mark trial_mark_aside(const json_t *json)
{
	const json_t *analysis = json_object_get(json, "analysis");
	const char *reason = gate_reason(json);
	struct trial_mark mark = { TRIAL_MARK_AGAIN, "" };

	if (json_is_null(json_object_get(analysis, "correct"))) {
		void_set(analysis, &mark);
	} else if (reason) {
		mark.kind = TRIAL_MARK_GATED;
		snprintf(mark.why, sizeof(mark.why), "%s", reason);
	}
	return mark;
}
