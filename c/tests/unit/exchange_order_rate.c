/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "exchange/order_rate.h"

#define S CLOCK_NS_PER_S

static unsigned int taken(struct order_rate *rate, unsigned int tries,
			  uint64_t now_ns)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < tries; i++)
		count += order_rate_take(rate, now_ns);
	return count;
}

static void a_seconds_worth_at_once_then_evenly(void **state)
{
	struct order_rate rate;

	(void)state;
	order_rate_start(&rate, 100);
	assert_int_equal(taken(&rate, 1000, 50 * S), 100);
	assert_int_equal(taken(&rate, 1000, 50 * S + S / 100 - 1), 0);
	assert_int_equal(taken(&rate, 1000, 50 * S + S / 100), 1);
	assert_int_equal(taken(&rate, 1000, 50 * S + S / 2), 49);
	/* What was not used is not saved up. */
	assert_int_equal(taken(&rate, 1000, 90 * S), 100);
}

static void none_takes_all(void **state)
{
	struct order_rate rate;

	(void)state;
	order_rate_start(&rate, 0);
	assert_int_equal(taken(&rate, 100000, 50 * S), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seconds_worth_at_once_then_evenly),
		cmocka_unit_test(none_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
