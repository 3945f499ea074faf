/* SPDX-License-Identifier: MIT */
/* What is to be known of a trial before its figure is believed: one word, the
 * same in the figure and in the table. */
#ifndef REPORT_TRIAL_MARK_H
#define REPORT_TRIAL_MARK_H

#include <jansson.h>
#include <stdbool.h>

#include "report/results.h"

enum trial_mark_kind {
	TRIAL_MARK_NONE,      /* it counts, and nothing is noted */
	TRIAL_MARK_NOTED,     /* it counts */
	TRIAL_MARK_INCORRECT, /* the rest don't */
	TRIAL_MARK_VOID,
	TRIAL_MARK_BLOCK_VOID, /* another of its block is */
	TRIAL_MARK_GATED,      /* it failed the gate */
	TRIAL_MARK_AGAIN,      /* its block ran again, not for its own fault */
	TRIAL_MARKS,
};

struct trial_mark {
	enum trial_mark_kind kind;
	char why[400]; /* "": nothing is said */
};

/* "counts", "INCORRECT" and so on. */
extern const char *const trial_mark_words[TRIAL_MARKS];

/* json: its trial.json. block_void: one of its block could not be judged. */
struct trial_mark trial_mark(const json_t *json, bool block_void);

/* Of one whose whole block ran again: it stands aside, and counts nowhere. */
struct trial_mark trial_mark_aside(const json_t *json);

/* Does its figure enter the arm's? */
static inline bool trial_mark_counts(const struct trial_mark *mark)
{
	return mark->kind <= TRIAL_MARK_NOTED;
}

#endif
