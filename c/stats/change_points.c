/* SPDX-License-Identifier: MIT */
#include "stats/change_points.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

struct split {
	size_t at;
	double energy; /* -1: there is none */
};

/* Levels found so far lie between two ends that follow each other. */
struct levels {
	size_t *ends; /* 0, ..., count */
	size_t count; /* of ends */
};

/* The sums of distances between two sides, and within each, as a measure of
 * how much they differ: Matteson and James's Q, with alpha = 1. */
static double energy_of(double between, double left, double right, double m,
			double n)
{
	return m * n / (m + n) *
	       (2 * between / (m * n) - left / (m * (m - 1) / 2) -
		right / (n * (n - 1) / 2));
}

/* The best split of values[first] to values[last - 1]. */
static struct split level_split(const double *values, size_t first, size_t last)
{
	struct split best = { 0, -1 };
	double left = 0, right = 0, between = 0;

	if (last - first < 2 * CHANGE_POINTS_LEVEL)
		return best;
	for (size_t i = first; i < last; i++)
		for (size_t j = i + 1; j < last; j++)
			right += fabs(values[i] - values[j]);
	/* Value by value goes from the right side to the left one. */
	for (size_t at = first; at + CHANGE_POINTS_LEVEL < last; at++) {
		double to_left = 0, to_right = 0, energy;

		for (size_t i = first; i < at; i++)
			to_left += fabs(values[i] - values[at]);
		for (size_t i = at + 1; i < last; i++)
			to_right += fabs(values[i] - values[at]);
		left += to_left;
		right -= to_right;
		between += to_right - to_left;
		if (at + 1 - first < CHANGE_POINTS_LEVEL)
			continue;
		energy = energy_of(between, left, right,
				   (double)(at + 1 - first),
				   (double)(last - at - 1));
		if (energy > best.energy)
			best = (struct split){ at + 1, energy };
	}
	return best;
}

/* The best one of all levels. */
static struct split levels_split(const double *values,
				 const struct levels *levels)
{
	struct split best = { 0, -1 };

	for (size_t i = 0; i + 1 < levels->count; i++) {
		struct split one = level_split(values, levels->ends[i],
					       levels->ends[i + 1]);

		if (one.energy > best.energy)
			best = one;
	}
	return best;
}

/* Each level's values in another order. */
static void levels_shuffle(double *values, const struct levels *levels,
			   uint64_t *state)
{
	for (size_t i = 0; i + 1 < levels->count; i++)
		for (size_t last = levels->ends[i + 1];
		     last > levels->ends[i] + 1; last--) {
			size_t other =
				levels->ends[i] +
				random_below(state, last - levels->ends[i]);
			double value = values[last - 1];

			values[last - 1] = values[other];
			values[other] = value;
		}
}

/* How often a split is as good in another order, itself counted. */
static double permutation_p(const double *values, size_t count,
			    const struct levels *levels,
			    const struct split *split,
			    const struct change_points_rule *rule,
			    uint64_t *state, double *room)
{
	/* Sums of the same distances in another order are not quite equal. */
	const double enough = split->energy * (1 - 1e-9);
	size_t as_good = 1;

	memcpy(room, values, count * sizeof(*room));
	for (size_t i = 0; i < rule->permutations; i++) {
		levels_shuffle(room, levels, state);
		as_good += levels_split(room, levels).energy >= enough;
	}
	return (double)as_good / (double)(rule->permutations + 1);
}

static void levels_insert(struct levels *levels, struct change_point *points,
			  size_t at, double p)
{
	size_t i = levels->count++;

	for (; levels->ends[i - 1] > at; i--) {
		levels->ends[i] = levels->ends[i - 1];
		if (i >= 2)
			points[i - 1] = points[i - 2];
	}
	levels->ends[i] = at;
	points[i - 1] = (struct change_point){ at, p };
}

int change_points_find(const double *values, size_t count,
		       const struct change_points_rule *rule,
		       struct change_point *points, size_t *point_count)
{
	struct levels levels = {
		calloc(count / CHANGE_POINTS_LEVEL + 3, sizeof(*levels.ends)), 2
	};
	double *room = calloc(count + 1, sizeof(*room));
	uint64_t state = rule->seed;
	int err = levels.ends && room ? 0 : -ENOMEM;

	*point_count = 0;
	if (err)
		goto free_all;
	levels.ends[1] = count;
	for (;;) {
		const struct split split = levels_split(values, &levels);
		double p;

		/* Where all are alike there is nothing to split. */
		if (!(split.energy > 0))
			break;
		p = permutation_p(values, count, &levels, &split, rule, &state,
				  room);
		if (p > rule->alpha)
			break;
		levels_insert(&levels, points, split.at, p);
		(*point_count)++;
	}
free_all:
	free(levels.ends);
	free(room);
	return err;
}
