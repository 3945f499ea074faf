/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stats/histogram.h"

static void every_value_lies_in_its_bucket(void **state)
{
	(void)state;
	for (uint64_t ns = HISTOGRAM_LOWEST_NS; ns < UINT64_C(20000000000);
	     ns += ns / 7 + 1) {
		unsigned int bucket = histogram_bucket(ns);

		assert_true(histogram_edge(bucket) <= ns);
		if (bucket + 1 < HISTOGRAM_BUCKETS)
			assert_true(ns < histogram_edge(bucket + 1));
	}
}

static void the_ends_take_what_lies_beyond(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket(0), 0);
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void json_gives_back_what_it_took(void **state)
{
	struct histogram histogram = { 0 }, back;
	json_t *value;

	(void)state;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		for (unsigned int n = 0; n < i % 3; n++)
			histogram_add(&histogram, histogram_edge(i));
	value = histogram_to_json(&histogram);
	histogram_from_json(&back, value);
	assert_memory_equal(&histogram, &back, sizeof(back));
	json_decref(value);
}

static void half_lie_within(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_half_ns(&histogram, 0), 0);
	histogram_add(&histogram, 1000);
	histogram_add(&histogram, 1000);
	histogram_add(&histogram, 1000000);
	assert_int_equal(histogram_half_ns(&histogram, 1000000),
			 histogram_edge(histogram_bucket(1000) + 1));
	histogram_add(&histogram, 1000000);
	histogram_add(&histogram, 1000001);
	assert_int_equal(histogram_half_ns(&histogram, 1000001), 1000001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_lies_in_its_bucket),
		cmocka_unit_test(the_ends_take_what_lies_beyond),
		cmocka_unit_test(half_lie_within),
		cmocka_unit_test(json_gives_back_what_it_took),
	};

	return cmocka_run_group_tests_name("stats/histogram", tests, NULL,
					   NULL);
}
