/* SPDX-License-Identifier: MIT */
/*
 * Where a series of values changes its level, be it more than once: E-divisive
 * (Matteson and James, A Nonparametric Approach for Multiple Change Point
 * Analysis of Multivariate Data, Journal of the American Statistical
 * Association 109 (2014), 334-345), as it is used to find regressions in a
 * continuous integration (Daly et al., The Use of Change Point Detection to
 * Identify Software Performance Regressions in a Continuous Integration
 * System, ICPE 2020). It takes no distribution for granted: the split whose two
 * sides differ most, by their energy distance, is held against the best ones of
 * the same values in other orders (a permutation test), and what it leaves is
 * split again, until a split is not significant. Of a series without a change
 * it finds one in alpha of cases at most, if its values could as well have come
 * in any other order: what wanders is called changed.
 */
#ifndef STATS_CHANGE_POINTS_H
#define STATS_CHANGE_POINTS_H

#include <stddef.h>
#include <stdint.h>

/* A level lasts so many values at least: one that stands out is none. */
#define CHANGE_POINTS_LEVEL 3

struct change_point {
	size_t at; /* the first value of the new level */
	double p;
};

struct change_points_rule {
	double alpha;
	size_t permutations; /* p is 1 / (permutations + 1) at least */
	uint64_t seed;
};

/*
 * points: room for count / CHANGE_POINTS_LEVEL; ascending by place. values: all
 * finite. 0 or -ENOMEM.
 */
int change_points_find(const double *values, size_t count,
		       const struct change_points_rule *rule,
		       struct change_point *points, size_t *point_count);

#endif
