/* SPDX-License-Identifier: MIT */
/* Orders and market data over RDMA, as the oracle sees and judges them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "tests/support/roce_maker.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_verdict.h"

static struct capture_maker maker;
static struct roce_maker roce;
static struct analysis_result result;
static char reason[ANALYSIS_REASON_MAX];

static int setup(void **state)
{
	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	roce = (struct roce_maker){ .write = false };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

/* A datagram of the group, by RDMA. */
static void data(uint16_t flags, const struct market_data_message *message)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	const struct market_data_header header = {
		.sequence = maker.sequence++,
		.message_count = message ? 1 : 0,
		.flags = (uint16_t)(flags | market_data_tag_flags(
						    market_data_session_tag(
							    roce.client_port))),
	};

	market_data_write_header(bytes, &header);
	if (message)
		market_data_write(bytes, 0, message);
	roce_maker_datagram(&roce, CAPTURE_MAKER_PORT, bytes,
			    market_data_len(header.message_count));
}

static void level(uint16_t flags, enum market_data_side side, uint64_t price,
		  uint64_t quantity)
{
	const struct market_data_message message = {
		.type = MARKET_DATA_UPDATE,
		.side = (uint8_t)side,
		.price = price * (uint64_t)DECIMAL_ONE,
		.quantity = quantity * (uint64_t)DECIMAL_ONE,
	};

	data(flags, &message);
}

static void order_bytes(uint8_t bytes[static ORDER_LEN], int64_t price)
{
	const struct order order = { .quantity = 1,
				     .price = price * DECIMAL_ONE,
				     .side = ORDER_BUY };

	order_write(&order, bytes);
}

static void order(int64_t price)
{
	uint8_t bytes[ORDER_LEN];

	order_bytes(bytes, price);
	roce_maker_send(&roce, bytes, sizeof(bytes));
}

static void trigger(void)
{
	level(0, MARKET_DATA_BID, 100, 1000000);
}

static void begin(void)
{
	roce_maker_connect(&roce, &maker);
	maker.sequence = 0;
	level(MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 250, 1);
}

static void end(void)
{
	data(MARKET_DATA_END_OF_FEED, NULL);
	roce_maker_disconnect(&roce, ROCE_TO_SERVER);
	roce_maker_disconnect(&roce, ROCE_TO_CLIENT);
}

static enum analysis_verdict judged(void)
{
	const struct analysis_config config = {
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(CAPTURE_MAKER_PORT),
			     .sin_addr = { htonl(CAPTURE_MAKER_GROUP) } } },
		.order_port = CAPTURE_MAKER_ORDERS,
		.vlan = ANALYSIS_VLAN_AUTO,
	};

	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&config, maker.path, &result), 0);
	return analysis_verdict(&result, true, reason);
}

static void right(uint64_t matched)
{
	if (judged() != ANALYSIS_RIGHT)
		fail_msg("%s", reason);
	assert_int_equal(result.matched, matched);
	assert_int_equal(result.orders, matched);
}

static void exchange_of_four(void)
{
	begin();
	for (unsigned int i = 0; i < 4; i++) {
		trigger();
		order(250);
		roce_maker_acknowledge(&roce, roce.psn - 1);
	}
	end();
}

static void sent_orders_are_judged(void **state)
{
	(void)state;
	exchange_of_four();
	right(4);
	assert_int_equal(result.wire_to_wire.count, 4);
	assert_int_equal(result.lost_order_bytes, 0);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.unended_sessions, 0);
}

static void written_orders_are_judged(void **state)
{
	(void)state;
	roce.write = true;
	exchange_of_four();
	right(4);
}

static void wrong_ones_are_told(void **state)
{
	(void)state;
	begin();
	trigger();
	order(251);
	trigger();
	end();
	assert_int_equal(judged(), ANALYSIS_WRONG);
	assert_int_equal(result.wrong + result.missing + result.extra, 2);
}

/* What was sent again counts once, by its first frame. */
static void a_repeated_packet_is_one_order(void **state)
{
	uint8_t bytes[ORDER_LEN];

	(void)state;
	begin();
	trigger();
	order(250);
	order_bytes(bytes, 250);
	roce_maker_message(&roce, roce.psn - 1, bytes, sizeof(bytes));
	trigger();
	order(250);
	end();
	right(2);
	assert_int_equal(result.retransmissions, 1);
}

/* The other device leaves it out, and takes it when it comes again. */
static void one_too_early_is_left_out(void **state)
{
	uint8_t bytes[ORDER_LEN];
	uint32_t first;

	(void)state;
	begin();
	order_bytes(bytes, 250);
	first = roce.psn;
	trigger();
	trigger();
	roce_maker_message(&roce, first + 1, bytes, sizeof(bytes));
	roce_maker_message(&roce, first, bytes, sizeof(bytes));
	roce_maker_message(&roce, first + 1, bytes, sizeof(bytes));
	end();
	right(2);
}

static void what_the_capture_lacks_is_void(void **state)
{
	(void)state;
	begin();
	trigger();
	roce.psn++; /* it was not captured */
	roce_maker_acknowledge(&roce, roce.psn - 1);
	trigger();
	order(250);
	end();
	assert_int_equal(judged(), ANALYSIS_UNJUDGED);
	assert_int_equal(result.lost_order_bytes, ORDER_LEN);
	assert_int_equal(result.matched + result.unjudged_triggers, 2);
}

/* A word that keeps the connection alive takes a number and says nothing. */
static void words_are_no_orders(void **state)
{
	uint8_t bytes[ROCE_MAKER_PACKET_MAX];
	const uint8_t added[16] = { 0 };

	(void)state;
	begin();
	trigger();
	order(250);
	roce_maker_frame(&roce, ROCE_TO_SERVER, bytes,
			 roce_maker_packet(bytes, 0x0a, roce.server_qp,
					   roce.psn++ & 0xffffff, added,
					   sizeof(added), NULL, 0));
	trigger();
	order(250);
	roce_maker_acknowledge(&roce, roce.psn - 1);
	end();
	right(2);
}

/* Others' queue pairs, groups and port numbers. */
static void others_are_set_aside(void **state)
{
	uint8_t bytes[ROCE_MAKER_PACKET_MAX];

	(void)state;
	begin();
	trigger();
	roce_maker_frame(&roce, ROCE_TO_SERVER, bytes,
			 roce_maker_packet(bytes, 0x04, roce.server_qp + 1, 0,
					   NULL, 0, "0123456789abc", 13));
	roce_maker_datagram(&roce, CAPTURE_MAKER_PORT + 1, "none", 4);
	order(250);
	end();
	right(1);
}

static void a_rejected_one_is_no_session(void **state)
{
	(void)state;
	roce.capture = &maker;
	roce.client_port = 50000;
	roce.client_id = 3;
	roce_maker_request(&roce);
	roce_maker_reject(&roce);
	exchange_of_four();
	right(4);
}

/* A request that was not answered in time is made again. */
static void a_request_again_is_the_same(void **state)
{
	(void)state;
	begin();
	roce_maker_request(&roce);
	roce_maker_reply(&roce);
	trigger();
	order(250);
	end();
	right(1);
}

static void a_malformed_one_is_void(void **state)
{
	static const uint8_t short_one[15] = { 0x04 };

	(void)state;
	begin();
	trigger();
	order(250);
	roce_maker_frame(&roce, ROCE_TO_SERVER, short_one, sizeof(short_one));
	end();
	assert_int_equal(judged(), ANALYSIS_UNJUDGED);
	assert_int_equal(result.our_malformed_frames, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sent_orders_are_judged),
		TEST(written_orders_are_judged),
		TEST(wrong_ones_are_told),
		TEST(a_repeated_packet_is_one_order),
		TEST(one_too_early_is_left_out),
		TEST(what_the_capture_lacks_is_void),
		TEST(words_are_no_orders),
		TEST(others_are_set_aside),
		TEST(a_rejected_one_is_no_session),
		TEST(a_request_again_is_the_same),
		TEST(a_malformed_one_is_void),
	};

	return cmocka_run_group_tests_name("wiretap/rdma_view", tests, NULL,
					   NULL);
}
