/* SPDX-License-Identifier: MIT */
/*
 * Which of several arms is the best? A race: at each look (stats/looks.h) every
 * arm still in it is held against every other one, and who is slower than one
 * of them is out, and need not run any more (Paulson, Annals of Mathematical
 * Statistics 35 (1964), 174-180; Maron and Moore, Hoeffding races, NIPS 6
 * (1993)). All pairs that there were at the beginning share the error of a
 * look, be they still in it or not (Bonferroni), and the looks share that of
 * the campaign. So in 95 % of campaigns the intervals of all pairs and all
 * looks hold what is true, and then no arm is out that is as fast as the
 * fastest.
 *
 * It ends with one arm, or with a group of which each pair is equivalent.
 */
#ifndef STATS_RACE_H
#define STATS_RACE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/verdict.h"

#define RACE_ARMS_MAX 16
#define RACE_EQUAL    0.03 /* where nothing else was said */

enum race_end {
	RACE_OPEN,  /* more blocks may tell */
	RACE_BEST,  /* one arm is left */
	RACE_GROUP, /* those left can't be told apart */
	RACE_NONE,  /* no arm sent right orders alone */
};

extern const char *const race_end_names[];

struct race_arm {
	bool in;
	unsigned int after; /* of one that is out: after so many blocks */
	/* Of one that was slower: than which arm, and how much. Where its
	 * orders were wrong verdict.call is VERDICT_INCORRECT. */
	size_t by;
	struct verdict verdict;
};

struct race {
	size_t arm_count;
	struct race_arm arms[RACE_ARMS_MAX];
	/* Of the last look, [i][j] with i < j, both in before it: j against
	 * i. */
	struct verdict pairs[RACE_ARMS_MAX][RACE_ARMS_MAX];
	enum race_end end;
};

/* So many pairs do so many arms make: the rule's arm_count. */
size_t race_pairs(size_t arm_count);

/* 2 to RACE_ARMS_MAX arms, all in it. */
void race_begin(struct race *race, size_t arm_count);

/* An arm whose orders were not all right is out. */
void race_incorrect(struct race *race, size_t arm, unsigned int blocks);

/*
 * One look, after so many blocks: values[arm * stride + block], above 0, and
 * NAN where an arm did not run or may not be judged. rule: its arm_count is
 * race_pairs(), its alpha the look's. 0 or -ENOMEM.
 */
int race_look(struct race *race, const double *values, size_t stride,
	      unsigned int blocks, const struct verdict_rule *rule);

#endif
