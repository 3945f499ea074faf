/* SPDX-License-Identifier: MIT */
#include "stats/race.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

const char *const race_end_names[] = {
	[RACE_OPEN] = "open",
	[RACE_BEST] = "best",
	[RACE_GROUP] = "group",
	[RACE_NONE] = "none",
};

size_t race_pairs(size_t arm_count)
{
	return arm_count * (arm_count - 1) / 2;
}

void race_begin(struct race *race, size_t arm_count)
{
	*race = (struct race){ .arm_count = arm_count };
	for (size_t i = 0; i < arm_count; i++)
		race->arms[i].in = true;
}

void race_incorrect(struct race *race, size_t arm, unsigned int blocks)
{
	if (!race->arms[arm].in)
		return;
	race->arms[arm] = (struct race_arm){
		.after = blocks, .by = arm, .verdict = verdict_of_incorrect()
	};
}

/* Of the blocks in which both may be judged. room: for twice as many. */
static int pair_compare(const double *of_arm, const double *of_base,
			unsigned int blocks, const struct verdict_rule *rule,
			double *room, struct verdict *verdict)
{
	double *arms = room, *bases = room + blocks;
	size_t n = 0;

	for (unsigned int block = 0; block < blocks; block++) {
		arms[n] = of_arm[block];
		bases[n] = of_base[block];
		n += !isnan(arms[n]) && !isnan(bases[n]);
	}
	return verdict_compare(arms, bases, n, rule, verdict);
}

static int pairs_compare(struct race *race, const double *values, size_t stride,
			 unsigned int blocks, const struct verdict_rule *rule)
{
	double *room = calloc(2 * (size_t)blocks + 1, sizeof(*room));
	int err = room ? 0 : -ENOMEM;

	for (size_t i = 0; i < race->arm_count; i++)
		for (size_t j = i + 1; j < race->arm_count && !err; j++)
			if (race->arms[i].in && race->arms[j].in)
				err = pair_compare(values + j * stride,
						   values + i * stride, blocks,
						   rule, room,
						   &race->pairs[i][j]);
	free(room);
	return err;
}

/* By how much is arm slower than other, at least? A ratio; 1: not shown. */
static double slower(const struct race *race, size_t arm, size_t other)
{
	const struct verdict *pair = arm > other ? &race->pairs[other][arm]
						 : &race->pairs[arm][other];
	const double least = arm > other ? pair->low : 1 / pair->high;

	return pair->pairs > 0 && least > 1 ? least : 1;
}

/* The same pair the other way round. */
static struct verdict against(const struct race *race, size_t arm, size_t other)
{
	struct verdict verdict;

	if (arm > other)
		return race->pairs[other][arm];
	verdict = race->pairs[arm][other];
	verdict.ratio = 1 / verdict.ratio;
	verdict.low = 1 / race->pairs[arm][other].high;
	verdict.high = 1 / race->pairs[arm][other].low;
	if (verdict.call == VERDICT_FASTER)
		verdict.call = VERDICT_SLOWER;
	return verdict;
}

/* The plainest first, and held against those still in it: somebody stays. */
static bool slowest_out(struct race *race, unsigned int blocks)
{
	size_t worst = 0, by = 0;
	double most = 1;

	for (size_t i = 0; i < race->arm_count; i++)
		for (size_t j = 0; j < race->arm_count; j++) {
			if (i == j || !race->arms[i].in || !race->arms[j].in ||
			    slower(race, i, j) <= most)
				continue;
			most = slower(race, i, j);
			worst = i;
			by = j;
		}
	if (most <= 1)
		return false;
	race->arms[worst] = (struct race_arm){
		.after = blocks, .by = by, .verdict = against(race, worst, by)
	};
	return true;
}

static enum race_end end_of(const struct race *race)
{
	size_t left = 0;
	bool apart = false;

	for (size_t i = 0; i < race->arm_count; i++) {
		left += race->arms[i].in;
		for (size_t j = i + 1; j < race->arm_count; j++)
			apart |= race->arms[i].in && race->arms[j].in &&
				 race->pairs[i][j].call != VERDICT_EQUIVALENT;
	}
	if (left < 2)
		return left ? RACE_BEST : RACE_NONE;
	return apart ? RACE_OPEN : RACE_GROUP;
}

int race_look(struct race *race, const double *values, size_t stride,
	      unsigned int blocks, const struct verdict_rule *rule)
{
	int err = pairs_compare(race, values, stride, blocks, rule);

	if (err)
		return err;
	while (slowest_out(race, blocks))
		;
	race->end = end_of(race);
	return 0;
}
