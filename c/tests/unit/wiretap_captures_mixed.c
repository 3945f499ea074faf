/* SPDX-License-Identifier: MIT */
/* Whatever a tap does to a capture: never is a session called correct in which
 * an order was wrong, nor incorrect in which all were right. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "tests/support/record_list.h"
#include "wiretap/analysis_verdict.h"

#define ROUNDS	   10000
#define TRIGGERS   8
#define CHANGE_MAX 5

#define PROTOCOL_AT (14 + 9)

enum fault { NO_FAULT, MISSING, EXTRA, WRONG_PRICE, FAULTS };

static struct capture_maker maker;
static struct record_list made[FAULTS], list;
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	return random_below(&seed, below);
}

/* The fault is at the second trigger: the last ones a tap may lose together
 * with what shows that they were. */
static void session(enum fault fault)
{
	maker.sequence = 0;
	capture_maker_connect(&maker);
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_BID, 10,
			    1);
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 1000,
			    1);
	for (unsigned int n = 1; n <= TRIGGERS; n++) {
		bool now = n == 2;

		capture_maker_level(&maker, 0, MARKET_DATA_ASK, 1000 - n, 1);
		capture_maker_level(&maker, 0, MARKET_DATA_BID, 10 + n,
				    1000000);
		if (!now || fault != MISSING)
			capture_maker_order(
				&maker, ORDER_BUY,
				1000 - n + 400 * (now && fault == WRONG_PRICE));
		if (now && fault == EXTRA)
			capture_maker_order(&maker, ORDER_BUY, 1000 - n);
		if (n % 2)
			capture_maker_acknowledge(&maker, maker.client_next);
	}
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	capture_maker_disconnect(&maker);
	capture_maker_server(&maker, FRAME_TCP_FIN | FRAME_TCP_ACK,
			     CAPTURE_MAKER_SERVER_ISN + 1, maker.client_next);
}

static int make(void **state)
{
	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	for (int fault = 0; fault < FAULTS; fault++) {
		record_list_begin(&made[fault], &maker);
		session(NO_FAULT);
		maker.client_port++;
		session((enum fault)fault);
		maker.client_port++;
		session(NO_FAULT);
	}
	return 0;
}

static int take_away(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static bool is_datagram(size_t i)
{
	return i < list.count &&
	       list.records[i].bytes[PROTOCOL_AT] == FRAME_UDP;
}

static void merge_some(size_t at)
{
	uint32_t size;

	while (at < list.count && !is_datagram(at))
		at++;
	if (!is_datagram(at) || !is_datagram(at + 1))
		return;
	size = list.records[at].captured_len - 42;
	if (list.records[at].captured_len < list.records[at].wire_len ||
	    list.records[at + 1].captured_len < list.records[at + 1].wire_len ||
	    list.records[at].gso_size > 0 || list.records[at + 1].gso_size > 0)
		return;
	record_merge(&list.records[at], &list.records[at + 1]);
	if (draw(2) && size > 8)
		list.records[at].gso_size = size;
	record_list_remove(&list, at + 1);
}

static void stretch_twice(size_t at)
{
	uint64_t later = draw(4000000);
	size_t count = draw(list.count - at) + 1;

	for (size_t i = 0; i < count && list.count < RECORD_LIST_SIZE; i++) {
		struct record copy = list.records[at + i];

		copy.stamp_ns += later;
		record_list_insert(&list, list.count, &copy);
	}
}

static void change(unsigned int how)
{
	size_t at = draw(list.count);
	struct record *record = &list.records[at];
	struct record copy = *record;

	switch (how) {
	case 0: /* a second sight */
		copy.stamp_ns += draw(3000000);
		record_list_insert(&list, draw(list.count + 1), &copy);
		break;
	case 1: /* written in another place */
		record_list_move(&list, at, draw(list.count));
		break;
	case 2: /* stamped late, or early */
		record->stamp_ns += draw(30000);
		break;
	case 3:
		record->stamp_ns -= draw(30000);
		break;
	case 4:
		record->captured_len -=
			(uint32_t)draw(record->captured_len - 1);
		break;
	case 5:
		record_list_remove(&list, at);
		break;
	case 6:
		merge_some(at);
		break;
	case 7: /* a second tap */
		stretch_twice(at);
		break;
	case 8:
		record->stamp_ns = 0;
		break;
	case 9: /* another network's */
		if (copy.captured_len < copy.wire_len)
			break;
		record_put(&copy, 12, "\x81\0\0\x7", 4);
		copy.bytes[42 + 4] += 77;
		record_list_insert(&list, at, &copy);
		break;
	}
}

static void never_the_wrong_answer(void **state)
{
	static const char *const names[] = { "right", "missing", "extra",
					     "wrong price" };
	const struct analysis_config config = record_list_config();
	unsigned int answers[FAULTS][3] = { 0 };
	char reason[ANALYSIS_REASON_MAX];
	struct analysis_result result;

	(void)state;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		enum fault fault = (enum fault)(round % FAULTS);
		enum analysis_verdict verdict;
		unsigned int changes;

		seed = round;
		list.count = made[fault].count;
		memcpy(list.records, made[fault].records,
		       list.count * sizeof(list.records[0]));
		changes = (unsigned int)draw(CHANGE_MAX);
		while (changes--)
			change((unsigned int)draw(10));
		record_list_judge(&list, &config, &result);
		verdict = analysis_verdict(&result, true, reason);
		answers[fault][verdict]++;
		if (verdict == (fault ? ANALYSIS_RIGHT : ANALYSIS_WRONG))
			fail_msg("round %d, %s: answer %d; %d matched, %d "
				 "missing, %d extra, %d wrong",
				 (int)round, names[fault], verdict,
				 (int)result.matched, (int)result.missing,
				 (int)result.extra, (int)result.wrong);
	}
	/* Who never answers is never wrong either. */
	for (int fault = 0; fault < FAULTS; fault++) {
		unsigned int answered =
			answers[fault][fault ? ANALYSIS_WRONG : ANALYSIS_RIGHT];

		print_message("# %s: %u of %u answered\n", names[fault],
			      answered, ROUNDS / FAULTS);
		assert_true(answered > ROUNDS / FAULTS / 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_the_wrong_answer),
	};

	return cmocka_run_group_tests(tests, make, take_away);
}
