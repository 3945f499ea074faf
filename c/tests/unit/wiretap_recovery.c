/* SPDX-License-Identifier: MIT */
/* The oracle of a trader that waits for what is missing, and of two lines. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"

#define STEP_NS	   CAPTURE_MAKER_STEP_NS
#define RECOVER_MS 20
#define APART_NS   (2 * CLOCK_NS_PER_S) /* beyond any race */

static struct capture_maker maker;
static struct analysis_config config;
static struct analysis_result result;
static uint16_t ours;

static int setup(void **state)
{
	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	config = (struct analysis_config){
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(CAPTURE_MAKER_PORT),
			     .sin_addr = { htonl(CAPTURE_MAKER_GROUP) } } },
		.order_port = CAPTURE_MAKER_ORDERS,
		.vlan = ANALYSIS_VLAN_AUTO,
		.recover = ANALYSIS_RECOVER_REQUEST,
		.recover_ms = RECOVER_MS,
	};
	capture_maker_connect(&maker);
	ours = market_data_tag_flags(
		market_data_session_tag(maker.client_port));
	return 0;
}

static int setup_two_lines(void **state)
{
	setup(state);
	config.recover = ANALYSIS_RECOVER_NONE;
	config.group[1] = config.group[0];
	config.group[1].sin_addr.s_addr = htonl(CAPTURE_MAKER_GROUP_B);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static void trigger(void)
{
	capture_maker_level(&maker, ours, MARKET_DATA_BID, 100, 1000000);
}

static void ask(uint64_t price)
{
	capture_maker_level(&maker, ours, MARKET_DATA_ASK, price, 1);
}

static void order(int64_t price)
{
	capture_maker_order(&maker, ORDER_BUY, price);
}

static void end(void)
{
	capture_maker_packet(&maker, ours | MARKET_DATA_END_OF_FEED, NULL, 0);
}

/* The next datagrams are the retransmitter's, from that number on; `next`: on
 * the line again. */
static void answers(uint32_t number)
{
	maker.answers = true;
	maker.sequence = number;
	ours |= MARKET_DATA_RETRANSMITTED;
}

static void line(uint32_t group, uint32_t number)
{
	maker.answers = false;
	maker.group = group;
	maker.sequence = number;
	ours &= (uint16_t)~MARKET_DATA_RETRANSMITTED;
}

static void request(uint32_t first, uint16_t count)
{
	capture_maker_ask(&maker, &(struct retransmit_request){
					  .first = first,
					  .count = count,
					  .flags = ours & MARKET_DATA_TAG });
}

static void notice(uint32_t next, uint32_t piece)
{
	const struct retransmit_request told =
		retransmit_notice(next, piece, ours & MARKET_DATA_TAG);

	capture_maker_ask(&maker, &told);
}

static void over(void)
{
	end();
	capture_maker_disconnect(&maker);
}

static void judge(enum analysis_verdict wanted, const char *why)
{
	char reason[ANALYSIS_REASON_MAX];

	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&config, maker.path, &result), 0);
	if (analysis_verdict(&result, true, reason) != wanted ||
	    (why && !strstr(reason, why)))
		fail_msg("verdict %d, %s; missing %d, extra %d, wrong %d",
			 analysis_verdict(&result, true, reason), reason,
			 (int)result.missing, (int)result.extra,
			 (int)result.wrong);
}

static void right(uint64_t matched)
{
	judge(ANALYSIS_RIGHT, NULL);
	assert_int_equal(result.matched, matched);
	assert_int_equal(result.open_gaps, 0);
}

/* One that was lost, and what came behind it. */
static void lose_one(void)
{
	ask(250); /* 0 */
	maker.sequence++;
	ask(240);  /* 2 */
	trigger(); /* 3 */
}

/* What waited is called for by the frame that lets it go on. */
static void filled(void **state)
{
	(void)state;
	lose_one();
	request(1, 1);
	answers(1);
	trigger();
	order(250);
	order(240);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	right(2);
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.lost_packets, 0);
	assert_int_equal(result.packets, 4);
	assert_int_equal(result.recovery.missing, 1);
	assert_int_equal(result.recovery.recovered, 1);
	assert_int_equal(result.recovery.given_up, 0);
	assert_int_equal(result.recovery.requests, 1);
	assert_int_equal(result.recovery.fills, 1);
	assert_int_equal(result.recovery.fill_max_ns, 3 * STEP_NS);
	assert_int_equal(result.wire_to_wire.count, 2);
	assert_int_equal(latencies_value(&result.wire_to_wire, "min"), STEP_NS);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
			 2 * STEP_NS);
}

/* The trader stood still, and asked when it went on: what it holds itself is
 * less than what had come to its sockets meanwhile. */
static void filled_late(void **state)
{
	(void)state;
	lose_one();
	for (int i = 0; i < 3 * RECOVERY_HELD; i++)
		ask(260);
	request(1, 1);
	answers(1);
	trigger();
	order(250);
	order(240);
	line(CAPTURE_MAKER_GROUP, 4 + 3 * RECOVERY_HELD);
	over();
	right(2);
	assert_int_equal(result.lost_packets, 0);
	assert_int_equal(result.recovery.recovered, 1);
}

/* The trader sends its order too early, of what has to wait. */
static void did_not_wait(void **state)
{
	(void)state;
	lose_one();
	order(240);
	request(1, 1);
	answers(1);
	trigger();
	order(250);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	judge(ANALYSIS_WRONG, NULL);
}

/* Told nothing of it, as before. */
static void without_recovery(void **state)
{
	(void)state;
	lose_one();
	request(1, 1);
	answers(1);
	trigger();
	order(250);
	order(240);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	config.recover = ANALYSIS_RECOVER_NONE;
	judge(ANALYSIS_UNJUDGED, "1 gaps are in the market data");
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.lost_packets, 1);
	assert_int_equal(result.reordered, 0);
	assert_int_equal(result.recovery.requests, 0);
}

/* It was not sent, as was wanted: who does not wait goes on without it. */
static void lost_on_purpose(void **state)
{
	(void)state;
	lose_one();
	order(240);
	over();
	config.recover = ANALYSIS_RECOVER_NONE;
	judge(ANALYSIS_UNJUDGED, "1 gaps are in the market data");
	config.impaired = true;
	right(1);
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.lost_packets, 1);
	assert_int_equal(result.recovery.given_up, 1);
	assert_int_equal(result.line[0].missing, 1);
}

/* An order that what was lost would call for, or would have changed. */
static void lost_on_purpose_and_wrong(void **state)
{
	(void)state;
	lose_one();
	order(250);
	over();
	config.recover = ANALYSIS_RECOVER_NONE;
	config.impaired = true;
	judge(ANALYSIS_WRONG, NULL);
}

/* 1 comes behind 2, and then an order. */
static void swap_two(int64_t price)
{
	ask(250);
	maker.sequence = 2;
	trigger();
	order(250);
	maker.sequence = 1;
	ask(240);
	maker.sequence = 3;
	trigger();
	order(price);
	over();
	config.recover = ANALYSIS_RECOVER_NONE;
}

static void swapped_on_purpose(void **state)
{
	(void)state;
	swap_two(250);
	judge(ANALYSIS_UNJUDGED, NULL);
	config.impaired = true;
	right(2);
	assert_int_equal(result.reordered, 1);
	assert_int_equal(result.lost_packets, 1);
}

/* And captured twice each: what came late is no second loss less. */
static void swapped_on_purpose_and_seen_twice(void **state)
{
	(void)state;
	maker.sights = 2;
	swap_two(250);
	config.impaired = true;
	right(2);
	assert_int_equal(result.reordered, 1);
	assert_int_equal(result.lost_packets, 1);
}

/* By a trader that believes what came too late. */
static void swapped_on_purpose_and_wrong(void **state)
{
	(void)state;
	swap_two(240);
	config.impaired = true;
	judge(ANALYSIS_WRONG, NULL);
}

static void given_up(void **state)
{
	(void)state;
	lose_one();
	request(1, 1);
	notice(2, 1);
	order(240);
	trigger();
	order(240);
	over();
	right(2);
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.lost_packets, 1);
	assert_int_equal(result.recovery.given_up, 1);
	assert_int_equal(result.recovery.raced, 0);
	assert_int_equal(result.notices, 1);
	/* No frame called for the first. */
	assert_int_equal(result.unmeasured, 1);
	assert_int_equal(result.wire_to_wire.count, 1);
}

static void given_up_too_early(void **state)
{
	(void)state;
	lose_one();
	order(240);
	notice(2, 1);
	over();
	judge(ANALYSIS_UNJUDGED, "stamped before what calls for them");
}

/* It was here before the notice: the trader may have had it, or not. */
static void race(void)
{
	lose_one();
	request(1, 1);
	answers(1);
	ask(230);
	line(CAPTURE_MAKER_GROUP, 4);
	notice(2, 1);
}

static void raced(void **state)
{
	(void)state;
	race();
	order(240);
	over();
	judge(ANALYSIS_UNJUDGED, "1 times the trader gave up");
	assert_int_equal(result.recovery.raced, 1);
	assert_int_equal(result.missing + result.extra + result.wrong, 0);
}

static void raced_and_right(void **state)
{
	(void)state;
	race();
	order(230);
	over();
	right(1);
	assert_int_equal(result.recovery.raced, 1);
}

/* Neither came, nor was it given up: nobody knows. */
static void left_open(void **state)
{
	(void)state;
	lose_one();
	request(1, 1);
	order(240);
	over();
	judge(ANALYSIS_UNJUDGED, "1 gaps are in the market data");
}

/* Another trader's notice, and one of no session. */
static void others_notices(void **state)
{
	const uint16_t own = ours;

	(void)state;
	lose_one();
	ours = market_data_tag_flags(market_data_tag(own) ^ 1);
	notice(2, 1);
	request(1, 1);
	ours = 0;
	notice(2, 1);
	ours = own;
	answers(1);
	trigger();
	order(250);
	order(240);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	right(2);
	assert_int_equal(result.notices, 0);
	assert_int_equal(result.recovery.requests, 0);
}

/* Nor of somebody at the trader's address with its tag, whose answers are not
 * the trader's either. */
static void beside_the_trader(void **state)
{
	(void)state;
	lose_one();
	maker.asks_from = maker.client_port + 1;
	request(1, 1);
	answers(1);
	trigger();
	line(CAPTURE_MAKER_GROUP, 4);
	notice(2, 1);
	maker.asks_from = 0;
	order(240);
	over();
	judge(ANALYSIS_UNJUDGED, "1 gaps are in the market data");
	assert_int_equal(result.matched, 0);
	assert_int_equal(result.notices, 0);
	assert_int_equal(result.recovery.requests, 0);
	assert_int_equal(result.recovery.recovered, 0);
	assert_int_equal(result.beside, 3);
}

static void late_joiner(void **state)
{
	(void)state;
	maker.sequence = 2;
	trigger();
	request(0, 2);
	answers(1);
	ask(240);
	answers(0);
	ask(250);
	order(240);
	line(CAPTURE_MAKER_GROUP, 3);
	over();
	right(1);
	assert_false(result.joined_mid_session);
	assert_int_equal(result.recovery.recovered, 2);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"), STEP_NS);
}

static void end_behind_a_gap(void **state)
{
	(void)state;
	ask(250);
	maker.sequence = 2;
	end();
	request(1, 1);
	maker.sequence = 2;
	end();
	answers(1);
	trigger();
	order(250);
	line(CAPTURE_MAKER_GROUP, 2);
	over();
	right(1);
	assert_int_equal(result.end_of_feed, 1);
	assert_int_equal(result.duplicates, 2);
	assert_int_equal(result.recovery.recovered, 1);
}

/* The flag alone makes no other bytes of them. */
static void answered_twice(void **state)
{
	(void)state;
	lose_one();
	answers(1);
	ask(230);
	answers(1);
	ask(230);
	answers(2);
	ask(240);
	order(230);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	right(1);
	assert_int_equal(result.conflicting, 0);
	assert_int_equal(result.duplicates, 2);
	assert_int_equal(result.line[RECOVERY_RETRANSMITTED].late, 2);
}

static void answered_otherwise(void **state)
{
	(void)state;
	lose_one();
	answers(1);
	ask(230);
	answers(2);
	ask(241);
	order(230);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	judge(ANALYSIS_UNJUDGED, "one number and different bytes");
}

static void answer_cut(void **state)
{
	(void)state;
	lose_one();
	maker.snap_len = 60;
	answers(1);
	ask(230);
	maker.snap_len = 0;
	order(230);
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	judge(ANALYSIS_UNJUDGED, "1 frames are cut");
}

/* Each on both, but for what one of them lost. */
static void two_lines(void **state)
{
	(void)state;
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	trigger(); /* 1, not on A */
	order(250);
	line(CAPTURE_MAKER_GROUP, 2);
	ask(240); /* 2, not on B */
	trigger();
	order(240);
	line(CAPTURE_MAKER_GROUP_B, 3);
	trigger();
	end();
	line(CAPTURE_MAKER_GROUP, 4);
	over();
	right(2);
	assert_int_equal(result.gaps, 0);
	assert_int_equal(result.packets, 4);
	assert_int_equal(result.line[0].first, 3);
	assert_int_equal(result.line[0].late, 1);
	assert_int_equal(result.line[0].missing, 1);
	assert_int_equal(result.line[1].first, 2);
	assert_int_equal(result.line[1].late, 2);
	assert_int_equal(result.line[1].missing, 1);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"), STEP_NS);
}

/* What one lost waits for the other. */
static void two_lines_wait(void **state)
{
	(void)state;
	ask(250); /* 0 */
	maker.sequence++;
	trigger(); /* 2 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	ask(240); /* 1 */
	order(240);
	trigger();
	end();
	line(CAPTURE_MAKER_GROUP, 3);
	over();
	right(1);
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.recovery.filled, 1);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"), STEP_NS);
}

static void lose_on_both(void)
{
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	line(CAPTURE_MAKER_GROUP, 2);
	trigger();
	line(CAPTURE_MAKER_GROUP_B, 2);
	trigger(); /* both have passed 1 */
	order(250);
}

static void lost_on_both(void **state)
{
	(void)state;
	lose_on_both();
	over();
	right(1);
	assert_int_equal(result.lost_packets, 1);
	assert_int_equal(result.recovery.given_up, 1);
	/* It was a frame that let it go on. */
	assert_int_equal(result.unmeasured, 0);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"), STEP_NS);
}

/* The trader may have seen the copies in another order. */
static void lost_on_both_and_late(void **state)
{
	(void)state;
	lose_on_both();
	line(CAPTURE_MAKER_GROUP_B, 1);
	ask(240);
	line(CAPTURE_MAKER_GROUP, 3);
	trigger();
	order(240);
	over();
	judge(ANALYSIS_UNJUDGED, "times the trader gave up");
	assert_int_equal(result.reordered, 1);
}

/* What one line swaps the other has lost, and passes so much later. */
static void swap_and_lose(uint64_t later_ns)
{
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	line(CAPTURE_MAKER_GROUP, 2);
	trigger();
	maker.sequence = 1;
	ask(240);
	maker.now_ns += later_ns;
	line(CAPTURE_MAKER_GROUP_B, 2);
	trigger();
}

/* Who looked at B between the two of A gave it up. */
static void swapped_on_one_and_lost_on_the_other(void **state)
{
	(void)state;
	swap_and_lose(0);
	order(250);
	over();
	judge(ANALYSIS_UNJUDGED, "1 times the trader gave up");
	assert_int_equal(result.recovery.raced, 1);
	assert_int_equal(result.missing + result.extra + result.wrong, 0);
}

static void swapped_on_one_and_right(void **state)
{
	(void)state;
	swap_and_lose(0);
	order(240);
	over();
	right(1);
	assert_int_equal(result.recovery.raced, 1);
}

/* Nobody looks at a line so late. */
static void swapped_long_before_and_wrong(void **state)
{
	(void)state;
	swap_and_lose(APART_NS);
	order(250);
	over();
	judge(ANALYSIS_WRONG, NULL);
	assert_int_equal(result.recovery.raced, 0);
}

static void lost_on_both_and_long_late_and_wrong(void **state)
{
	(void)state;
	lose_on_both();
	maker.now_ns += APART_NS;
	line(CAPTURE_MAKER_GROUP_B, 1);
	ask(240);
	line(CAPTURE_MAKER_GROUP, 3);
	trigger();
	order(240);
	over();
	judge(ANALYSIS_WRONG, NULL);
	assert_int_equal(result.recovery.raced, 0);
}

/* In its order on one of them: whoever looks in whatever order has it. */
static void swapped_on_one_alone_and_wrong(void **state)
{
	(void)state;
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	line(CAPTURE_MAKER_GROUP, 2);
	trigger();
	maker.sequence = 1;
	ask(240);
	line(CAPTURE_MAKER_GROUP_B, 1);
	ask(240);
	trigger();
	order(250);
	over();
	judge(ANALYSIS_WRONG, NULL);
	assert_int_equal(result.recovery.raced, 0);
}

/* A silent line is not waited for for ever. */
static void by_timer(void **state)
{
	(void)state;
	lose_one();
	maker.now_ns += (RECOVER_MS + 1) * CLOCK_NS_PER_MS;
	order(240);
	over();
	right(1);
	assert_int_equal(result.unmeasured, 1);
	assert_int_equal(result.recovery.given_up, 1);
}

static void by_timer_too_early(void **state)
{
	(void)state;
	lose_one();
	maker.now_ns += (RECOVER_MS - 1) * CLOCK_NS_PER_MS;
	order(240);
	maker.now_ns += 2 * CLOCK_NS_PER_MS;
	over();
	judge(ANALYSIS_UNJUDGED, "stamped before what calls for them");
}

/* Both: the other line, and requests. */
static void two_lines_and_requests(void **state)
{
	(void)state;
	config.recover = ANALYSIS_RECOVER_REQUEST;
	config.retransmit_port = CAPTURE_MAKER_RETRANSMITTER;
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP_B, 0);
	ask(250);
	line(CAPTURE_MAKER_GROUP, 2);
	trigger();
	line(CAPTURE_MAKER_GROUP_B, 2);
	trigger(); /* not given up: asked for */
	request(1, 1);
	answers(1);
	ask(240);
	order(240);
	line(CAPTURE_MAKER_GROUP, 3);
	over();
	right(1);
	assert_int_equal(result.recovery.recovered, 1);
	assert_int_equal(result.line[0].missing, 1);
	assert_int_equal(result.line[1].missing, 1);
}

/* Each session begins anew, also with what waits in the one before. */
static void sessions(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		if (i > 0) {
			maker.client_port++;
			capture_maker_connect(&maker);
			ours = market_data_tag_flags(
				market_data_session_tag(maker.client_port));
		}
		line(CAPTURE_MAKER_GROUP, 0);
		lose_one();
		answers(1);
		trigger();
		order(250);
		order(240);
		line(CAPTURE_MAKER_GROUP, 4);
		over();
	}
	right(6);
	assert_int_equal(result.sessions, 3);
	assert_int_equal(result.gaps, 3);
	assert_int_equal(result.recovery.recovered, 3);
	assert_int_equal(result.line[0].missing, 3);
}

/* Half the way round, so with the low bits of one that was seen. */
static void half_way_round(void **state)
{
	(void)state;
	ask(250); /* 0 */
	line(CAPTURE_MAKER_GROUP, 1U << 31);
	end();
	line(CAPTURE_MAKER_GROUP, 1);
	trigger();
	order(250);
	over();
	right(1);
	assert_int_equal(result.doubted, 1);
	assert_int_equal(result.duplicates, 0);
	assert_int_equal(result.conflicting, 0);
}

#define CASE(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)
#define TWO(function) \
	cmocka_unit_test_setup_teardown(function, setup_two_lines, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(filled),
		CASE(filled_late),
		CASE(did_not_wait),
		CASE(without_recovery),
		CASE(lost_on_purpose),
		CASE(lost_on_purpose_and_wrong),
		CASE(swapped_on_purpose),
		CASE(swapped_on_purpose_and_seen_twice),
		CASE(swapped_on_purpose_and_wrong),
		CASE(given_up),
		CASE(given_up_too_early),
		CASE(raced),
		CASE(raced_and_right),
		CASE(left_open),
		CASE(others_notices),
		CASE(beside_the_trader),
		CASE(late_joiner),
		CASE(end_behind_a_gap),
		CASE(answered_twice),
		CASE(answered_otherwise),
		CASE(answer_cut),
		CASE(sessions),
		CASE(half_way_round),
		TWO(two_lines),
		TWO(two_lines_wait),
		TWO(lost_on_both),
		TWO(lost_on_both_and_late),
		TWO(swapped_on_one_and_lost_on_the_other),
		TWO(swapped_on_one_and_right),
		TWO(swapped_long_before_and_wrong),
		TWO(lost_on_both_and_long_late_and_wrong),
		TWO(swapped_on_one_alone_and_wrong),
		TWO(by_timer),
		TWO(by_timer_too_early),
		TWO(two_lines_and_requests),
	};

	return cmocka_run_group_tests_name("wiretap/recovery", tests, NULL,
					   NULL);
}
