/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "stats/change_points.h"

#define MOST 60

static const struct change_points_rule rule = { .alpha = 0.05,
						.permutations = 199,
						.seed = 1 };

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(random_unit(state))) *
	       cos(2 * 3.14159265358979 * random_unit(state));
}

/* Heavy tails, as latencies have. */
static double cauchy(uint64_t *state)
{
	return tan(3.14159265358979 * (random_unit(state) - 0.5));
}

static size_t found(const double *values, size_t count, uint64_t seed,
		    struct change_point *points)
{
	struct change_points_rule seeded = rule;
	size_t point_count;

	seeded.seed = seed;
	assert_int_equal(change_points_find(values, count, &seeded, points,
					    &point_count),
			 0);
	for (size_t i = 0; i < point_count; i++) {
		assert_true(points[i].p > 0 && points[i].p <= 0.05);
		assert_true(points[i].at >=
			    CHANGE_POINTS_LEVEL + (i ? points[i - 1].at : 0));
		assert_true(points[i].at + CHANGE_POINTS_LEVEL <= count);
	}
	return point_count;
}

/* How many of 400 series without a change are said to have one. */
static size_t false_alarms(double (*draw)(uint64_t *state), size_t count)
{
	struct change_point points[MOST];
	double values[MOST];
	size_t alarms = 0;
	uint64_t state = 3;

	for (size_t i = 0; i < 400; i++) {
		for (size_t j = 0; j < count; j++)
			values[j] = draw(&state);
		alarms += found(values, count, i, points) > 0;
	}
	return alarms;
}

static void in_one_of_twenty_at_most_it_errs(void **state)
{
	(void)state;
	/* 5 % of 400 is 20, with a deviation of 4.4. */
	assert_in_range(false_alarms(normal, 30), 8, 31);
	assert_in_range(false_alarms(normal, 12), 8, 31);
	assert_in_range(false_alarms(cauchy, 20), 8, 31);
}

static void a_new_level_is_found_where_it_begins(void **state)
{
	struct change_point points[MOST];
	size_t right = 0, near = 0;
	double values[30];
	uint64_t drawn = 5;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		size_t count;

		for (size_t j = 0; j < 30; j++)
			values[j] = normal(&drawn) + (j >= 18 ? 2.5 : 0);
		count = found(values, 30, i, points);
		right += count == 1;
		near += count > 0 && points[0].at >= 17 && points[0].at <= 19;
	}
	assert_in_range(right, 88, 100);
	assert_in_range(near, 75, 100);
}

static void several_are_told_in_their_order(void **state)
{
	struct change_point points[MOST];
	double values[45];
	uint64_t drawn = 9;

	(void)state;
	for (size_t j = 0; j < 45; j++)
		values[j] = normal(&drawn) / 10 + (j < 10   ? 1
						   : j < 25 ? 3
						   : j < 35 ? 0
							    : 2);
	assert_int_equal(found(values, 45, 1, points), 3);
	assert_int_equal(points[0].at, 10);
	assert_int_equal(points[1].at, 25);
	assert_int_equal(points[2].at, 35);
}

static void one_that_stands_out_is_no_level(void **state)
{
	struct change_point points[MOST];
	double values[30];
	uint64_t drawn = 11;

	(void)state;
	for (size_t j = 0; j < 30; j++)
		values[j] = normal(&drawn) + (j == 20 ? 8 : 0);
	assert_int_equal(found(values, 30, 1, points), 0);
}

static void of_few_or_equal_values_nothing_is_said(void **state)
{
	static const double few[] = { 1, 1, 9, 9, 9 }, same[30];
	struct change_point points[MOST];

	(void)state;
	assert_int_equal(found(few, 0, 1, points), 0);
	assert_int_equal(found(few, ARRAY_SIZE(few), 1, points), 0);
	assert_int_equal(found(same, ARRAY_SIZE(same), 1, points), 0);
}

static void the_same_seed_gives_the_same(void **state)
{
	struct change_point one[MOST], two[MOST];
	double values[30];
	uint64_t drawn = 13;
	size_t count;

	(void)state;
	for (size_t j = 0; j < 30; j++)
		values[j] = normal(&drawn) + (j >= 10 ? 2 : 0);
	count = found(values, 30, 7, one);
	assert_in_range(count, 1, 10);
	assert_int_equal(found(values, 30, 7, two), count);
	assert_memory_equal(one, two, count * sizeof(*one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_one_of_twenty_at_most_it_errs),
		cmocka_unit_test(a_new_level_is_found_where_it_begins),
		cmocka_unit_test(several_are_told_in_their_order),
		cmocka_unit_test(one_that_stands_out_is_no_level),
		cmocka_unit_test(of_few_or_equal_values_nothing_is_said),
		cmocka_unit_test(the_same_seed_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
