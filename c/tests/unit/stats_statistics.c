/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "stats/statistics.h"

#define assert_close(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static void odd_count_takes_the_middle(void **state)
{
	double values[] = { 9, 1, 5 };
	struct statistics found = statistics_of(values, 3);

	(void)state;
	assert_int_equal(found.count, 3);
	assert_close(found.min, 1);
	assert_close(found.median, 5);
	assert_close(found.max, 9);
}

static void even_count_takes_the_mean_of_two(void **state)
{
	double values[] = { 4, 1, 3, 100 };

	(void)state;
	assert_close(statistics_median(values, 4), 3.5);
}

static void one_value_is_all_three(void **state)
{
	double values[] = { 7 };
	struct statistics found = statistics_of(values, 1);

	(void)state;
	assert_close(found.min, 7);
	assert_close(found.median, 7);
	assert_close(found.max, 7);
}

static void no_value_is_no_number(void **state)
{
	struct statistics found = statistics_of(NULL, 0);

	(void)state;
	assert_int_equal(found.count, 0);
	assert_true(isnan(found.median));
}

/* The machine slowed down by 10 in round 2: the pairs don't mind. */
static void ratios_are_taken_round_by_round(void **state)
{
	const double values[] = { 11, 120, 12, 13, 1 };
	const double bases[] = { 10, 100, 10, 10, 0 };
	struct statistics found;

	(void)state;
	assert_int_equal(statistics_of_ratios(values, bases, 5, &found), 0);
	assert_int_equal(found.count, 4);
	assert_close(found.min, 1.1);
	assert_close(found.median, 1.2);
	assert_close(found.max, 1.3);
}

static void ratio_of_medians(void **state)
{
	double values[] = { 30, 10, 20 };
	double bases[] = { 10, 5 };
	double zero[] = { 0 };

	(void)state;
	assert_close(statistics_ratio_of_medians(values, 3, bases, 2),
		     20 / 7.5);
	assert_true(isnan(statistics_ratio_of_medians(values, 3, zero, 1)));
	assert_true(isnan(statistics_ratio_of_medians(values, 3, NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_count_takes_the_middle),
		cmocka_unit_test(even_count_takes_the_mean_of_two),
		cmocka_unit_test(one_value_is_all_three),
		cmocka_unit_test(no_value_is_no_number),
		cmocka_unit_test(ratios_are_taken_round_by_round),
		cmocka_unit_test(ratio_of_medians),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
