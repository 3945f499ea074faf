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

struct until {
	const char *text; /* as it was given, the caller's; NULL: nothing */
	bool decided;
	double equal;	/* 0.03: within 3 %; 0: not asked */
	double seconds; /* 0: no such budget */
};

/* 0, or -EINVAL with *why set to the reason. */
int until_parse(const char *text, struct until *until, const char **why);

/* Its looks: none where time alone ends it. 0; -ERANGE: see looks_plan(). */
int until_looks(const struct until *until, size_t arm_count,
		unsigned int blocks, struct looks *looks, unsigned int *needed);

/* For the manifest's parameters: condition, blocks (at most), looks, alpha (of
 * one look), equal. A new reference. */
json_t *until_json(const struct until *until, const struct looks *looks,
		   unsigned int blocks);

/* Has each comparison of a summary come to its end? One that never will, since
 * an arm sent wrong orders, has. */
bool until_settled(const json_t *summary);

#endif
