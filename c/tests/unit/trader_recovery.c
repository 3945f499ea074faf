/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "trader/recovery.h"

#define OURS	0x123
#define OTHERS	0x456
#define GIVE_UP 20000
#define AGAIN	1000
#define RETX	RECOVERY_RETRANSMITTED
#define A	0
#define B	1

static struct recovery recovery;
static uint64_t now;
static char happened[4096]; /* what was applied and told, in order */

static void note(const char *what, uint32_t first, uint32_t second)
{
	const size_t len = strlen(happened);

	snprintf(happened + len, sizeof(happened) - len, "%s%s%u",
		 len ? " " : "", what, first);
	if (second)
		snprintf(happened + strlen(happened),
			 sizeof(happened) - strlen(happened), "-%u", second);
}

static void took(const struct recovery_datagram *datagram)
{
	uint32_t number;

	/* Its bytes are its own. */
	memcpy(&number, datagram->data, sizeof(number));
	assert_int_equal(number, datagram->header.sequence);
	assert_int_equal(datagram->user, number + 7);
	note("", number, 0);
}

/* As the trader does. */
static void settle(void)
{
	const struct recovery_datagram *waited;
	struct recovery_told told;
	enum recovery_event event;

	if (!recovery.busy)
		return;
	do {
		while ((waited = recovery_next(&recovery)))
			took(waited);
		event = recovery_event(&recovery, now, &told);
		switch (event) {
		case RECOVERY_GAP:
			note("gap", told.expected, told.got);
			break;
		case RECOVERY_REQUEST:
			note("ask", told.request.first,
			     told.request.first + told.request.count);
			break;
		case RECOVERY_GAVE_UP:
			assert_int_equal(told.request.count, 0);
			assert_int_equal(told.request.first, told.got);
			assert_int_equal(market_data_tag(told.request.flags),
					 recovery.session.tag);
			note("lost", told.expected, told.got);
			assert_int_equal(retransmit_given_up(&told.request),
					 told.count);
			break;
		case RECOVERY_NOTHING:
			break;
		}
	} while (event != RECOVERY_NOTHING);
}

static enum recovery_verdict take(unsigned int source, uint32_t sequence,
				  uint16_t tag, unsigned int flags)
{
	uint8_t bytes[sizeof(struct market_data_header)] = { 0 };
	struct recovery_datagram datagram = {
		.data = bytes,
		.len = sizeof(bytes),
		.source = (uint8_t)source,
		.header = { .sequence = sequence,
			    .flags = (uint16_t)(market_data_tag_flags(tag) |
						flags) },
		.user = (uint64_t)sequence + 7,
	};
	enum recovery_verdict verdict;

	datagram.user = sequence + 7;
	memcpy(bytes, &sequence, sizeof(sequence));
	verdict = recovery_look(&recovery, &datagram.header, source);
	if (verdict == RECOVERY_UNSURE)
		verdict = recovery_take(&recovery, &datagram, now);
	assert_int_not_equal(verdict, RECOVERY_UNSURE);
	if (verdict == RECOVERY_APPLY)
		note("", sequence, 0);
	memset(bytes, 0xff, sizeof(bytes));
	settle();
	return verdict;
}

static enum recovery_verdict data(unsigned int source, uint32_t sequence)
{
	return take(source, sequence, OURS, 0);
}

/* "A0 B1 R2": by line A, by line B, from the retransmitter. */
static void came(const char *text)
{
	unsigned int number;
	char source;
	int used;

	for (; sscanf(text, " %c%u%n", &source, &number, &used) == 2;
	     text += used)
		data(source == 'R' ? RETX : (unsigned int)(source - 'A'),
		     number);
	assert_string_equal(text, "");
}

static void begin(unsigned int lines, bool requests)
{
	const struct recovery_config config = { .lines = lines,
						.requests = requests,
						.give_up_ns = GIVE_UP,
						.again_ns = AGAIN,
						.jump_max = 2 * RECOVERY_HELD };

	recovery_close(&recovery);
	assert_int_equal(recovery_open(&recovery, &config), 0);
	recovery_begin(&recovery, OURS);
	now = 1000000;
	happened[0] = '\0';
}

static void expect(const char *text)
{
	const struct recovery_counts *counts = &recovery.counts;

	assert_string_equal(happened, text);
	happened[0] = '\0';
	if (!recovery.busy)
		assert_int_equal(counts->missing, counts->filled +
							  counts->recovered +
							  counts->given_up);
}

/* It was doubted when what it waits for was: each second one of a thousand that
 * wait was lost. */
static void near_is_counted_from_what_has_come(void **state)
{
	const uint32_t end = 4 * SESSION_JUMP_MAX;

	(void)state;
	begin(1, true);
	recovery.session.jump_max = SESSION_JUMP_MAX;
	came("A0");
	for (uint32_t number = 2; number < end; number++)
		assert_int_equal(data(A, number), RECOVERY_WAITS);
	assert_int_equal(data(A, end + SESSION_JUMP_MAX), RECOVERY_WAITS);
	assert_int_equal(data(A, end + 3 * SESSION_JUMP_MAX), RECOVERY_DOUBTED);
	assert_int_equal(recovery.counts.missing, 1 + SESSION_JUMP_MAX);
	happened[0] = '\0';
}

static int teardown(void **state)
{
	(void)state;
	recovery_close(&recovery);
	return 0;
}

static void later(uint64_t ns)
{
	now += ns;
	settle();
}

static void one_line_without_requests_waits_for_nothing(void **state)
{
	(void)state;
	begin(1, false);
	assert_int_equal(data(A, 0), RECOVERY_APPLY);
	assert_int_equal(data(A, 3), RECOVERY_APPLY);
	assert_int_equal(data(A, 1), RECOVERY_LATE);
	assert_int_equal(data(A, 4), RECOVERY_APPLY);
	expect("0 3 gap1-3 4");
	assert_int_equal(recovery.counts.given_up, 2);
	assert_int_equal(recovery.counts.gaps, 1);
	assert_int_equal(recovery.line[A].first, 3);
	assert_int_equal(recovery.line[A].late, 1);
	assert_null(recovery.memory);
	assert_true(recovery_due_ns(&recovery) == UINT64_MAX);
	/* And goes back with a run of two. */
	came("A3000000 A3000001");
	expect("3000001 gap5-3000001");
	came("A5 A6");
	expect("6 gap3000002-6");
}

static void in_order_nothing_is_copied_or_timed(void **state)
{
	(void)state;
	begin(2, true);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(data(A, i), RECOVERY_APPLY);
		assert_int_equal(data(B, i), RECOVERY_LATE);
		assert_true(recovery_due_ns(&recovery) == UINT64_MAX);
	}
	expect("0 1 2 3 4");
	assert_int_equal(recovery.line[A].first, 5);
	assert_int_equal(recovery.line[B].late, 5);
	assert_int_equal(recovery.line[A].missing + recovery.line[B].missing,
			 0);
}

static void what_is_missing_is_asked_for_and_waited_for(void **state)
{
	(void)state;
	begin(1, true);
	data(A, 0);
	assert_int_equal(data(A, 3), RECOVERY_WAITS);
	assert_int_equal(data(A, 4), RECOVERY_WAITS);
	expect("0 gap1-3 ask1-3");
	now += 600;
	assert_int_equal(data(RETX, 2), RECOVERY_WAITS);
	assert_int_equal(data(RETX, 1), RECOVERY_APPLY);
	assert_int_equal(data(RETX, 1), RECOVERY_LATE);
	assert_int_equal(data(A, 5), RECOVERY_APPLY);
	expect("1 2 3 4 5");
	assert_int_equal(recovery.counts.recovered, 2);
	assert_int_equal(recovery.counts.fills, 1);
	assert_int_equal(recovery.counts.fill_max_ns, 600);
	assert_int_equal(recovery.line[A].missing, 2);
	assert_true(recovery_due_ns(&recovery) == UINT64_MAX);
}

static void a_late_one_fills_and_is_taken_once(void **state)
{
	(void)state;
	begin(1, true);
	came("A0 A2");
	assert_int_equal(data(A, 2), RECOVERY_LATE);
	assert_int_equal(data(A, 1), RECOVERY_APPLY);
	assert_int_equal(data(RETX, 1), RECOVERY_LATE);
	expect("0 gap1-2 ask1-2 1 2");
	assert_int_equal(recovery.counts.filled, 1);
	assert_int_equal(recovery.line[A].missing, 0);
}

static void a_request_is_made_again(void **state)
{
	(void)state;
	begin(1, true);
	came("A0 A2");
	expect("0 gap1-2 ask1-2");
	assert_int_equal(recovery_due_ns(&recovery), now + AGAIN);
	later(AGAIN - 1);
	/* However much comes meanwhile. */
	data(A, 3);
	expect("");
	later(1);
	expect("ask1-2");
	data(A, 5);
	expect("gap4-5 ask4-5");
	later(AGAIN);
	expect("ask1-2 ask4-5");
	assert_int_equal(recovery.counts.requested, 5);
}

static void what_does_not_come_is_given_up(void **state)
{
	(void)state;
	begin(1, true);
	came("A0 A2");
	now += GIVE_UP / 2;
	data(A, 4);
	happened[0] = '\0';
	later(GIVE_UP / 2);
	/* Each in its own time. */
	expect("lost1-2 2 ask3-4");
	assert_int_equal(data(RETX, 1), RECOVERY_LATE);
	assert_int_equal(recovery.counts.too_late, 1);
	later(GIVE_UP / 2);
	expect("lost3-4 4");
	assert_true(recovery_due_ns(&recovery) == UINT64_MAX);
	assert_int_equal(recovery.counts.fills, 0);
	data(A, 5);
	expect("5");
}

static void a_late_joiner_asks_piece_by_piece(void **state)
{
	(void)state;
	begin(1, true);
	assert_int_equal(data(A, 200), RECOVERY_WAITS);
	expect("gap0-200 ask0-64");
	for (uint32_t i = 0; i < 200; i++) {
		now += GIVE_UP / 2; /* as long as there is progress */
		assert_int_equal(data(RETX, i), RECOVERY_APPLY);
	}
	assert_non_null(strstr(happened, " 199 200"));
	assert_null(strstr(happened, "lost"));
	assert_int_equal(recovery.counts.recovered, 200);
	assert_false(recovery.busy);
}

static void beyond_the_slots_it_is_asked_for_again(void **state)
{
	const uint32_t last = RECOVERY_HELD + 100;
	uint32_t applied = 0;

	(void)state;
	begin(1, true);
	data(A, 0);
	for (uint32_t i = 2; i <= last; i++)
		assert_int_equal(data(A, i), RECOVERY_WAITS);
	for (uint32_t i = 1; recovery.busy && i < 2 * last; i++) {
		happened[0] = '\0';
		assert_int_equal(data(RETX, recovery.session.expected),
				 RECOVERY_APPLY);
		applied++;
	}
	assert_int_equal(recovery.session.expected, last + 1);
	assert_in_range(applied, 101, 102);
	assert_int_equal(recovery.counts.given_up, 0);
}

static void of_two_lines_the_first_copy_is_taken(void **state)
{
	(void)state;
	begin(2, false);
	came("A0 B0 A2");
	assert_int_equal(data(B, 1), RECOVERY_APPLY);
	expect("0 gap1-2 1 2");
	came("B2 B3 A4");
	expect("3 4");
	data(B, 4);
	/* Both have lost 5: nobody waits for it. */
	data(A, 6);
	expect("gap5-6");
	data(B, 6);
	expect("lost5-6 6");
	assert_int_equal(recovery.line[A].missing, 3);
	assert_int_equal(recovery.line[B].missing, 1);
	assert_int_equal(recovery.line[A].first, 4);
	assert_int_equal(recovery.line[B].first, 2);
	assert_int_equal(recovery.line[B].late, 4);
	assert_int_equal(recovery.counts.filled, 1);
}

static void a_line_that_is_silent_is_waited_for_so_long(void **state)
{
	(void)state;
	begin(2, false);
	came("A0 A2");
	later(GIVE_UP - 1);
	expect("0 gap1-2");
	later(1);
	expect("lost1-2 2");
	recovery_settle(&recovery, 3);
	assert_int_equal(recovery.line[B].missing, 3);
	assert_int_equal(recovery.line[A].missing, 1);
}

static void two_lines_ask_when_both_lack_it(void **state)
{
	(void)state;
	begin(2, true);
	came("A0 B0 A2");
	expect("0 gap1-2");
	assert_int_equal(recovery_due_ns(&recovery), now + AGAIN);
	data(B, 3);
	expect("ask1-2");
	data(RETX, 1);
	expect("1 2 3");
	/* Or after a while. */
	data(A, 5);
	expect("gap4-5");
	later(AGAIN);
	expect("ask4-5");
	data(B, 4);
	expect("4 5");
}

static void full_slots_without_requests_cost_what_is_missing(void **state)
{
	(void)state;
	begin(2, false);
	data(A, 0);
	for (uint32_t i = 2; i <= RECOVERY_HELD; i++)
		data(A, i);
	happened[0] = '\0';
	assert_int_equal(recovery.session.expected, 1);
	assert_int_equal(data(A, RECOVERY_HELD + 1), RECOVERY_WAITS);
	assert_memory_equal(happened, "lost1-2 2 3 4", 13);
	assert_int_equal(recovery.session.expected, RECOVERY_HELD + 2);
	assert_int_equal(recovery.counts.given_up, 1);
	assert_false(recovery.busy);
}

static void numbers_wrap(void **state)
{
	for (unsigned int lines = 1; lines <= 2; lines++) {
		(void)state;
		begin(lines, true);
		recovery_begin(&recovery, 0);
		take(A, UINT32_MAX - 1, 0, 0);
		take(A, 1, 0, 0);
		if (lines == 2)
			take(B, 2, 0, 0);
		take(RETX, 0, 0, 0);
		take(RETX, UINT32_MAX, 0, 0);
		assert_non_null(strstr(happened, "4294967295 0 1"));
		assert_int_equal(recovery.counts.recovered, 2);
		assert_false(recovery.busy);
	}
}

static void an_end_behind_a_gap_waits(void **state)
{
	(void)state;
	begin(1, true);
	data(A, 0);
	assert_int_equal(take(A, 2, OURS, MARKET_DATA_END_OF_FEED),
			 RECOVERY_WAITS);
	assert_int_equal(take(A, 2, OURS, MARKET_DATA_END_OF_FEED),
			 RECOVERY_LATE);
	expect("0 gap1-2 ask1-2");
	data(RETX, 1);
	expect("1 2");
	/* The end of a session that does not say whose is doubted. */
	begin(1, true);
	take(A, 0, 0, 0);
	assert_int_equal(take(A, 2, 0, MARKET_DATA_END_OF_FEED),
			 RECOVERY_DOUBTED);
	expect("0");
}

static void other_sessions_are_passed_over(void **state)
{
	(void)state;
	begin(1, true);
	/* Untold ones are ours until ours are told. */
	take(A, 70, 0, 0);
	take(A, 72, 0, 0);
	expect("70 gap71-72 ask71-72");
	data(A, 0);
	assert_int_equal(take(A, 71, 0, 0), RECOVERY_FOREIGN);
	assert_int_equal(take(RETX, 1, OTHERS, 0), RECOVERY_FOREIGN);
	assert_int_equal(take(A, 90, OTHERS, 0), RECOVERY_FOREIGN);
	data(A, 1);
	expect("0 1");
	assert_false(recovery.busy);
	/* What waited is not ours. */
	assert_int_equal(data(A, 72), RECOVERY_WAITS);
}

static void far_numbers_are_doubted(void **state)
{
	(void)state;
	begin(1, true);
	data(A, 0);
	assert_int_equal(data(A, 900000), RECOVERY_DOUBTED);
	came("A1 A3");
	happened[0] = '\0';
	assert_int_equal(data(A, 900000), RECOVERY_DOUBTED);
	/* A run of two is believed; what is far is given up. */
	assert_int_equal(data(A, 900001), RECOVERY_WAITS);
	assert_memory_equal(happened, "gap4-900001 lost2-3 3 lost4-32772", 33);
	/* What is near may be had yet. */
	assert_null(strstr(happened, " 900001"));
	later(GIVE_UP);
	assert_non_null(strstr(happened, "-900001 900001"));
	happened[0] = '\0';
	data(A, 900002);
	expect("900002");
	/* And back. */
	came("A4 A5 A6");
	expect("5 gap900003-5 6");
}

static void goes_on(uint32_t next, uint32_t count)
{
	const struct retransmit_request notice =
		retransmit_notice(next, count, market_data_tag_flags(OURS));

	recovery_goes_on(&recovery, &notice, now);
}

static void who_looks_on_goes_on_with_the_trader(void **state)
{
	(void)state;
	begin(1, true);
	recovery.give_up_ns = UINT64_MAX;
	came("A0 A2 A4");
	happened[0] = '\0';
	later(100 * GIVE_UP);
	assert_null(strstr(happened, "lost"));
	happened[0] = '\0';
	goes_on(2, 1);
	settle();
	expect("lost1-2 2 ask3-4");
	assert_int_equal(recovery.counts.raced, 0);
	/* It came in time here, but not there. */
	data(RETX, 3);
	goes_on(4, 1);
	settle();
	assert_int_equal(recovery.counts.raced, 1);
	expect("3 4");
	/* Told twice. */
	goes_on(2, 1);
	assert_int_equal(recovery.counts.raced, 1);
	/* More is missing than was seen here. */
	goes_on(9, 4);
	settle();
	expect("gap5-9 lost5-9");
	data(A, 9);
	expect("9");
}

/* Nobody gives up so much by one notice: it is somebody else's. */
static void a_notice_from_far_ahead_is_none(void **state)
{
	(void)state;
	begin(1, true);
	recovery.give_up_ns = UINT64_MAX;
	came("A0 A1");
	happened[0] = '\0';
	goes_on(2 + RETRANSMIT_GIVEN_UP_MAX + 1, 1);
	goes_on(2 + (1U << 30), 1);
	settle();
	expect("");
	came("A2");
	expect("2");
	assert_int_equal(recovery.counts.given_up, 0);
	goes_on(3 + RETRANSMIT_GIVEN_UP_MAX, RETRANSMIT_GIVEN_UP_MAX);
	settle();
	assert_int_equal(recovery.counts.given_up, RETRANSMIT_GIVEN_UP_MAX);
}

static void a_new_session_has_nothing_of_the_old_one(void **state)
{
	(void)state;
	begin(2, true);
	came("A0 A2");
	recovery_begin(&recovery, OTHERS);
	assert_false(recovery.busy);
	happened[0] = '\0';
	assert_int_equal(data(B, 1), RECOVERY_FOREIGN);
	take(B, 0, OTHERS, 0);
	take(A, 0, OTHERS, 0);
	take(A, 1, OTHERS, 0);
	expect("0 1");
	assert_int_equal(recovery.counts.given_up, 1);
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_line_without_requests_waits_for_nothing),
		TEST(in_order_nothing_is_copied_or_timed),
		TEST(what_is_missing_is_asked_for_and_waited_for),
		TEST(a_late_one_fills_and_is_taken_once),
		TEST(a_request_is_made_again),
		TEST(what_does_not_come_is_given_up),
		TEST(a_late_joiner_asks_piece_by_piece),
		TEST(beyond_the_slots_it_is_asked_for_again),
		TEST(of_two_lines_the_first_copy_is_taken),
		TEST(a_line_that_is_silent_is_waited_for_so_long),
		TEST(two_lines_ask_when_both_lack_it),
		TEST(full_slots_without_requests_cost_what_is_missing),
		TEST(numbers_wrap),
		TEST(an_end_behind_a_gap_waits),
		TEST(other_sessions_are_passed_over),
		TEST(far_numbers_are_doubted),
		TEST(near_is_counted_from_what_has_come),
		TEST(who_looks_on_goes_on_with_the_trader),
		TEST(a_notice_from_far_ahead_is_none),
		TEST(a_new_session_has_nothing_of_the_old_one),
	};

	return cmocka_run_group_tests_name("trader/recovery", tests, NULL,
					   NULL);
}
