/* SPDX-License-Identifier: MIT */
/* Orders called for that are like one near: counted, and the faults among
 * them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/support/pairing_steps.h"

static int matched(void *context, const struct pairing_trigger *trigger,
		   uint64_t order_ns)
{
	(void)context;
	assert_true(order_ns >= trigger->stamp_ns);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return pairing_steps_open(matched);
}

/* Of all that was called for, and of the faults: after the end of it all. */
static void check_ambiguous(uint64_t triggers, uint64_t faults)
{
	pairing_end(&pairing, &pairing_steps_known);
	assert_int_equal(pairing.total.ambiguous, triggers);
	assert_int_equal(pairing.total.ambiguous_faults, faults);
}

static void see_all(const int64_t *prices, size_t count, uint64_t stamp_ns)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(see(prices[i], stamp_ns + 10 * i),
				 PAIRING_MATCHED);
}

static void unlike_ones_are_not_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	see_all((const int64_t[]){ 1, 2 }, 2, 250);
	check_ambiguous(0, 0);
}

static void equal_ones_that_wait_are_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	expect(1, 300);
	expect(1, 400);
	see_all((const int64_t[]){ 1, 2, 1, 1 }, 4, 500);
	check_ambiguous(3, 0);
}

/* An order that comes for the first one once more looks like the second's. */
static void one_like_an_answered_one_is_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	see(1, 200);
	expect(1, 200 + PAIRING_NEAR_NS);
	see(1, 300 + PAIRING_NEAR_NS);
	check_ambiguous(2, 0);
}

static void one_long_after_is_not_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	see(1, 200);
	expect(1, 201 + PAIRING_NEAR_NS);
	see(1, 300 + PAIRING_NEAR_NS);
	check_ambiguous(0, 0);
}

static void what_was_answered_is_forgotten_in_the_end(void **state)
{
	(void)state;
	for (int64_t i = 0; i <= PAIRING_TAKEN_MAX; i++) {
		expect(i, 1000 + 10 * (uint64_t)i);
		see(i, 1005 + 10 * (uint64_t)i);
	}
	expect(0, 5000);
	expect(1, 5001);
	see_all((const int64_t[]){ 0, 1 }, 2, 5010);
	check_ambiguous(2, 0); /* 1, twice */
}

/* Two are called for and one is seen: which of them is missing? */
static void a_missing_one_of_two_equals_is_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	see(1, 300);
	check_ambiguous(2, 1);
	assert_int_equal(pairing.total.missing, 1);
}

/* The first was given up, since the order behind it was seen, before the second
 * was called for. */
static void a_fault_may_turn_out_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	see(2, 300);
	expect(1, 400);
	see(1, 500);
	check_ambiguous(2, 1);
}

static void an_extra_one_beside_equals_is_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	see_all((const int64_t[]){ 1, 1 }, 2, 300);
	assert_int_equal(see(1, 350), PAIRING_EXTRA);
	assert_int_equal(see(7, 360), PAIRING_EXTRA);
	check_ambiguous(2, 1);
}

static void a_wrong_answer_to_one_of_two_equals_is_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	assert_int_equal(see(7, 300), PAIRING_IS_OPEN);
	see(1, 400);
	check_ambiguous(2, 1);
	assert_int_equal(pairing.total.wrong, 1);
}

static void other_faults_are_not_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	see_all((const int64_t[]){ 1, 1 }, 2, 300);
	expect(2, 400);
	expect(3, 500);
	see(3, 600);
	check_ambiguous(2, 0);
	assert_int_equal(pairing.total.missing, 1);
}

static void a_fault_taken_back_is_not_ambiguous(void **state)
{
	struct pairing_ending doubtful = pairing_steps_known;

	(void)state;
	doubtful.doubtful = true;
	expect(1, 100);
	expect(1, 200);
	see(1, 300);
	assert_int_equal(pairing_end(&pairing, &doubtful), 0);
	assert_int_equal(pairing.total.ambiguous, 2);
	assert_int_equal(pairing.total.ambiguous_faults, 0);
}

/* Books are others in a new session. */
static void another_sessions_are_not_near(void **state)
{
	(void)state;
	expect(1, 100);
	see(1, 200);
	pairing_end(&pairing, &pairing_steps_known);
	expect(1, 300);
	see(1, 400);
	check_ambiguous(0, 0);
}

/* An order that names the datagram of that stamp. */
static enum pairing_seen_as see_named(int64_t price, uint32_t sequence,
				      uint64_t stamp_ns)
{
	const struct pairing_seen seen = { .order = pairing_steps_order(price),
					   .stamp_ns = stamp_ns,
					   .sequence = sequence,
					   .named = true };

	return see_as(&seen);
}

/* By what is in it the order would answer the first. */
static void a_name_tells_equal_ones_apart(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	expect(1, 300);
	assert_int_equal(see_named(1, 200, 350), PAIRING_MATCHED);
	assert_int_equal(pairing.session.missing, 1);
	assert_int_equal(see_named(1, 200, 360), PAIRING_EXTRA);
	assert_int_equal(see_named(1, 300, 370), PAIRING_MATCHED);
	check_ambiguous(0, 0);
	assert_int_equal(pairing.total.missing, 1);
	assert_int_equal(pairing.total.extra, 1);
	assert_int_equal(pairing.total.matched, 2);
}

/* Nor does it answer what it does not name, though that is equal. */
static void a_name_is_all_that_counts(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	expect(3, 300);
	assert_int_equal(see_named(3, 250, 350), PAIRING_EXTRA);
	assert_int_equal(see_named(3, 400, 360), PAIRING_EXTRA);
	assert_int_equal(see_named(3, 99, 365), PAIRING_EXTRA);
	assert_int_equal(see_named(1, 200, 370), PAIRING_WRONG);
	assert_int_equal(pairing.session.missing, 1);
	assert_int_equal(see_named(3, 300, 380), PAIRING_MATCHED);
	check_ambiguous(0, 0);
}

/* Of a datagram that calls for several. */
static void a_datagram_may_call_for_several(void **state)
{
	struct pairing_trigger trigger = { .sequence = 7, .stamp_ns = 100 };

	(void)state;
	for (int64_t price = 1; price <= 3; price++) {
		trigger.order = pairing_steps_order(price);
		assert_int_equal(pairing_expect(&pairing, &trigger), 0);
	}
	assert_int_equal(see_named(1, 7, 200), PAIRING_MATCHED);
	assert_int_equal(see_named(3, 7, 210), PAIRING_MATCHED);
	assert_int_equal(pairing.session.missing, 1);
	assert_int_equal(see_named(2, 7, 220), PAIRING_EXTRA);
}

/* The numbers of datagrams go around. */
static void names_wrap(void **state)
{
	struct pairing_trigger trigger = { .order = pairing_steps_order(1),
					   .stamp_ns = 100 };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		trigger.sequence = UINT32_MAX - 1 + i;
		assert_int_equal(pairing_expect(&pairing, &trigger), 0);
	}
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(see_named(1, UINT32_MAX - 1 + i, 200 + i * 10),
				 PAIRING_MATCHED);
	check_ambiguous(0, 0);
}

/* Where some say nothing it is as ever. */
static void one_without_a_name_is_ambiguous(void **state)
{
	(void)state;
	expect(1, 100);
	expect(1, 200);
	assert_int_equal(see_named(1, 100, 250), PAIRING_MATCHED);
	assert_int_equal(see(1, 260), PAIRING_MATCHED);
	check_ambiguous(2, 0);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, pairing_steps_close)
	const struct CMUnitTest tests[] = {
		TEST(unlike_ones_are_not_ambiguous),
		TEST(a_name_tells_equal_ones_apart),
		TEST(a_name_is_all_that_counts),
		TEST(a_datagram_may_call_for_several),
		TEST(names_wrap),
		TEST(one_without_a_name_is_ambiguous),
		TEST(equal_ones_that_wait_are_ambiguous),
		TEST(one_like_an_answered_one_is_ambiguous),
		TEST(one_long_after_is_not_ambiguous),
		TEST(what_was_answered_is_forgotten_in_the_end),
		TEST(a_missing_one_of_two_equals_is_ambiguous),
		TEST(a_fault_may_turn_out_ambiguous),
		TEST(an_extra_one_beside_equals_is_ambiguous),
		TEST(a_wrong_answer_to_one_of_two_equals_is_ambiguous),
		TEST(other_faults_are_not_ambiguous),
		TEST(a_fault_taken_back_is_not_ambiguous),
		TEST(another_sessions_are_not_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
