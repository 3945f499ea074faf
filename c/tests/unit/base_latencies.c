/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/latencies.h"

#define KEPT (UINT64_C(1) << 14)

static struct latencies latencies;

static int setup(void **state)
{
	(void)state;
	latencies_open(&latencies, KEPT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	latencies_close(&latencies);
	return 0;
}

static void none(void **state)
{
	(void)state;
	assert_int_equal(latencies_summary(&latencies).count, 0);
}

static void each_percentile_is_a_value(void **state)
{
	struct latencies_summary found;

	(void)state;
	for (uint64_t i = 10000; i >= 1; i--)
		assert_int_equal(latencies_add(&latencies, i * 10), 0);
	found = latencies_summary(&latencies);
	assert_int_equal(found.count, 10000);
	assert_int_equal(found.stride, 1);
	assert_int_equal(found.min, 10);
	assert_int_equal(found.p50, 50000);
	assert_int_equal(found.p90, 90000);
	assert_int_equal(found.p99, 99000);
	assert_int_equal(found.p99_9, 99900);
	assert_int_equal(found.max, 100000);
}

static void many_are_thinned_out_evenly(void **state)
{
	const uint64_t count = UINT64_C(5) * KEPT / 2;
	struct latencies_summary found;

	(void)state;
	/* The extremes are among the forgotten. */
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(latencies_add(&latencies, i ^ 1), 0);
	assert_true(latencies.kept <= KEPT);
	found = latencies_summary(&latencies);
	assert_int_equal(found.count, count);
	assert_int_equal(found.stride, 4);
	assert_int_equal(latencies.kept, count / 4);
	assert_int_equal(found.min, 0);
	assert_int_equal(found.max, count - 1);
	assert_in_range(found.p50, count / 2 - 8, count / 2 + 8);
	assert_in_range(found.p99, count / 100 * 99 - 8, count / 100 * 99 + 80);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(none),
		TEST(each_percentile_is_a_value),
		TEST(many_are_thinned_out_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
