/* SPDX-License-Identifier: MIT */
#include "report/trial_mark.h"

#include <stdio.h>

#include "base/json_get.h"
#include "stats/lateness.h"

const char *const trial_mark_words[] = {
	[TRIAL_MARK_NONE] = "counts",
	[TRIAL_MARK_NOTED] = "counts, but",
	[TRIAL_MARK_INCORRECT] = "INCORRECT",
	[TRIAL_MARK_VOID] = "void",
	[TRIAL_MARK_BLOCK_VOID] = "its block is void",
	[TRIAL_MARK_GATED] = "gated",
};

/* Of a trial that the oracle has judged. */
static void incorrect_why(const json_t *analysis, struct trial_mark *mark)
{
	snprintf(mark->why, sizeof(mark->why),
		 "%lld missing, %lld extra, %lld wrong",
		 (long long)json_get_integer(analysis, "missing"),
		 (long long)json_get_integer(analysis, "extra"),
		 (long long)json_get_integer(analysis, "wrong"));
}

static void lateness_note(const json_t *json, struct trial_mark *mark)
{
	const json_t *lateness = json_object_get(json, "lateness");

	if (mark->kind != TRIAL_MARK_NONE || !lateness_is_noted(lateness))
		return;
	mark->kind = TRIAL_MARK_NOTED;
	snprintf(mark->why, sizeof(mark->why),
		 "%lld of %lld orders answer packets that were sent late",
		 (long long)json_get_integer(lateness, "orders_late"),
		 (long long)json_get_integer(lateness, "orders"));
}

struct trial_mark trial_mark(const json_t *json, bool block_void)
{
	const json_t *analysis = json_object_get(json, "analysis");
	const json_t *correct = json_object_get(analysis, "correct");
	struct trial_mark mark = { TRIAL_MARK_NONE, "" };

	if (json_is_null(correct)) {
		mark.kind = TRIAL_MARK_VOID;
		snprintf(mark.why, sizeof(mark.why), "%s",
			 json_get_text(analysis, "reason",
				       "the oracle gives no reason"));
	} else if (!json_is_true(correct)) {
		mark.kind = TRIAL_MARK_INCORRECT;
		incorrect_why(analysis, &mark);
	} else if (block_void) {
		mark.kind = TRIAL_MARK_BLOCK_VOID;
	}
	lateness_note(json, &mark);
	return mark;
}
