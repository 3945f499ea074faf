/* SPDX-License-Identifier: MIT */
/*
 * What ends a campaign before all of its blocks are done:
 *
 *	decided			each arm is faster or slower than the baseline
 *	equivalent:PERCENT	or so near it that the difference is none
 *	SECONDS			so much time has passed: a budget
 *
 * or several of them with commas between: "equivalent:3,120". A block that has
 * begun is finished. At which blocks the verdicts are looked at, and what that
 * costs, is planned before the first trial: stats/looks.h.
 */
#ifndef CAMPAIGN_UNTIL_H
#define CAMPAIGN_UNTIL_H

#include <jansson.h>
#include <stdbool.h>

#include "stats/looks.h"

#define UNTIL_EQUAL_MAX 0.5

/* What a campaign is to tell. */
enum until_verdict {
	UNTIL_EACH, /* each arm against the first */
	UNTIL_BEST, /* which arm is the best: stats/race.h */
	UNTIL_NONE, /* figures alone, of however few blocks */
	UNTIL_VERDICTS
};

extern const char *const until_verdict_names[];

struct until {
	const char *text; /* as it was given, the caller's; NULL: nothing */
	bool decided;
	double equal;	/* 0.03: within 3 %; 0: not asked */
	double seconds; /* 0: no such budget */
};

/* 0, or -EINVAL with *why set to the reason. */
int until_parse(const char *text, struct until *until, const char **why);

/* "each", "best", "none": 0, or -EINVAL with *why set to the reason. */
int until_verdict_parse(const char *text, enum until_verdict *verdict,
			const char **why);

/* Which percentile is judged: "p50", "p99", "p99.9", "p99.99", as 50 ... 0, or
 * -EINVAL with *why set to the reason. */
int until_judge_parse(const char *text, double *percent, const char **why);

/* So many blocks can decide at all: that of its test, and of tails those that
 * they need beside. */
unsigned int until_blocks_needed(enum until_verdict verdict, double judged,
				 size_t arm_count);

/* How many verdicts share the error of a campaign of so many arms, the last of
 * them the first one again. */
size_t until_compared(enum until_verdict verdict, size_t arm_count);

/* Its looks: none where time alone ends it. 0; -ERANGE: see looks_plan(). */
int until_looks(const struct until *until, size_t compared, unsigned int blocks,
		struct looks *looks, unsigned int *needed);

/* For the manifest's parameters: condition, blocks (at most), looks, alpha (of
 * one look), equal, seconds. A new reference. */
json_t *until_json(const struct until *until, const struct looks *looks,
		   unsigned int blocks);

/* Has each comparison of a summary, or its race, come to its end? One that
 * never will, since an arm sent wrong orders, has. */
bool until_settled(const json_t *summary);

#endif
