/* SPDX-License-Identifier: MIT */
#include "campaign/until.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "campaign/parts.h"
#include "stats/race.h"
#include "stats/tails.h"
#include "stats/verdict.h"

const char *const until_verdict_names[] = {
	[UNTIL_EACH] = "each",
	[UNTIL_BEST] = "best",
	[UNTIL_NONE] = "none",
};

#define SECONDS_MAX 1e6

static const char *part_read(const char *part, struct until *until)
{
	static const char equivalent[] = "equivalent:";
	const size_t prefix = sizeof(equivalent) - 1;
	double percent;

	if (!strcmp(part, "decided")) {
		until->decided = true;
		return NULL;
	}
	if (!strncmp(part, equivalent, prefix)) {
		if (!parts_number(part + prefix, "%", &percent) ||
		    percent <= 0 || percent > 100 * UNTIL_EQUAL_MAX)
			return "equivalent: needs a percentage above 0, of at "
			       "most 50";
		until->decided = true;
		until->equal = percent / 100;
		return NULL;
	}
	if (parts_number(part, "s", &until->seconds) && until->seconds > 0 &&
	    until->seconds <= SECONDS_MAX)
		return NULL;
	return "expected decided, equivalent:PERCENT, SECONDS, or several with "
	       "commas between";
}

int until_parse(const char *text, struct until *until, const char **why)
{
	const char *next = text;
	char part[PARTS_MAX];

	*until = (struct until){ .text = text };
	do {
		*why = "too long";
		if (parts_next(&next, part))
			*why = part_read(part, until);
		if (*why)
			return -EINVAL;
	} while (next);
	return 0;
}

int until_verdict_parse(const char *text, enum until_verdict *verdict,
			const char **why)
{
	for (int i = 0; i < UNTIL_VERDICTS; i++) {
		*verdict = (enum until_verdict)i;
		if (!strcmp(text, until_verdict_names[i]))
			return 0;
	}
	*why = "expected each, best or none";
	return -EINVAL;
}

int until_judge_parse(const char *text, double *percent, const char **why)
{
	static const struct {
		const char *text;
		double percent;
	} known[] = {
		{ "p50", 50 },
		{ "p99", 99 },
		{ "p99.9", 99.9 },
		{ "p99.99", 99.99 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		*percent = known[i].percent;
		if (!strcmp(text, known[i].text))
			return 0;
	}
	*why = "expected p50, p99, p99.9 or p99.99";
	return -EINVAL;
}

unsigned int until_blocks_needed(enum until_verdict verdict, double judged,
				 size_t arm_count)
{
	const struct verdict_rule rule =
		verdict_rule(until_compared(verdict, arm_count));
	const unsigned int needed = verdict_blocks_needed(&rule);

	return judged > 50 && needed < TAILS_BLOCKS_MIN ? TAILS_BLOCKS_MIN
							: needed;
}

size_t until_compared(enum until_verdict verdict, size_t arm_count)
{
	/* Neither the baseline nor its repetition is compared with itself. */
	if (verdict == UNTIL_BEST && arm_count > 2)
		return race_pairs(arm_count - 1);
	return arm_count > 2 ? arm_count - 2 : 1;
}

int until_looks(const struct until *until, size_t compared, unsigned int blocks,
		struct looks *looks, unsigned int *needed)
{
	*looks = (struct looks){ .alpha = VERDICT_ALPHA };
	*needed = 0;
	return until->decided ? looks_plan(compared, blocks, looks, needed) : 0;
}

json_t *until_json(const struct until *until, const struct looks *looks,
		   unsigned int blocks)
{
	json_t *at = json_array();

	for (unsigned int i = 0; i < looks->count; i++)
		json_array_append_new(at, json_integer(looks->blocks[i]));
	return json_pack("{s:s,s:i,s:o,s:f,s:f,s:f}", "condition", until->text,
			 "blocks", (int)blocks, "looks", at, "alpha",
			 looks->alpha, "equal", until->equal, "seconds",
			 until->seconds);
}

bool until_settled(const json_t *summary)
{
	static const enum verdict_call ends[] = { VERDICT_FASTER,
						  VERDICT_SLOWER,
						  VERDICT_EQUIVALENT,
						  VERDICT_INCORRECT };
	const json_t *race = json_object_get(summary, "race"), *comparison;
	size_t i;

	if (race)
		return strcmp(json_get_text(race, "end", ""),
			      race_end_names[RACE_OPEN]) != 0;
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		const char *call = json_get_text(comparison, "call", "");
		bool ended = false;

		for (size_t j = 0; j < ARRAY_SIZE(ends); j++)
			ended |= !strcmp(call, verdict_call_names[ends[j]]);
		if (!ended)
			return false;
	}
	return i > 0;
}
