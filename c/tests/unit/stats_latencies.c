/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "stats/latencies.h"

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
	struct latencies_summary found = latencies_summary(&latencies);
	uint64_t value;

	(void)state;
	assert_int_equal(found.count, 0);
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		assert_false(latencies_shown(&found, i, &value));
	assert_false(latencies_hides(&found));
}

static size_t column_of(const char *key)
{
	size_t i = 0;

	while (strcmp(latencies_columns[i].key, key) != 0)
		i++;
	return i;
}

static uint64_t value_of(const struct latencies_summary *summary,
			 const char *key)
{
	return summary->value[column_of(key)];
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
	assert_int_equal(value_of(&found, "min"), 10);
	assert_int_equal(value_of(&found, "p50"), 50000);
	assert_int_equal(value_of(&found, "p90"), 90000);
	assert_int_equal(value_of(&found, "p99"), 99000);
	assert_int_equal(value_of(&found, "p99_9"), 99900);
	assert_int_equal(value_of(&found, "max"), 100000);
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
	assert_int_equal(value_of(&found, "min"), 0);
	assert_int_equal(value_of(&found, "max"), count - 1);
	assert_in_range(value_of(&found, "p50"), count / 2 - 8, count / 2 + 8);
	assert_in_range(value_of(&found, "p99"), count / 100 * 99 - 8,
			count / 100 * 99 + 80);
}

/* Ten beyond it, or it is not shown; the extremes always are. */
static void few_have_no_percentiles(void **state)
{
	static const struct {
		uint64_t count;
		double most; /* percent that is shown, of what is no extreme */
	} rows[] = { { 1, 0 },	   { 19, 47.3 },    { 20, 50 },
		     { 99, 89.8 }, { 100, 90 },	    { 999, 98.9 },
		     { 1000, 99 }, { 9999, 99.89 }, { 10000, 99.9 } };
	char text[LATENCIES_TEXT_MAX];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct latencies_summary found;
		bool any = false;

		while (latencies.count < rows[i].count)
			latencies_add(&latencies, latencies.count + 1);
		found = latencies_summary(&latencies);
		for (size_t k = 0; k < LATENCIES_COLUMNS; k++) {
			double percent = latencies_columns[k].percent;
			bool hidden = percent > rows[i].most && percent < 100;

			any |= hidden;
			assert_int_equal(latencies_shown(&found, k, &value),
					 !hidden);
			latencies_text(&found, k, text);
			assert_int_equal(strcmp(text, "-") == 0, hidden);
		}
		assert_int_equal(latencies_hides(&found), any);
	}
}

/* Those that were kept count, not those that came. */
static void thinned_out_are_fewer(void **state)
{
	struct latencies_summary found;
	uint64_t value;

	(void)state;
	while (latencies.count <= KEPT)
		latencies_add(&latencies, 1);
	found = latencies_summary(&latencies);
	assert_false(latencies_shown(&found, column_of("p99_9"), &value));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(none),
		TEST(each_percentile_is_a_value),
		TEST(many_are_thinned_out_evenly),
		TEST(few_have_no_percentiles),
		TEST(thinned_out_are_fewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
