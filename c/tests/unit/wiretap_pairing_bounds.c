/* SPDX-License-Identifier: MIT */
/* Whatever a capture holds, what waits and what an order costs is bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/support/pairing_steps.h"

static int matched(void *context, const struct pairing_trigger *trigger,
		   uint64_t order_ns)
{
	(void)trigger;
	(void)order_ns;
	assert_ptr_equal(context, &pairing);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return pairing_steps_open(matched);
}

static void check(uint64_t matched_count, uint64_t missing, uint64_t extra,
		  uint64_t wrong)
{
	pairing_end(&pairing, &pairing_steps_known);
	assert_int_equal(pairing.count, 0);
	assert_int_equal(pairing.total.matched, matched_count);
	assert_int_equal(pairing.total.missing, missing);
	assert_int_equal(pairing.total.extra, extra);
	assert_int_equal(pairing.total.wrong, wrong);
}

static void what_waits_is_bounded(void **state)
{
	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX + 10; i++)
		expect(i, (uint64_t)i);
	assert_int_equal(pairing.count, PAIRING_WAITING_MAX);
	assert_true(pairing.capacity <= PAIRING_WAITING_MAX);
	assert_int_equal(pairing.session.missing, 10);
	assert_int_equal(see(10, UINT64_MAX - 1), PAIRING_MATCHED);
	check(1, PAIRING_WAITING_MAX + 9, 0, 0);
}

/* However many wait and whatever is seen, what an order costs is bounded: half
 * of those that are open share a settling of all. */
#define COST_MAX (2 * PAIRING_OPEN_TRIGGERS_MAX + 32)

static void the_search_is_bounded(void **state)
{
	const int64_t orders = 20000;

	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX; i++)
		expect(i, (uint64_t)i);
	for (int64_t i = 0; i < orders; i++)
		see(-1 - i, 100000 + (uint64_t)i);
	assert_true(pairing.compared < COST_MAX * (uint64_t)orders);
	assert_true(pairing.session.wrong + PAIRING_OPEN_MAX >=
		    (uint64_t)orders);
	see(orders + 30000, 200000);
	check(1, PAIRING_WAITING_MAX - (uint64_t)orders - 1, 0,
	      (uint64_t)orders);
}

/* Each order that names what it answers is the end of what was open. */
static void named_by_turns_is_bounded(void **state)
{
	const uint64_t pairs = 500;

	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX; i++)
		expect(i, (uint64_t)i);
	for (uint64_t i = 0; i < pairs; i++) {
		const struct pairing_seen named = {
			.order = pairing_steps_order(-1),
			.stamp_ns = 100001 + 2 * i,
			.sequence = 100000,
			.named = true,
		};

		assert_int_equal(see(-1, 100000 + 2 * i), PAIRING_IS_OPEN);
		see_as(&named);
	}
	assert_true(pairing.compared < COST_MAX * 2 * pairs);
	check(0, PAIRING_WAITING_MAX - pairs, pairs, pairs);
}

/* The same order called for again and again is found at once. */
static void equals_are_found_at_once(void **state)
{
	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX; i++)
		expect(i % 2, (uint64_t)i);
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(see(i % 2, 100000 + (uint64_t)i),
				 PAIRING_MATCHED);
	assert_true(pairing.compared < 8 * (PAIRING_WAITING_MAX + 1000));
	check(1000, PAIRING_WAITING_MAX - 1000, 0, 0);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, pairing_steps_close)
	const struct CMUnitTest tests[] = {
		TEST(what_waits_is_bounded),
		TEST(the_search_is_bounded),
		TEST(named_by_turns_is_bounded),
		TEST(equals_are_found_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
