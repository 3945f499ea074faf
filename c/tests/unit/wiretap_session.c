/* SPDX-License-Identifier: MIT */
/* Whose datagrams the oracle takes, and which it believes: as the trader. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"

static struct capture_maker maker;
static struct analysis_result result;

static int setup(void **state)
{
	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static uint16_t tag(uint16_t port)
{
	return (uint16_t)(market_data_session_tag(port) << 4);
}

static void trigger(uint16_t flags)
{
	capture_maker_level(&maker, flags, MARKET_DATA_BID, 100, 1000000);
}

static void book(uint16_t flags)
{
	capture_maker_level(&maker, flags | MARKET_DATA_SNAPSHOT,
			    MARKET_DATA_ASK, 250, 1);
}

static void order(void)
{
	capture_maker_order(&maker, ORDER_BUY, 250);
}

static void end(uint16_t flags)
{
	capture_maker_packet(&maker, flags | MARKET_DATA_END_OF_FEED, NULL, 0);
}

/* One that is not the session's own: its number is not used up. */
static void stray(uint32_t number, uint16_t flags)
{
	const uint32_t sequence = maker.sequence;

	maker.sequence = number;
	trigger(flags);
	maker.sequence = sequence;
}

static void measured(uint64_t matched, unsigned int measure, uint64_t warm_up)
{
	const struct analysis_config config = {
		.measure = measure,
		.warm_up = warm_up,
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(CAPTURE_MAKER_PORT),
			     .sin_addr = { htonl(CAPTURE_MAKER_GROUP) } } },
		.order_port = CAPTURE_MAKER_ORDERS,
		.vlan = ANALYSIS_VLAN_AUTO,
	};
	char reason[ANALYSIS_REASON_MAX];

	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&config, maker.path, &result), 0);
	if (analysis_verdict(&result, true, reason) != ANALYSIS_RIGHT)
		fail_msg("%s", reason);
	assert_int_equal(result.matched, matched);
	assert_int_equal(result.missing + result.extra + result.wrong, 0);
}

static void right(uint64_t matched)
{
	measured(matched, ANALYSIS_MEASURE_ORDERS, 0);
}

/* Numbers that fit, but another session's tag. */
static void others_are_passed_over(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	const uint16_t ours = tag(maker.client_port);
	const uint16_t others = tag(maker.client_port + 1);

	book(ours);
	stray(1, others);
	trigger(ours);
	order();
	stray(2, 0);
	stray(500, others);
	trigger(ours);
	order();
	end(ours);
	capture_maker_disconnect(&maker);
	right(2);
	assert_int_equal(result.foreign, 3);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.gaps, 0);
}

/* Of the client that is connected; then it is so no more. */
static void session_of_one_order(void)
{
	const uint16_t ours = tag(maker.client_port);

	maker.sequence = 0;
	book(ours);
	trigger(ours);
	order();
	end(ours);
	capture_maker_disconnect(&maker);
}

/* What comes before the connection's own feed is another's, whose end may
 * have been seen or not; numbers that go on say nothing. */
static void a_session_begins_by_its_tag(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		maker.client_port += i % 2; /* one port twice, as it happens */
		capture_maker_connect(&maker);
		stray(7, tag(maker.client_port + 100));
		session_of_one_order();
	}
	capture_maker_flush(&maker);
	right(3);
	assert_int_equal(result.sessions, 3);
}

static void client_is(uint16_t port, uint32_t next)
{
	maker.client_port = port;
	maker.client_next = next;
}

/* Who knocks first need not be in first; what still comes of a session that is
 * over begins none. */
static void the_first_in_is_served_first(void **state)
{
	const uint16_t port = maker.client_port;
	uint32_t early, late;

	(void)state;
	capture_maker_syn(&maker);
	early = maker.client_next + 1;
	maker.client_port++;
	capture_maker_connect(&maker);
	late = maker.client_next;
	client_is(port, early);
	capture_maker_server(&maker, FRAME_TCP_SYN | FRAME_TCP_ACK,
			     CAPTURE_MAKER_SERVER_ISN, early);
	capture_maker_client(&maker, FRAME_TCP_ACK, early, NULL, 0);
	client_is(port + 1, late);
	session_of_one_order();
	client_is(port, early);
	session_of_one_order();
	stray(0, tag(port + 1));
	right(2);
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.foreign, 1);
}

static void far_numbers_are_not_believed(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	book(0);
	for (uint32_t i = 0; i < 100; i++) {
		stray(1000000000 + i, 0);
		trigger(0);
		order();
	}
	end(0);
	capture_maker_disconnect(&maker);
	right(100);
	assert_int_equal(result.doubted, 100);
	assert_int_equal(result.gaps, 0);
}

static void an_end_ahead_ends_nothing(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	book(0);
	maker.sequence = 900;
	end(0);
	maker.sequence = 1;
	trigger(0);
	order();
	end(0);
	capture_maker_disconnect(&maker);
	right(1);
	assert_int_equal(result.doubted, 1);
	assert_int_equal(result.end_of_feed, 1);
}

/* Whatever its numbers are, and its tag. */
static void others_than_the_server_are_set_aside(void **state)
{
	uint8_t bytes[64];
	struct frame forged = { .protocol = FRAME_UDP,
				.source = 0x0a090909,
				.destination = CAPTURE_MAKER_GROUP,
				.source_port = 5000,
				.destination_port = CAPTURE_MAKER_PORT,
				.payload = bytes,
				.payload_len = market_data_len(1) };
	struct market_data_header header = { .message_count = 1 };
	const struct market_data_message message = {
		.type = 'U', .side = 'A', .price = 1, .quantity = 1
	};

	(void)state;
	market_data_write(bytes, 0, &message);
	capture_maker_connect(&maker);
	book(0);
	for (int i = 0; i < 10; i++) {
		header.sequence = maker.sequence;
		market_data_write_header(bytes, &header);
		capture_maker_frame(&maker, &forged);
		trigger(0);
		order();
	}
	end(0);
	capture_maker_disconnect(&maker);
	right(10);
	assert_int_equal(result.strangers, 10);
	assert_int_equal(result.packets, 11);
}

/* A session of a few frames, the first of market data so long after the last
 * of its handshake; again: its SYN goes out twice. */
static void session_make(uint64_t pause_ns, bool again)
{
	uint16_t ours;

	maker.client_port++;
	ours = tag(maker.client_port);
	if (again) {
		maker.client_next += 100000;
		capture_maker_syn(&maker);
		maker.client_next -= 100000;
	}
	capture_maker_connect(&maker);
	maker.now_ns += pause_ns;
	maker.sequence = 0;
	book(ours);
	trigger(ours);
	order();
	end(ours);
	capture_maker_disconnect(&maker);
}

/* From the first SYN to number 0: three frames of the handshake and the pause.
 * Those that warm up are judged, and enter nothing. */
static void a_logon_is_from_syn_to_data(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		session_make(i * 100 * CAPTURE_MAKER_STEP_NS, i == 2);
	measured(3, ANALYSIS_MEASURE_LOGON, 1);
	assert_int_equal(result.sessions, 3);
	assert_int_equal(result.logon.count, 2);
	assert_int_equal(latencies_value(&result.logon, "min"),
			 103 * CAPTURE_MAKER_STEP_NS);
	assert_int_equal(latencies_value(&result.logon, "max"),
			 204 * CAPTURE_MAKER_STEP_NS);
	assert_int_equal(result.wire_to_wire.count, 3);
	/* Nobody asked. */
	measured(3, ANALYSIS_MEASURE_ORDERS, 1);
	assert_int_equal(result.logon.count, 0);
	assert_int_equal(result.wire_to_wire.count, 2);
}

/* Where the SYN or number 0 was not seen, how long it took is not known. */
static void half_a_logon_is_none(void **state)
{
	uint16_t ours;

	(void)state;
	capture_maker_server(&maker, FRAME_TCP_SYN | FRAME_TCP_ACK,
			     CAPTURE_MAKER_SERVER_ISN, maker.client_next);
	ours = tag(maker.client_port);
	book(ours);
	trigger(ours);
	order();
	end(ours);
	capture_maker_disconnect(&maker);
	measured(1, ANALYSIS_MEASURE_LOGON, 0);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.logon.count, 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(others_are_passed_over),
		TEST(a_session_begins_by_its_tag),
		TEST(the_first_in_is_served_first),
		TEST(far_numbers_are_not_believed),
		TEST(an_end_ahead_ends_nothing),
		TEST(others_than_the_server_are_set_aside),
		TEST(a_logon_is_from_syn_to_data),
		TEST(half_a_logon_is_none),
	};

	return cmocka_run_group_tests_name("wiretap/session", tests, NULL,
					   NULL);
}
