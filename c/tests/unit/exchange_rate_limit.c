/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "exchange/rate_limit.h"

#define S CLOCK_NS_PER_S

static unsigned int taken(struct rate_limit *limit, unsigned int tries,
			  uint64_t now_ns)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < tries; i++)
		count += rate_limit_take(limit, now_ns);
	return count;
}

static void a_seconds_worth_at_once_then_evenly(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_start(&limit, 100, 100);
	assert_int_equal(taken(&limit, 1000, 50 * S), 100);
	assert_int_equal(taken(&limit, 1000, 50 * S + S / 100 - 1), 0);
	assert_int_equal(taken(&limit, 1000, 50 * S + S / 100), 1);
	assert_int_equal(taken(&limit, 1000, 50 * S + S / 2), 49);
	/* What was not used is not saved up. */
	assert_int_equal(taken(&limit, 1000, 90 * S), 100);
}

static void a_few_at_once_and_when_the_next_may_be(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_start(&limit, 100, 4);
	assert_true(rate_limit_next_ns(&limit) <= 50 * S);
	assert_int_equal(taken(&limit, 1000, 50 * S), 4);
	assert_int_equal(rate_limit_next_ns(&limit), 50 * S + S / 100);
	assert_int_equal(taken(&limit, 1000, rate_limit_next_ns(&limit)), 1);
	assert_int_equal(taken(&limit, 1000, 60 * S), 4);
}

static void none_takes_all(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_start(&limit, 0, 1);
	assert_int_equal(taken(&limit, 100000, 50 * S), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seconds_worth_at_once_then_evenly),
		cmocka_unit_test(a_few_at_once_and_when_the_next_may_be),
		cmocka_unit_test(none_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
