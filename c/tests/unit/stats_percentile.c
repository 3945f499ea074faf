/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "stats/percentile.h"

static void percentiles_are_values_that_were_measured(void **state)
{
	uint64_t values[1000];
	struct percentiles all;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		values[i] = 10 * (1000 - i);
	all = percentiles_of(values, 1000);
	assert_int_equal(all.count, 1000);
	assert_int_equal(all.min, 10);
	assert_int_equal(all.p50, 5000);
	assert_int_equal(all.p90, 9000);
	assert_int_equal(all.p99, 9900);
	assert_int_equal(all.p99_9, 9990);
	assert_int_equal(all.max, 10000);
}

static void few_values_are_no_special_case(void **state)
{
	uint64_t one[] = { 7 }, two[] = { 9, 3 };
	struct percentiles all = percentiles_of(one, 1);

	(void)state;
	assert_int_equal(all.min, 7);
	assert_int_equal(all.p50, 7);
	assert_int_equal(all.p99_9, 7);
	all = percentiles_of(two, 2);
	assert_int_equal(all.p50, 3);
	assert_int_equal(all.p90, 9);
	assert_int_equal(percentile_of(two, 2, 0), 3);
	assert_int_equal(percentile_of(two, 2, 100), 9);
	assert_int_equal(percentiles_of(NULL, 0).count, 0);
}

static void large_values_sort_right(void **state)
{
	uint64_t values[] = { UINT64_MAX, 1, UINT64_MAX - 1, 0 };

	(void)state;
	percentile_sort(values, ARRAY_SIZE(values));
	assert_int_equal(values[0], 0);
	assert_int_equal(values[1], 1);
	assert_true(values[3] == UINT64_MAX);
}

static void ranks_are_whole_and_within(void **state)
{
	(void)state;
	assert_int_equal(percentile_rank(1000, 99.9), 999);
	assert_int_equal(percentile_rank(1000, 99.91), 1000);
	assert_int_equal(percentile_rank(3, 50), 2);
	assert_int_equal(percentile_rank(3, 0), 1);
	assert_int_equal(percentile_rank(3, 100), 3);
	/* 0.07 * 100 is a little more than 7. */
	assert_int_equal(percentile_rank(100, 0.07 * 100), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_values_that_were_measured),
		cmocka_unit_test(few_values_are_no_special_case),
		cmocka_unit_test(large_values_sort_right),
		cmocka_unit_test(ranks_are_whole_and_within),
	};

	return cmocka_run_group_tests_name("stats/percentile", tests, NULL,
					   NULL);
}
