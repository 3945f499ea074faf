/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"

static void the_counter_never_goes_back(void **state)
{
	uint64_t last = clock_counter();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_counter();

		assert_true(now >= last);
		last = now;
	}
}

static void counters_convert_to_wall_time(void **state)
{
	struct clock_anchor first, last;
	uint64_t before, counter, after, converted;

	(void)state;
	clock_anchor_take(&first);
	before = clock_realtime_ns();
	counter = clock_counter();
	after = clock_realtime_ns();
	clock_anchor_take_after(&first, &last);
	assert_true(last.realtime_ns - first.realtime_ns >= 10000000);
	converted = clock_to_realtime_ns(&first, &last, counter);
	/* To 20 us: a shared machine may be interrupted at any anchor. */
	assert_true(converted + 20000 >= before);
	assert_true(converted <= after + 20000);
	/* A stamp from before the first anchor converts, too. */
	assert_true(clock_to_realtime_ns(&first, &last, first.counter - 1000) <
		    first.realtime_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counter_never_goes_back),
		cmocka_unit_test(counters_convert_to_wall_time),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
