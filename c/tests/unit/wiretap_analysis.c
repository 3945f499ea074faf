/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "wire/pcapng.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_output.h"
#include "wiretap/analysis_verdict.h"

#define STEP CAPTURE_MAKER_STEP_NS

static struct capture_maker maker;
static struct analysis_config config;
static struct analysis_result result;

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
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static void analyse(void)
{
	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&config, maker.path, &result), 0);
	assert_int_equal(result.triggers, result.matched + result.missing +
						  result.wrong +
						  result.unjudged_triggers);
	assert_int_equal(result.orders, result.matched + result.wrong +
						result.extra +
						result.unjudged_orders);
}

static char reason[ANALYSIS_REASON_MAX];

static void judged(enum analysis_verdict wanted)
{
	enum analysis_verdict found = analysis_verdict(&result, true, reason);

	if (found != wanted)
		print_message("# %s\n", reason);
	assert_int_equal(found, wanted);
}

/* It can't be judged, and the reason has this in it. */
static void unjudged(const char *why)
{
	judged(ANALYSIS_UNJUDGED);
	if (!strstr(reason, why))
		print_message("# %s\n", reason);
	assert_non_null(strstr(reason, why));
}

static void assert_orders(uint64_t matched, uint64_t missing, uint64_t extra,
			  uint64_t wrong)
{
	assert_int_equal(result.matched, matched);
	assert_int_equal(result.missing, missing);
	assert_int_equal(result.extra, extra);
	assert_int_equal(result.wrong, wrong);
}

/* Empty books of a new session get a bid of 10 and an ask of 1000: 2
 * packets. */
static void snapshot(void)
{
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_BID, 10,
			    1);
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 1000,
			    1);
}

/* Trigger number n calls for a BUY at 1000 - n: a small ask goes there, then
 * a bid at 10 + n is large: 2 packets. */
static void trigger(unsigned int n)
{
	capture_maker_level(&maker, 0, MARKET_DATA_ASK, 1000 - n, 1);
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 10 + n, 1000000);
}

static void order(unsigned int n)
{
	capture_maker_order(&maker, ORDER_BUY, 1000 - (int64_t)n);
}

static void orders_write(uint8_t *bytes, unsigned int first, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		order_write(
			&(struct order){ .quantity = 1,
					 .price = (int64_t)(1000 - first - i) *
						  DECIMAL_ONE },
			bytes + i * ORDER_LEN);
}

static void session(void)
{
	capture_maker_connect(&maker);
	snapshot();
	for (unsigned int n = 1; n <= 3; n++) {
		trigger(n);
		maker.now_ns += n * 100;
		order(n);
	}
}

static void correct_run(void **state)
{
	(void)state;
	session();
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	capture_maker_disconnect(&maker);
	analyse();
	assert_orders(3, 0, 0, 0);
	judged(ANALYSIS_RIGHT);
	assert_int_equal(result.packets, 8);
	assert_int_equal(result.messages, 8);
	assert_int_equal(result.snapshots, 2);
	assert_int_equal(result.end_of_feed, 2);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.connections, 1);
	assert_int_equal(result.gaps, 0);
	assert_int_equal(result.multi_message_packets, 0);
	assert_false(result.joined_mid_session);
	assert_int_equal(result.frames, 17);
	assert_int_equal(result.first_stamp_ns, CAPTURE_MAKER_START_NS);
	assert_int_equal(result.last_stamp_ns,
			 CAPTURE_MAKER_START_NS + 16 * STEP + 600);
	assert_int_equal(result.wire_to_wire.count, 3);
	assert_int_equal(latencies_value(&result.wire_to_wire, "min"),
			 STEP + 100);
	assert_int_equal(latencies_value(&result.wire_to_wire, "p50"),
			 STEP + 200);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
			 STEP + 300);
}

static void missing_order(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	trigger(2);
	order(2);
	trigger(3);
	capture_maker_disconnect(&maker);
	analyse();
	assert_orders(1, 2, 0, 0);
	judged(ANALYSIS_WRONG);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"), STEP);
}

/* Two orders that are alike are called for: what can't be known is told. */
static void equal_orders(unsigned int orders)
{
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	trigger(1);
	for (unsigned int i = 0; i < orders; i++)
		order(1);
	capture_maker_disconnect(&maker);
	analyse();
	assert_int_equal(result.ambiguous, 2);
}

static void equal_orders_are_told(void **state)
{
	char text[8192];
	FILE *file;

	(void)state;
	equal_orders(2);
	assert_orders(2, 0, 0, 0);
	assert_int_equal(result.ambiguous_faults, 0);
	judged(ANALYSIS_RIGHT);
	assert_string_equal(reason, "");
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, true);
	fclose(file);
	assert_non_null(strstr(text, "\n2 orders called for are like one that "
				     "was open with them"));
}

static void faults_of_equal_orders_are_told(void **state)
{
	char text[8192];
	FILE *file;

	(void)state;
	equal_orders(1);
	assert_orders(1, 1, 0, 0);
	assert_int_equal(result.ambiguous_faults, 1);
	judged(ANALYSIS_WRONG);
	assert_non_null(strstr(reason, "1 faults are of orders that are like"));
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, true);
	fclose(file);
	assert_non_null(strstr(text, reason));
}

static void extra_order(void **state)
{
	(void)state;
	session();
	order(3);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	analyse();
	assert_orders(3, 0, 1, 0);
	judged(ANALYSIS_WRONG);
}

static void wrong_order(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	capture_maker_order(&maker, ORDER_SELL, 999);
	trigger(2);
	order(2);
	analyse();
	assert_orders(1, 0, 0, 1);
	judged(ANALYSIS_WRONG);
}

/* The first faults are told one by one. */
static void each_fault_is_named(void **state)
{
	const struct analysis_fault *faults = result.faults;

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	trigger(2);
	order(2);
	trigger(3);
	capture_maker_order(&maker, ORDER_SELL, 999);
	for (unsigned int n = 0; n < ANALYSIS_FAULTS_MAX; n++)
		order(100 + n);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	analyse();
	assert_orders(1, 1, ANALYSIS_FAULTS_MAX, 1);
	assert_int_equal(result.fault_count, ANALYSIS_FAULTS_MAX);
	assert_int_equal(faults[0].kind, ANALYSIS_MISSING);
	assert_int_equal(faults[0].sequence, 3);
	assert_int_equal(faults[0].order_ns, 0);
	assert_true(faults[0].wanted.price == 999 * DECIMAL_ONE);
	assert_int_equal(faults[1].kind, ANALYSIS_WRONG_ORDER);
	assert_int_equal(faults[1].sequence, 7);
	assert_true(faults[1].order_ns > faults[1].trigger_ns);
	assert_true(faults[1].wanted.price == 997 * DECIMAL_ONE);
	assert_int_equal(faults[1].found.side, ORDER_SELL);
	for (unsigned int i = 2; i < ANALYSIS_FAULTS_MAX; i++) {
		assert_int_equal(faults[i].kind, ANALYSIS_EXTRA);
		assert_int_equal(faults[i].trigger_ns, 0);
		assert_true(faults[i].found.price ==
			    (int64_t)(900 - (i - 2)) * DECIMAL_ONE);
	}
}

static void wrong_order_quantity(void **state)
{
	(void)state;
	session();
	config.strategy.quantity = 2;
	analyse();
	assert_orders(0, 0, 0, 3);
}

static void smaller_threshold_calls_for_more(void **state)
{
	(void)state;
	session();
	/* The small asks are large enough now. */
	config.strategy.threshold_usd = 500 * DECIMAL_ONE;
	analyse();
	assert_int_equal(result.triggers, 6);
}

static void retransmitted_order(void **state)
{
	uint8_t bytes[ORDER_LEN];

	(void)state;
	session();
	orders_write(bytes, 3, 1);
	capture_maker_segment(&maker, maker.client_next - ORDER_LEN, bytes,
			      sizeof(bytes));
	analyse();
	assert_orders(3, 0, 0, 0);
	assert_int_equal(result.retransmissions, 1);
}

static void order_split_over_segments(void **state)
{
	uint8_t bytes[ORDER_LEN];

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	orders_write(bytes, 1, 1);
	capture_maker_send(&maker, bytes, 4);
	capture_maker_send(&maker, bytes + 4, 9);
	analyse();
	assert_orders(1, 0, 0, 0);
	/* The last byte's frame counts. */
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
			 2 * STEP);
}

static void orders_in_one_segment(void **state)
{
	uint8_t bytes[2 * ORDER_LEN];

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	trigger(2);
	orders_write(bytes, 1, 2);
	capture_maker_send(&maker, bytes, sizeof(bytes));
	analyse();
	assert_orders(2, 0, 0, 0);
	assert_int_equal(latencies_value(&result.wire_to_wire, "min"), STEP);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
			 3 * STEP);
}

static void segments_out_of_order(void **state)
{
	uint8_t bytes[2 * ORDER_LEN];
	uint32_t first;

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	trigger(2);
	orders_write(bytes, 1, 2);
	first = maker.client_next;
	capture_maker_segment(&maker, first + ORDER_LEN, bytes + ORDER_LEN,
			      ORDER_LEN);
	capture_maker_segment(&maker, first, bytes, ORDER_LEN);
	analyse();
	assert_orders(2, 0, 0, 0);
	assert_int_equal(result.out_of_order, 1);
	/* Each by its own frame: 4 and 1 steps. */
	assert_int_equal(latencies_value(&result.wire_to_wire, "min"), STEP);
	assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
			 4 * STEP);
}

static void order_that_the_capture_lacks(void **state)
{
	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	maker.client_next += ORDER_LEN;
	trigger(2);
	order(2);
	capture_maker_acknowledge(&maker, maker.client_next);
	trigger(3);
	order(3);
	analyse();
	assert_orders(2, 0, 0, 0);
	assert_int_equal(result.unjudged_triggers, 1);
	assert_int_equal(result.lost_order_bytes, ORDER_LEN);
	unjudged("13 bytes of the order connection were not captured");
}

/* Books, sequence and what still waits end with their session. */
static void second_session_starts_over(void **state)
{
	(void)state;
	session();
	trigger(4);
	capture_maker_disconnect(&maker);
	maker.sequence = 0;
	maker.client_port++;
	capture_maker_connect(&maker);
	/* No ask is in the book. */
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 10, 1000000);
	snapshot();
	/* Too late for its own session. */
	order(4);
	trigger(5);
	order(5);
	analyse();
	assert_orders(4, 1, 1, 0);
	assert_int_equal(result.no_opposite, 1);
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.connections, 2);
	assert_int_equal(result.gaps, 0);
	assert_int_equal(result.duplicates, 0);
	assert_int_equal(result.packets, 10 + 5);
}

static void session_start_lost(void **state)
{
	(void)state;
	session();
	capture_maker_disconnect(&maker);
	maker.now_ns += 2 * CLOCK_NS_PER_S;
	maker.sequence = 3;
	capture_maker_connect(&maker);
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 10, 1);
	analyse();
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.gaps, 1);
	assert_int_equal(result.lost_packets, 3);
}

static void session_without_its_connect(void **state)
{
	(void)state;
	snapshot();
	trigger(1);
	maker.now_ns += 2 * CLOCK_NS_PER_S;
	maker.sequence = 0;
	snapshot();
	analyse();
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.packets, 6);
	assert_int_equal(result.duplicates, 0);
}

/* A client that the exchange turns away starts no session. */
static void second_client_disturbs_nothing(void **state)
{
	uint16_t port = maker.client_port;
	uint32_t next;

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	trigger(1);
	next = maker.client_next;
	maker.client_port++;
	capture_maker_connect(&maker);
	maker.client_port = port;
	maker.client_next = next;
	order(1);
	trigger(2);
	order(2);
	analyse();
	assert_orders(2, 0, 0, 0);
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.connections, 2);
}

static void capture_from_mid_session(void **state)
{
	(void)state;
	maker.sequence = 5000;
	capture_maker_level(&maker, 0, MARKET_DATA_ASK, 1000, 1);
	trigger(1);
	order(1);
	analyse();
	assert_orders(1, 0, 0, 0);
	assert_true(result.joined_mid_session);
	assert_int_equal(result.gaps, 0);
	assert_int_equal(result.connections, 0);
}

static void gaps_are_counted(void **state)
{
	(void)state;
	session();
	maker.sequence += 7;
	trigger(4);
	order(4);
	maker.sequence += 1;
	trigger(5);
	order(5);
	analyse();
	assert_orders(5, 0, 0, 0);
	assert_int_equal(result.gaps, 2);
	assert_int_equal(result.lost_packets, 8);
}

static void late_packet_is_not_applied(void **state)
{
	(void)state;
	session();
	maker.sequence++;
	capture_maker_level(&maker, 0, MARKET_DATA_ASK, 500, 1);
	maker.sequence -= 2;
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 400, 1000000);
	maker.sequence++;
	analyse();
	assert_orders(3, 0, 0, 0);
	assert_int_equal(result.reordered, 1);
	assert_int_equal(result.duplicates, 0);
	assert_int_equal(result.packets, 9);
}

/* As a loopback shows it: all counts as if once. */
static void each_frame_twice(void **state)
{
	(void)state;
	maker.sights = 2;
	session();
	capture_maker_disconnect(&maker);
	maker.sequence = 0;
	session();
	analyse();
	assert_orders(6, 0, 0, 0);
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.connections, 2);
	assert_int_equal(result.packets, 16);
	assert_int_equal(result.duplicates, 16);
	assert_int_equal(result.retransmissions, 6);
	assert_int_equal(result.back_to_back.count, 0);
}

static void back_to_back(void **state)
{
	(void)state;
	config.back_to_back = true;
	for (unsigned int i = 0; i < 100; i++) {
		maker.sights = 2;
		capture_maker_level(&maker, 0, MARKET_DATA_BID, 10, 1);
	}
	/* A third sight counts for nothing. */
	maker.sequence--;
	maker.sights = 1;
	capture_maker_level(&maker, 0, MARKET_DATA_BID, 10, 1);
	analyse();
	assert_int_equal(result.back_to_back.count, 100);
	assert_int_equal(latencies_value(&result.back_to_back, "min"), STEP);
	assert_int_equal(latencies_value(&result.back_to_back, "max"), STEP);
	assert_int_equal(result.packets, 100);
	assert_int_equal(result.sessions, 1);
}

/* The whole first stretch is sent before its beginning comes back. */
static void back_to_back_with_a_long_wire(void **state)
{
	(void)state;
	config.back_to_back = true;
	for (unsigned int sight = 0; sight < 2; sight++) {
		maker.sequence = 0;
		for (unsigned int i = 0; i < 500; i++)
			capture_maker_level(&maker, 0, MARKET_DATA_BID, 10, 1);
	}
	analyse();
	assert_int_equal(result.sessions, 1);
	assert_int_equal(result.back_to_back.count, 500);
	assert_int_equal(latencies_value(&result.back_to_back, "p50"),
			 500 * STEP);
}

static void vlan_tagged(void **state)
{
	(void)state;
	maker.vlan = 42;
	session();
	analyse();
	assert_orders(3, 0, 0, 0);
}

static void cooked_capture(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	capture_maker_open(&maker, FRAME_LINK_SLL2);
	session();
	analyse();
	assert_orders(3, 0, 0, 0);
}

static void unknown_link_type(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	capture_maker_open(&maker, (enum frame_link)105); /* 802.11 */
	session();
	analyse();
	assert_int_equal(result.unknown_link_frames, result.frames);
	assert_int_equal(result.packets, 0);
}

static void what_is_not_ours_is_counted(void **state)
{
	uint8_t fragment[34] = {
		[12] = 8, [14] = 0x45, [17] = 20, [20] = 0x20, [23] = 17
	};
	uint8_t cut[30] = { [12] = 8, [14] = 0x45, [17] = 40, [23] = 17 };
	uint8_t other[60] = { [12] = 8, [13] = 6 };

	(void)state;
	session();
	capture_maker_raw(&maker, fragment, sizeof(fragment));
	capture_maker_raw(&maker, cut, sizeof(cut));
	capture_maker_raw(&maker, other, sizeof(other));
	capture_maker_datagram(&maker, "short", 5);
	capture_maker_datagram(&maker, "\0\0\0\0\xff\xff\0\0", 8);
	analyse();
	assert_orders(3, 0, 0, 0);
	assert_int_equal(result.fragments, 1);
	assert_int_equal(result.truncated_frames, 1);
	assert_int_equal(result.bad_datagrams, 2);
	assert_int_equal(result.packets, 8);
}

static void cut_file_is_analysed_as_far_as_it_goes(void **state)
{
	long len;

	(void)state;
	session();
	capture_maker_flush(&maker);
	len = ftell(maker.file);
	assert_int_equal(truncate(maker.path, len - 10), 0);
	assert_int_equal(analysis_run(&config, maker.path, &result), -EIO);
	/* The third order was in the block that is cut. */
	assert_orders(2, 0, 0, 0);
	assert_int_equal(result.unjudged_triggers, 1);
	assert_int_equal(analysis_verdict(&result, false, reason),
			 ANALYSIS_UNJUDGED);
	assert_int_equal(result.packets, 8);
}

/* Whoever captured says so, at the end. */
static void what_the_tap_lost_is_told(void **state)
{
	uint8_t block[128];
	int len;

	(void)state;
	session();
	len = pcapng_statistics(block, sizeof(block), 0, 1, 100, 3);
	assert_true(len > 0);
	assert_int_equal(fwrite(block, 1, (size_t)len, maker.file), len);
	analyse();
	assert_int_equal(result.dropped, 3);
	unjudged("3 frames were dropped where it was captured");
}

static void file_that_is_not_there(void **state)
{
	(void)state;
	assert_true(analysis_run(&config, "/nowhere/a.pcapng", &result) < 0);
	assert_int_equal(result.frames, 0);
}

/* The deciding message is the first of three: two more, 56 bytes, come
 * behind it, at 8 Mbit/s in 56 us. */
static void deciding_message_within_its_packet(void **state)
{
	const struct market_data_message messages[3] = {
		{ 'U', 'B', 0, 20 * DECIMAL_ONE, 1000000 * DECIMAL_ONE, 0 },
		{ 'U', 'A', 0, 900 * DECIMAL_ONE, DECIMAL_ONE, 0 },
		{ 'U', 'A', 0, 901 * DECIMAL_ONE, DECIMAL_ONE, 0 },
	};

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	capture_maker_packet(&maker, 0, messages, 3);
	order(0);
	analyse();
	assert_orders(1, 0, 0, 0);
	assert_int_equal(result.multi_message_packets, 1);
	assert_int_equal(result.messages, 5);
	assert_int_equal(latencies_value(&result.deciding_message, "p50"),
			 STEP);
	config.line_rate = 8000000;
	analyse();
	assert_int_equal(latencies_value(&result.wire_to_wire, "p50"), STEP);
	assert_int_equal(latencies_value(&result.deciding_message, "p50"),
			 STEP + 56000);
}

static void samples_are_written(void **state)
{
	char path[] = "/tmp/t2t-samples-XXXXXX", line[128];
	unsigned long long trigger_ns, order_ns, latency_ns;
	unsigned int sequence;
	FILE *file;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	session();
	config.samples = path;
	analyse();
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "sequence,trigger_ns,order_ns,latency_ns\n");
	for (unsigned int n = 1; n <= 3; n++) {
		assert_int_equal(fscanf(file, "%u,%llu,%llu,%llu\n", &sequence,
					&trigger_ns, &order_ns, &latency_ns),
				 4);
		assert_int_equal(sequence, 2 * n + 1);
		assert_int_equal(latency_ns, STEP + n * 100);
		assert_int_equal(order_ns - trigger_ns, latency_ns);
	}
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	unlink(path);
}

static void samples_that_can_not_be_written(void **state)
{
	(void)state;
	session();
	config.samples = "/dev/full";
	capture_maker_flush(&maker);
	assert_true(analysis_run(&config, maker.path, &result) < 0);
	assert_orders(3, 0, 0, 0);
	config.samples = "/nowhere/samples.csv";
	assert_int_equal(analysis_run(&config, maker.path, &result), -ENOENT);
}

static json_t *output_json(bool complete)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	json_t *root;

	assert_non_null(file);
	assert_int_equal(analysis_output_json(file, &config, "a.pcapng",
					      &result, complete),
			 0);
	fclose(file);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static json_int_t number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

/* What others rely on: names and types. */
static void json_contract(void **state)
{
	static const char *const percentiles[] = { "min", "p50",   "p90",
						   "p99", "p99_9", "max" };
	const json_t *latency, *parameters;
	json_t *root;

	(void)state;
	session();
	analyse();
	root = output_json(true);
	assert_string_equal(json_string_value(json_object_get(root, "schema")),
			    "t2t-wiretap/1");
	assert_true(json_is_true(json_object_get(root, "correct")));
	assert_true(json_is_null(json_object_get(root, "reason")));
	assert_true(json_is_true(json_object_get(root, "complete")));
	assert_int_equal(number(root, "packets"), 8);
	assert_int_equal(number(root, "gaps"), 0);
	assert_int_equal(number(root, "triggers"), 3);
	assert_int_equal(number(root, "orders"), 3);
	assert_int_equal(number(root, "matched"), 3);
	assert_int_equal(number(root, "missing"), 0);
	assert_int_equal(number(root, "extra"), 0);
	assert_int_equal(number(root, "wrong"), 0);
	assert_int_equal(number(root, "ambiguous"), 0);
	assert_int_equal(number(root, "ambiguous_faults"), 0);
	latency = json_object_get(root, "wire_to_wire_ns");
	/* Of three orders there are no percentiles. */
	for (size_t i = 1; i < 5; i++)
		assert_true(
			json_is_null(json_object_get(latency, percentiles[i])));
	assert_true(number(latency, "min") >= (int)STEP);
	assert_true(number(latency, "max") >= number(latency, "min"));
	assert_int_equal(number(latency, "count"), 3);
	parameters = json_object_get(root, "parameters");
	assert_int_equal(number(parameters, "threshold_usd"), 1000000);
	assert_string_equal(
		json_string_value(json_object_get(parameters, "aggress")),
		"opposite");
	assert_string_equal(
		json_string_value(json_object_get(parameters, "group")),
		"239.255.0.1:12345");
	assert_null(json_object_get(root, "back_to_back_ns"));
	assert_null(json_object_get(root, "deciding_message_ns"));
	json_decref(root);
}

/* 25 orders have ten beyond the median, and no more. */
static void json_of_a_few_orders(void **state)
{
	const json_t *latency;
	json_t *root;

	(void)state;
	capture_maker_connect(&maker);
	snapshot();
	for (unsigned int n = 1; n <= 25; n++) {
		trigger(n);
		order(n);
	}
	analyse();
	root = output_json(true);
	latency = json_object_get(root, "wire_to_wire_ns");
	assert_int_equal(number(latency, "count"), 25);
	assert_true(number(latency, "p50") >= (int)STEP);
	assert_true(json_is_null(json_object_get(latency, "p90")));
	assert_true(json_is_null(json_object_get(latency, "p99_9")));
	json_decref(root);
}

static void table_shows_what_is_known(void **state)
{
	char text[8192];
	const char *row;
	FILE *file;

	(void)state;
	session();
	analyse();
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, true);
	fclose(file);
	row = strstr(text, "wire to wire ");
	assert_non_null(row);
	assert_non_null(strstr(row, "         -          -          -"
				    "          -"));
	assert_non_null(strstr(row, "\n-: fewer than 10 samples lie beyond"));
}

static void json_of_nothing(void **state)
{
	json_t *root;

	(void)state;
	config.back_to_back = true;
	analyse();
	root = output_json(false);
	assert_true(json_is_null(json_object_get(root, "correct")));
	assert_non_null(
		strstr(json_string_value(json_object_get(root, "reason")),
		       "no market data found: 0 frames not understood"));
	assert_true(json_is_false(json_object_get(root, "complete")));
	assert_true(json_is_null(json_object_get(
		json_object_get(root, "wire_to_wire_ns"), "p50")));
	assert_int_equal(
		number(json_object_get(root, "back_to_back_ns"), "count"), 0);
	json_decref(root);
}

static void table_says_whether_it_is_correct(void **state)
{
	char text[8192];
	FILE *file;

	(void)state;
	session();
	analyse();
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, true);
	fclose(file);
	assert_non_null(strstr(text, "correct: each order"));
	assert_null(strstr(text, "INCO"));
	order(3);
	capture_maker_packet(&maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	analyse();
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, true);
	fclose(file);
	assert_non_null(strstr(text, "INCORRECT"));
	file = fmemopen(text, sizeof(text), "w");
	analysis_output_table(file, &config, "a.pcapng", &result, false);
	fclose(file);
	assert_non_null(strstr(text, "CAN'T BE JUDGED"));
	assert_non_null(strstr(text, "INCOMPLETE"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(correct_run),
		TEST(missing_order),
		TEST(equal_orders_are_told),
		TEST(faults_of_equal_orders_are_told),
		TEST(extra_order),
		TEST(wrong_order),
		TEST(each_fault_is_named),
		TEST(wrong_order_quantity),
		TEST(smaller_threshold_calls_for_more),
		TEST(retransmitted_order),
		TEST(order_split_over_segments),
		TEST(orders_in_one_segment),
		TEST(segments_out_of_order),
		TEST(order_that_the_capture_lacks),
		TEST(second_session_starts_over),
		TEST(session_start_lost),
		TEST(session_without_its_connect),
		TEST(second_client_disturbs_nothing),
		TEST(capture_from_mid_session),
		TEST(gaps_are_counted),
		TEST(late_packet_is_not_applied),
		TEST(each_frame_twice),
		TEST(back_to_back),
		TEST(back_to_back_with_a_long_wire),
		TEST(vlan_tagged),
		TEST(cooked_capture),
		TEST(unknown_link_type),
		TEST(what_is_not_ours_is_counted),
		TEST(cut_file_is_analysed_as_far_as_it_goes),
		TEST(what_the_tap_lost_is_told),
		TEST(file_that_is_not_there),
		TEST(deciding_message_within_its_packet),
		TEST(samples_are_written),
		TEST(samples_that_can_not_be_written),
		TEST(json_contract),
		TEST(json_of_a_few_orders),
		TEST(table_shows_what_is_known),
		TEST(json_of_nothing),
		TEST(table_says_whether_it_is_correct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
