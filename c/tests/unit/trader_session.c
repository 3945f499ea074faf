/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "trader/session.h"

#define OURS   0x123
#define OTHERS 0x456
#define FAR    UINT32_C(1000000000)

static struct session session;

static enum session_verdict take(uint32_t sequence, unsigned int tag,
				 unsigned int flags)
{
	const struct market_data_header header = {
		.sequence = sequence,
		.flags = (uint16_t)(tag << 4 | flags),
	};

	return session_take(&session, &header);
}

static enum session_verdict data(uint32_t sequence)
{
	return take(sequence, 0, 0);
}

static enum session_verdict end(uint32_t sequence)
{
	return take(sequence, 0, MARKET_DATA_END_OF_FEED);
}

static int setup(void **state)
{
	(void)state;
	session_begin(&session, 0, 1000);
	return 0;
}

static void the_first_number_is_no_gap(void **state)
{
	static const uint32_t firsts[] = { 0, 3, FAR, UINT32_MAX };

	for (size_t i = 0; i < 4; i++) {
		setup(state);
		assert_int_equal(data(firsts[i]), SESSION_IN_ORDER);
		assert_int_equal(data(firsts[i] + 1), SESSION_IN_ORDER);
		assert_int_equal(data(firsts[i]), SESSION_DUPLICATE);
	}
}

/* Unless the session tells itself: its numbers begin with 0, and who hears it
 * late has missed what came before. */
static void what_a_told_session_began_with_is_missed(void **state)
{
	static const uint32_t firsts[] = { 3, 1001, FAR, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		session_begin(&session, OURS, 1000);
		assert_int_equal(take(firsts[i], OURS, 0), SESSION_GAP);
		assert_int_equal(session.lost, firsts[i]);
		assert_int_equal(take(firsts[i] + 1, OURS, 0),
				 SESSION_IN_ORDER);
	}
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(0, OURS, 0), SESSION_IN_ORDER);
	/* What was heard before was another's. */
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(7, 0, 0), SESSION_IN_ORDER);
	assert_int_equal(take(2, OURS, 0), SESSION_GAP);
	assert_int_equal(session.lost, 2);
	assert_int_equal(take(8, 0, 0), SESSION_FOREIGN);
	/* Even where its number is the next of those. */
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(7, 0, 0), SESSION_IN_ORDER);
	assert_int_equal(take(8, OURS, 0), SESSION_GAP);
	assert_int_equal(session.lost, 8);
	assert_int_equal(take(9, OURS, 0), SESSION_IN_ORDER);
	/* All but the end. */
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(9, OURS, MARKET_DATA_END_OF_FEED), SESSION_GAP);
	assert_int_equal(session.lost, 9);
}

static void near_numbers_are_gaps(void **state)
{
	(void)state;
	assert_int_equal(data(0), SESSION_IN_ORDER);
	assert_int_equal(data(2), SESSION_GAP);
	assert_int_equal(session.lost, 1);
	assert_int_equal(data(1), SESSION_DUPLICATE);
	assert_int_equal(data(3), SESSION_IN_ORDER);
	assert_int_equal(data(4 + 1000), SESSION_GAP);
	assert_int_equal(session.lost, 1000);
	/* And across the end of the numbers. */
	setup(state);
	data(UINT32_MAX - 1);
	assert_int_equal(data(1), SESSION_GAP);
	assert_int_equal(session.lost, 2);
	assert_int_equal(data(UINT32_MAX), SESSION_DUPLICATE);
}

/* Untold; and late ones are late however near ahead is. */
static void what_is_near_is_bounded(void **state)
{
	(void)state;
	session_begin(&session, 0, 0);
	data(0);
	assert_int_equal(data(1 + SESSION_JUMP_MAX), SESSION_GAP);
	assert_int_equal(data(2 + SESSION_JUMP_MAX + SESSION_JUMP_MAX + 1),
			 SESSION_DOUBTED);
	setup(state);
	data(FAR);
	assert_int_equal(data(FAR + 1 - SESSION_LATE_MAX), SESSION_DUPLICATE);
	assert_int_equal(data(FAR - SESSION_LATE_MAX), SESSION_DOUBTED);
	session_begin(&session, 0, 2 * SESSION_LATE_MAX);
	data(FAR);
	assert_int_equal(data(FAR - SESSION_LATE_MAX), SESSION_DUPLICATE);
	assert_int_equal(data(FAR + 1 + 2 * SESSION_LATE_MAX), SESSION_GAP);
}

/* One and the same number is told three times, and has no next. */
static void an_end_that_waits_is_believed_when_it_is_far(void **state)
{
	(void)state;
	session_begin(&session, OURS, 1000);
	session.ends_wait = true;
	take(0, OURS, 0);
	assert_int_equal(take(FAR, OURS, MARKET_DATA_END_OF_FEED),
			 SESSION_DOUBTED);
	assert_int_equal(take(FAR, OURS, MARKET_DATA_END_OF_FEED),
			 SESSION_DOUBTED);
	assert_int_equal(take(FAR, OURS, MARKET_DATA_END_OF_FEED), SESSION_GAP);
	assert_int_equal(session.lost, FAR - 1);
	assert_int_equal(take(FAR + 3, OURS, MARKET_DATA_END_OF_FEED),
			 SESSION_GAP);
}

static void one_far_number_is_not_believed(void **state)
{
	static const uint32_t numbers[] = { FAR, UINT32_MAX - FAR, 1002,
					    1u << 31 };

	(void)state;
	data(0);
	for (uint32_t i = 0; i < 3008; i++) {
		assert_int_equal(data(numbers[i % 4] + i), SESSION_DOUBTED);
		assert_int_equal(data(i + 1), SESSION_IN_ORDER);
	}
}

static void a_run_of_two_is(void **state)
{
	(void)state;
	data(0);
	assert_int_equal(data(FAR), SESSION_DOUBTED);
	assert_int_equal(data(FAR), SESSION_DOUBTED);
	assert_int_equal(data(FAR + 1), SESSION_GAP);
	assert_int_equal(session.lost, FAR);
	assert_int_equal(data(FAR + 2), SESSION_IN_ORDER);
	/* And back again, if the numbers go on where they were. */
	assert_int_equal(data(1), SESSION_DOUBTED);
	assert_int_equal(data(2), SESSION_GAP);
	assert_int_equal(session.lost, 0);
	assert_int_equal(data(3), SESSION_IN_ORDER);
}

static void only_consecutive_ones_make_a_run(void **state)
{
	(void)state;
	data(0);
	assert_int_equal(data(FAR), SESSION_DOUBTED);
	assert_int_equal(data(FAR + 2), SESSION_DOUBTED);
	assert_int_equal(end(FAR + 3), SESSION_DOUBTED);
	assert_int_equal(data(FAR + 3), SESSION_DOUBTED);
	assert_int_equal(data(1), SESSION_IN_ORDER);
	assert_int_equal(data(FAR + 4), SESSION_DOUBTED);
	assert_int_equal(data(3), SESSION_GAP);
	assert_int_equal(data(FAR + 5), SESSION_DOUBTED);
}

static void an_end_must_be_the_next(void **state)
{
	(void)state;
	data(0);
	assert_int_equal(end(0), SESSION_DUPLICATE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(end(7), SESSION_DOUBTED);
	assert_int_equal(data(1), SESSION_IN_ORDER);
	assert_int_equal(end(FAR), SESSION_DOUBTED);
	assert_int_equal(end(2), SESSION_IN_ORDER);
}

static void an_end_behind_a_loss_is_believed_when_repeated(void **state)
{
	(void)state;
	data(0);
	assert_int_equal(end(7), SESSION_DOUBTED);
	assert_int_equal(end(7), SESSION_DOUBTED);
	assert_int_equal(end(7), SESSION_GAP);
	assert_int_equal(session.lost, 6);
	/* All that was heard of an untold session; unless it had nothing. */
	setup(state);
	assert_int_equal(end(0), SESSION_IN_ORDER);
	setup(state);
	assert_int_equal(end(9000), SESSION_DOUBTED);
	assert_int_equal(end(9000), SESSION_DOUBTED);
	assert_int_equal(end(9000), SESSION_IN_ORDER);
}

static void other_sessions_are_foreign(void **state)
{
	(void)state;
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(5000, OTHERS, 0), SESSION_FOREIGN);
	assert_int_equal(take(5001, OTHERS, MARKET_DATA_END_OF_FEED),
			 SESSION_FOREIGN);
	assert_int_equal(take(0, OURS, 0), SESSION_IN_ORDER);
	assert_int_equal(take(1, OTHERS, 0), SESSION_FOREIGN);
	assert_int_equal(take(1, 0, 0), SESSION_FOREIGN);
	assert_int_equal(take(1, OURS, MARKET_DATA_SNAPSHOT), SESSION_IN_ORDER);
	assert_int_equal(take(2, OURS, MARKET_DATA_END_OF_FEED),
			 SESSION_IN_ORDER);
}

/* Who sends no tags is heard; but what was untold before ours was others'. */
static void untold_ones_are_ours_until_ours_are_told(void **state)
{
	(void)state;
	session_begin(&session, OURS, 1000);
	assert_int_equal(data(700), SESSION_IN_ORDER);
	assert_int_equal(data(701), SESSION_IN_ORDER);
	assert_int_equal(take(0, OURS, 0), SESSION_IN_ORDER);
	assert_int_equal(take(1, OURS, 0), SESSION_IN_ORDER);
	assert_int_equal(data(702), SESSION_FOREIGN);
	/* A feed without a datagram has an end. */
	session_begin(&session, OURS, 1000);
	assert_int_equal(take(0, OURS, MARKET_DATA_END_OF_FEED),
			 SESSION_IN_ORDER);
}

static void without_a_tag_of_ours_all_are(void **state)
{
	(void)state;
	assert_int_equal(take(0, OURS, 0), SESSION_IN_ORDER);
	assert_int_equal(take(1, OTHERS, 0), SESSION_IN_ORDER);
	assert_int_equal(take(2, 0, 0), SESSION_IN_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_first_number_is_no_gap, setup),
		cmocka_unit_test_setup(what_a_told_session_began_with_is_missed,
				       setup),
		cmocka_unit_test_setup(near_numbers_are_gaps, setup),
		cmocka_unit_test_setup(what_is_near_is_bounded, setup),
		cmocka_unit_test_setup(
			an_end_that_waits_is_believed_when_it_is_far, setup),
		cmocka_unit_test_setup(one_far_number_is_not_believed, setup),
		cmocka_unit_test_setup(a_run_of_two_is, setup),
		cmocka_unit_test_setup(only_consecutive_ones_make_a_run, setup),
		cmocka_unit_test_setup(an_end_must_be_the_next, setup),
		cmocka_unit_test_setup(
			an_end_behind_a_loss_is_believed_when_repeated, setup),
		cmocka_unit_test_setup(other_sessions_are_foreign, setup),
		cmocka_unit_test_setup(untold_ones_are_ours_until_ours_are_told,
				       setup),
		cmocka_unit_test_setup(without_a_tag_of_ours_all_are, setup),
	};

	return cmocka_run_group_tests_name("trader/session", tests, NULL, NULL);
}
