/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "exchange/retransmitter.h"

#define MEMORY 8
#define TAG    0xabc
#define TRADER 0x0a4d0002
#define NOW_NS (50 * CLOCK_NS_PER_S)

static struct retransmitter retransmitter;
static const struct retransmitter_peer trader = { TRADER, 40000 };

static int begin(void **state)
{
	(void)state;
	assert_int_equal(retransmitter_open(&retransmitter, MEMORY), 0);
	retransmitter_begin(&retransmitter, TAG, &trader);
	return 0;
}

static int end(void **state)
{
	(void)state;
	retransmitter_close(&retransmitter);
	return 0;
}

/* A datagram of that number, as long as its number has it. */
static size_t make(uint32_t sequence, uint8_t *bytes)
{
	const uint16_t messages =
		(uint16_t)(sequence % (MARKET_DATA_MESSAGES_MAX + 1));
	const struct market_data_header header = {
		.sequence = sequence,
		.message_count = messages,
		.flags = market_data_tag_flags(TAG) | MARKET_DATA_SNAPSHOT,
	};

	market_data_write_header(bytes, &header);
	for (unsigned int i = 0; i < messages; i++)
		market_data_write(bytes, i,
				  &(struct market_data_message){
					  .type = MARKET_DATA_UPDATE,
					  .price = sequence,
					  .order_id = i });
	return market_data_len(messages);
}

static void keep(uint32_t sequence)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	size_t len = make(sequence, bytes);

	retransmitter_keep(&retransmitter, sequence, bytes, len);
}

static int ask_as(const struct retransmitter_peer *from, uint16_t tag,
		  uint32_t first, uint16_t count)
{
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];

	retransmit_request_write(
		bytes, &(struct retransmit_request){
			       first, count, market_data_tag_flags(tag) });
	return retransmitter_ask(&retransmitter, bytes, sizeof(bytes), from);
}

static int ask(uint32_t first, uint16_t count)
{
	return ask_as(&trader, TAG, first, count);
}

/* The next answer is this one, byte for byte but for the flag. */
static void answers(uint32_t sequence)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	size_t len = make(sequence, bytes);
	const struct retransmitter_answer *answer =
		retransmitter_next(&retransmitter, NOW_NS);

	assert_non_null(answer);
	bytes[6] |= MARKET_DATA_RETRANSMITTED;
	assert_int_equal(answer->len, len);
	assert_memory_equal(answer->bytes, bytes, len);
	/* The arena's pages are larger than the ring. */
	assert_true(answer->bytes + len <=
		    (uint8_t *)retransmitter.bytes.base +
			    (retransmitter.memory + 1) *
				    MARKET_DATA_DATAGRAM_MAX);
	assert_int_equal(answer->to.address, TRADER);
	assert_int_equal(answer->to.port, trader.port);
}

static void no_answer(void)
{
	assert_null(retransmitter_next(&retransmitter, NOW_NS));
	assert_int_equal(retransmitter_due_ns(&retransmitter), UINT64_MAX);
}

static void what_was_kept_is_had(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		keep(i);
	assert_int_equal(retransmitter_due_ns(&retransmitter), UINT64_MAX);
	assert_int_equal(ask(1, 3), 0);
	assert_true(retransmitter_due_ns(&retransmitter) <= NOW_NS);
	for (uint32_t i = 1; i < 4; i++)
		answers(i);
	no_answer();
	assert_int_equal(retransmitter.counts.requests, 1);
	assert_int_equal(retransmitter.counts.answered, 3);
}

static void what_was_forgotten_or_is_not_yet_is_not_had(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3 * MEMORY + 1; i++)
		keep(i);
	assert_int_equal(ask(2 * MEMORY - 3, 5), 0);
	answers(2 * MEMORY + 1);
	no_answer();
	assert_int_equal(retransmitter.counts.unknown, 4);
	assert_int_equal(ask(3 * MEMORY, 3), 0);
	answers(3 * MEMORY);
	no_answer();
	assert_int_equal(retransmitter.counts.unknown, 6);
}

/* Bytes go round the end of their ring many times; each of the last ones is
 * whole. */
static void the_ring_of_bytes_goes_round(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		keep(i);
		if (i < MEMORY)
			continue;
		assert_int_equal(ask(i - MEMORY + 1, MEMORY), 0);
		retransmitter.budget.due_ns = 0;
		for (uint32_t j = i - MEMORY + 1; j != i + 1; j++)
			answers(j);
		no_answer();
	}
	/* The longest ones alone, for which there is just room. */
	for (uint32_t i = 1000; i < 1000 + 3 * MEMORY; i++) {
		uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];

		memset(bytes, (int)i, sizeof(bytes));
		retransmitter_keep(&retransmitter, i, bytes, sizeof(bytes));
	}
	assert_int_equal(ask(1000 + 2 * MEMORY, MEMORY), 0);
	retransmitter.budget.due_ns = 0;
	for (uint32_t i = 1000 + 2 * MEMORY; i < 1000 + 3 * MEMORY; i++) {
		const struct retransmitter_answer *answer =
			retransmitter_next(&retransmitter, NOW_NS);

		assert_non_null(answer);
		assert_int_equal(answer->len, MARKET_DATA_DATAGRAM_MAX);
		assert_int_equal(answer->bytes[0], (uint8_t)i);
		assert_int_equal(answer->bytes[answer->len - 1], (uint8_t)i);
	}
}

static void numbers_wrap(void **state)
{
	(void)state;
	for (uint32_t i = UINT32_MAX - 2; i != 4; i++)
		keep(i);
	assert_int_equal(ask(UINT32_MAX - 4, 9), 0);
	for (uint32_t i = UINT32_MAX - 2; i != 4; i++)
		answers(i);
	no_answer();
	assert_int_equal(retransmitter.counts.unknown, 2);
}

static void another_number_forgets_all_before(void **state)
{
	(void)state;
	keep(0);
	keep(1);
	keep(100);
	assert_int_equal(ask(0, 2), 0);
	assert_int_equal(ask(99, 3), 0);
	answers(100);
	no_answer();
}

/* A formatter's own format has no flags that are ours. */
static void another_format_is_left_as_it_is(void **state)
{
	static const uint8_t bytes[] = "its own format";
	const struct retransmitter_answer *answer;

	(void)state;
	retransmitter_keep(&retransmitter, 0, bytes, sizeof(bytes));
	assert_int_equal(ask(0, 1), 0);
	answer = retransmitter_next(&retransmitter, NOW_NS);
	assert_non_null(answer);
	assert_int_equal(answer->len, sizeof(bytes));
	assert_memory_equal(answer->bytes, bytes, sizeof(bytes));
}

static void nobody_else_is_answered(void **state)
{
	const struct retransmitter_peer stranger = { TRADER + 1, 40000 };
	uint8_t bytes[RETRANSMIT_REQUEST_LEN + 1] = { 0 };

	(void)state;
	keep(0);
	assert_int_equal(ask_as(&stranger, TAG, 0, 1), -EPERM);
	assert_int_equal(ask_as(&trader, TAG + 1, 0, 1), -ESTALE);
	assert_int_equal(ask_as(&trader, 0, 0, 1), -ESTALE);
	for (size_t len = 0; len <= sizeof(bytes); len++)
		if (len != RETRANSMIT_REQUEST_LEN)
			assert_int_equal(retransmitter_ask(&retransmitter,
							   bytes, len, &trader),
					 -EBADMSG);
	no_answer();
	assert_int_equal(retransmitter.counts.strangers, 1);
	assert_int_equal(retransmitter.counts.foreign, 2);
	assert_int_equal(retransmitter.counts.malformed,
			 RETRANSMIT_REQUEST_LEN + 1);
	assert_int_equal(retransmitter.counts.requests, 0);
}

static void a_notice_is_counted(void **state)
{
	(void)state;
	keep(0);
	assert_int_equal(ask(0, 0), 0);
	no_answer();
	assert_int_equal(retransmitter.counts.notices, 1);
	assert_int_equal(retransmitter.counts.requests, 0);
}

static void a_session_knows_nothing_of_the_one_before(void **state)
{
	(void)state;
	keep(0);
	assert_int_equal(ask(0, 1), 0);
	retransmitter_end(&retransmitter);
	no_answer();
	assert_int_equal(ask(0, 1), -EPERM);
	retransmitter_begin(&retransmitter, TAG + 1, &trader);
	assert_int_equal(retransmitter.counts.strangers, 0);
	assert_int_equal(ask(0, 1), -ESTALE);
	assert_int_equal(ask_as(&trader, TAG + 1, 0, 1), 0);
	no_answer();
	assert_int_equal(retransmitter.counts.unknown, 1);
}

/* Answers until there is none at that time. */
static unsigned int taken(uint64_t now_ns)
{
	unsigned int count = 0;

	while (retransmitter_next(&retransmitter, now_ns))
		count++;
	return count;
}

static void a_request_has_so_many_and_no_more(void **state)
{
	(void)state;
	retransmitter_close(&retransmitter);
	assert_int_equal(retransmitter_open(&retransmitter, 4096), 0);
	retransmitter_begin(&retransmitter, TAG, &trader);
	for (uint32_t i = 0; i < 4096; i++)
		keep(i);
	assert_int_equal(ask(0, UINT16_MAX), 0);
	assert_int_equal(taken(NOW_NS), RETRANSMITTER_ANSWER_MAX);
	no_answer();
}

static void all_requests_share_a_budget(void **state)
{
	const uint64_t each_ns = CLOCK_NS_PER_S / RETRANSMITTER_PER_S;
	unsigned int count = 0;

	(void)state;
	retransmitter_close(&retransmitter);
	assert_int_equal(retransmitter_open(&retransmitter, 4096), 0);
	retransmitter_begin(&retransmitter, TAG, &trader);
	for (uint32_t i = 0; i < 4096; i++)
		keep(i);
	for (uint32_t i = 0; i < 20; i++)
		ask(i * 100, UINT16_MAX);
	assert_int_equal(retransmitter.counts.requests,
			 RETRANSMITTER_WAITING_MAX);
	assert_int_equal(retransmitter.counts.crowded,
			 20 - RETRANSMITTER_WAITING_MAX);
	assert_int_equal(taken(NOW_NS), RETRANSMITTER_AT_ONCE);
	assert_int_equal(retransmitter_due_ns(&retransmitter),
			 NOW_NS + each_ns);
	assert_int_equal(taken(NOW_NS + 10 * each_ns), 10);
	/* A flood for a second. */
	for (uint64_t ns = NOW_NS; ns < NOW_NS + CLOCK_NS_PER_S;
	     ns += CLOCK_NS_PER_S / 10000) {
		ask((uint32_t)(ns % 4000), 1000);
		count += taken(ns);
	}
	assert_in_range(count, RETRANSMITTER_PER_S - 100, RETRANSMITTER_PER_S);
}

static void the_same_request_waits_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MEMORY; i++)
		keep(i);
	assert_int_equal(ask(0, 2), 0);
	assert_int_equal(ask(0, 2), -EALREADY);
	assert_int_equal(ask(0, 3), 0);
	assert_int_equal(taken(NOW_NS), 5);
	assert_int_equal(retransmitter.counts.repeated, 1);
	assert_int_equal(ask(0, 2), 0);
	assert_int_equal(taken(NOW_NS), 2);
}

/* The same address, another port each. */
static void others_beside_the_trader_wait_for_it(void **state)
{
	struct retransmitter_peer other = trader;
	const struct retransmitter_answer *answer;

	(void)state;
	for (uint32_t i = 0; i < MEMORY; i++)
		keep(i);
	for (unsigned int i = 0; i < 2 * RETRANSMITTER_WAITING_MAX; i++) {
		other.port++;
		assert_int_equal(ask_as(&other, TAG, 0, 2),
				 i < RETRANSMITTER_WAITING_MAX ? 0 : -EBUSY);
	}
	other.port = trader.port + 1;
	answer = retransmitter_next(&retransmitter, NOW_NS);
	assert_int_equal(answer->to.port, other.port);
	/* In the midst of another's. */
	assert_int_equal(ask(2, 2), 0);
	answers(2);
	answers(3);
	answer = retransmitter_next(&retransmitter, NOW_NS);
	assert_int_equal(answer->to.port, other.port);
	assert_int_equal(ask(4, 1), 0);
	answers(4);
	assert_int_equal(taken(NOW_NS), 2 * RETRANSMITTER_WAITING_MAX - 2);
	no_answer();
}

static void memory_is_rounded_up(void **state)
{
	(void)state;
	retransmitter_close(&retransmitter);
	assert_int_equal(retransmitter_open(&retransmitter, 0), -EINVAL);
	assert_int_equal(retransmitter_open(&retransmitter,
					    RETRANSMITTER_MEMORY_MAX + 1),
			 -EINVAL);
	assert_int_equal(retransmitter_open(&retransmitter, 5), 0);
	retransmitter_begin(&retransmitter, TAG, &trader);
	for (uint32_t i = 0; i < 100; i++)
		keep(i);
	assert_int_equal(ask(0, 64), 0);
	assert_int_equal(ask(64, 64), 0);
	for (uint32_t i = 92; i < 100; i++)
		answers(i);
	no_answer();
	retransmitter_close(&retransmitter);
	/* One that is not open keeps nothing. */
	keep(0);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(what_was_kept_is_had),
		CASE(what_was_forgotten_or_is_not_yet_is_not_had),
		CASE(the_ring_of_bytes_goes_round),
		CASE(numbers_wrap),
		CASE(another_number_forgets_all_before),
		CASE(another_format_is_left_as_it_is),
		CASE(nobody_else_is_answered),
		CASE(a_notice_is_counted),
		CASE(a_session_knows_nothing_of_the_one_before),
		CASE(a_request_has_so_many_and_no_more),
		CASE(all_requests_share_a_budget),
		CASE(the_same_request_waits_once),
		CASE(others_beside_the_trader_wait_for_it),
		CASE(memory_is_rounded_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
