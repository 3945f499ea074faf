/* SPDX-License-Identifier: MIT */
/* The trader from outside, against an exchange that is played by the test. */
#include "tests/support/oracle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/decimal.h"
#include "net/interface.h"
#include "net/socket.h"
#include "wire/order.h"

static struct lab lab;
static struct program trader;

/* The exchange that is played. */
static struct {
	int listener, sender, client;
	uint32_t sequence; /* of the next datagram */
} fake = { -1, -1, -1, 0 };

static void fake_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	fake_close(&fake.listener);
	fake_close(&fake.sender);
	fake_close(&fake.client);
	fake.sequence = 0;
	return 0;
}

static struct sockaddr_in address(const char *text, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(text) };
}

static void fake_listen(void)
{
	const struct sockaddr_in own =
		address(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT);
	const struct sockaddr_in group = address(LAB_GROUP, LAB_GROUP_PORT);
	struct interface interface;

	lab_go_exchange(&lab);
	fake.listener = socket_listen(&own, 4);
	assert_int_equal(interface_find(LAB_EXCHANGE_INTERFACE, &interface), 0);
	fake.sender = socket_multicast_sender(&group, &interface, 1);
	lab_go_trader(&lab);
	assert_true(fake.listener >= 0 && fake.sender >= 0);
}

static void fake_accept(void)
{
	struct pollfd poller = { .fd = fake.listener, .events = POLLIN };

	if (poll(&poller, 1, LAB_SOON_MS) != 1)
		program_show(&trader);
	fake.client = accept4(fake.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fake.client >= 0);
}

/* Is the group joined on the trader's interface? We are in its namespace. */
static bool group_joined(void)
{
	FILE *file = fopen("/proc/thread-self/net/igmp", "re");
	char line[256], wanted[16];
	bool here = false, joined = false;

	assert_non_null(file);
	snprintf(wanted, sizeof(wanted), "%08X", inet_addr(LAB_GROUP));
	while (fgets(line, sizeof(line), file)) {
		if (*line != '\t')
			here = strstr(line, LAB_TRADER_INTERFACE) != NULL;
		else if (here && strstr(line, wanted))
			joined = true;
	}
	fclose(file);
	return joined;
}

static struct market_data_message level(char side, const char *price,
					const char *quantity)
{
	struct market_data_message message = { .type = 'U',
					       .side = (uint8_t)side };
	int64_t nano;

	assert_int_equal(decimal_parse(price, strlen(price), &nano), 0);
	message.price = (uint64_t)nano;
	assert_int_equal(decimal_parse(quantity, strlen(quantity), &nano), 0);
	message.quantity = (uint64_t)nano;
	if (nano == 0)
		message.type = 'D';
	return message;
}

static void publish_all(uint16_t flags,
			const struct market_data_message *messages,
			unsigned int count)
{
	const struct market_data_header header = {
		.sequence = fake.sequence++,
		.message_count = (uint16_t)count,
		.flags = flags,
	};
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];

	market_data_write_header(bytes, &header);
	for (unsigned int i = 0; i < count; i++)
		market_data_write(bytes, i, &messages[i]);
	assert_int_equal(send(fake.sender, bytes, market_data_len(count), 0),
			 market_data_len(count));
}

static void publish(bool snapshot, char side, const char *price,
		    const char *quantity)
{
	const struct market_data_message message = level(side, price, quantity);

	publish_all(snapshot ? MARKET_DATA_SNAPSHOT : 0, &message, 1);
}

/* One side each, at 100 and 250. */
static void publish_book(void)
{
	publish(true, 'A', "250", "1");
	publish(true, 'B', "100", "1");
}

static void publish_end(void)
{
	publish_all(MARKET_DATA_END_OF_FEED, NULL, 0);
}

static void expect_order(uint32_t quantity, const char *price, uint8_t side)
{
	uint8_t bytes[ORDER_LEN + 1];
	struct pollfd poller = { .fd = fake.client, .events = POLLIN };
	struct order order;
	int64_t nano;

	if (poll(&poller, 1, LAB_SOON_MS) != 1) {
		program_show(&trader);
		fail_msg("no order at %s", price);
	}
	assert_int_equal(recv(fake.client, bytes, ORDER_LEN, MSG_WAITALL),
			 ORDER_LEN);
	order = order_read(bytes);
	assert_int_equal(decimal_parse(price, strlen(price), &nano), 0);
	assert_int_equal(order.price, nano);
	assert_int_equal(order.side, side);
	assert_int_equal(order.quantity, quantity);
}

/* The feed ends, the trader leaves with 0, and there was no more. */
static void expect_end(void)
{
	uint8_t byte;

	publish_end();
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recv(fake.client, &byte, 1, MSG_DONTWAIT), 0);
}

static void begin(const char *option, const char *value)
{
	fake_listen();
	lab_trader(&lab, &trader, "--json", option, value, NULL);
	fake_accept();
}

static json_int_t counter(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "counters"), name);

	json_decref(said);
	return value;
}

/* It can't connect before it is listened to: if it joined only after that,
 * it would never join. */
static void joins_first(void **state)
{
	static const char *const paths[] = { "block", "epoll", "spin" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_false(group_joined());
		lab_trader(&lab, &trader, "--receive", paths[i],
			   "--connect-timeout-ms", "30000", NULL);
		for (int j = 0; !group_joined(); j++) {
			assert_in_range(j, 0, LAB_SOON_MS);
			usleep(1000);
		}
		assert_int_equal(program_wait(&trader, 0), -1);
		fake_listen();
		fake_accept();
		/* What is published at once is not lost. */
		publish_book();
		publish(false, 'B', "160", "6250.001");
		expect_order(1, "250", ORDER_BUY);
		expect_end();
		clean(state);
	}
}

static void the_rule(void **state)
{
	(void)state;
	begin(NULL, NULL);
	publish(true, 'A', "250", "1000000"); /* a snapshot */
	publish(true, 'B', "100", "1");
	publish(false, 'B', "160", "6250"); /* 1,000,000 is not larger */
	publish(false, 'B', "160", "6250.001");
	expect_order(1, "250", ORDER_BUY);
	publish(false, 'A', "200", "5000");
	publish(false, 'A', "200", "5000.000000001");
	expect_order(1, "160", ORDER_SELL);
	publish(false, 'B', "150", "100000"); /* not the best */
	publish(false, 'B', "160", "0");      /* gone: 150 is the best */
	publish(false, 'A', "199.5", "5100");
	expect_order(1, "150", ORDER_SELL);
	publish(false, 'B', "150", "100000"); /* the best again */
	expect_order(1, "199.5", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("orders"), 4);
	assert_int_equal(counter("triggers"), 4);
	assert_int_equal(counter("gaps"), 0);
}

static void clears_book(void **state)
{
	(void)state;
	begin(NULL, NULL);
	publish_book();
	publish(false, 'B', "110", "1");
	publish(true, 'A', "300", "1"); /* false -> true: all else is gone */
	publish(true, 'B', "90", "1");
	publish(false, 'B', "95", "20000");
	expect_order(1, "300", ORDER_BUY);
	expect_end();
}

static void no_opposite(void **state)
{
	(void)state;
	begin(NULL, NULL);
	publish(true, 'B', "100", "1");
	publish(false, 'B', "160", "10000");
	expect_end();
	assert_int_equal(counter("no_opposite"), 1);
	assert_int_equal(counter("orders"), 0);
}

static void symbols(void **state)
{
	struct market_data_message messages[3] = {
		level('A', "50", "1"),
		level('A', "60", "1"),
		level('B', "40", "30000"),
	};

	(void)state;
	messages[1].symbol_id = messages[2].symbol_id = 9;
	begin(NULL, NULL);
	publish_all(MARKET_DATA_SNAPSHOT, messages, 2);
	publish_all(0, &messages[2], 1);
	expect_order(1, "60", ORDER_BUY);
	expect_end();
}

static void aggress_same(void **state)
{
	(void)state;
	begin("--aggress", "same");
	publish_book();
	publish(false, 'B', "160", "10000");
	expect_order(1, "160", ORDER_SELL);
	publish(false, 'A', "200", "10000");
	expect_order(1, "200", ORDER_BUY);
	expect_end();
}

static void threshold(void **state)
{
	(void)state;
	begin("--threshold-usd", "99.5");
	publish_book();
	publish(false, 'B', "199", "0.5"); /* 99.5 */
	publish(false, 'B', "199", "0.500000001");
	expect_order(1, "250", ORDER_BUY);
	expect_end();
}

static void order_quantity(void **state)
{
	(void)state;
	begin("--order-quantity", "4000000000");
	publish_book();
	publish(false, 'B', "160", "10000");
	expect_order(4000000000u, "250", ORDER_BUY);
	expect_end();
}

static uint32_t data_segments(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	assert_int_equal(
		getsockopt(fake.client, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_data_segs_in;
}

static void one_send(void **state)
{
	struct market_data_message messages[5];
	uint32_t before, after;

	(void)state;
	begin(NULL, NULL);
	publish_book();
	publish(false, 'B', "150", "10000");
	expect_order(1, "250", ORDER_BUY);
	before = data_segments();
	for (unsigned int i = 0; i < 5; i++)
		messages[i] = level('B', "160", "10000");
	publish_all(0, messages, 5);
	for (int i = 0; i < 5; i++)
		expect_order(1, "250", ORDER_BUY);
	after = data_segments();
	assert_int_equal(after - before, 5);
	expect_end();
}

static void samples(void **state)
{
	static const char *const stages[] = { "kernel_to_user",
					      "user_to_decision",
					      "decision_to_sent" };
	static const char *const members[] = { "count", "min",	 "p50", "p90",
					       "p99",	"p99_9", "max" };
	char path[PATH_MAX], line[256];
	json_t *said;
	FILE *file;
	int rows = 0;

	(void)state;
	begin("--samples", lab_path(&lab, "samples.csv", path));
	publish_book();
	for (int i = 0; i < 100; i++) {
		publish(false, 'B', "160", "10000");
		expect_order(1, "250", ORDER_BUY);
	}
	expect_end();

	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line,
			    "sequence,kernel_ns,user_ns,decision_ns,sent_ns\n");
	while (fgets(line, sizeof(line), file)) {
		uint64_t sequence, kernel, user, decision, sent;

		assert_int_equal(sscanf(line, "%ju,%ju,%ju,%ju,%ju", &sequence,
					&kernel, &user, &decision, &sent),
				 5);
		assert_int_equal(sequence, 2 + rows);
		assert_true(kernel > UINT64_C(1000000000000000000));
		assert_true(user > kernel && decision >= user &&
			    sent > decision && sent < kernel + 20000000000);
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, 100);

	said = oracle_json(&trader);
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		const json_t *stage = json_object_get(
			json_object_get(said, "stages_ns"), stages[i]);
		json_int_t least = 0;

		assert_int_equal(oracle_count(stage, "count"), 100);
		for (size_t j = 1; j < ARRAY_SIZE(members); j++) {
			assert_true(oracle_count(stage, members[j]) >= least);
			least = oracle_count(stage, members[j]);
		}
		assert_true(least > 0);
	}
	json_decref(said);
}

static void table(void **state)
{
	static const char *const words[] = { "kernel", "user", "decision",
					     "sent",   "min",  "p50",
					     "p90",    "p99",  "p99.9",
					     "max" };

	(void)state;
	fake_listen();
	lab_trader(&lab, &trader, NULL);
	fake_accept();
	publish_book();
	publish(false, 'B', "160", "10000");
	expect_order(1, "250", ORDER_BUY);
	expect_end();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_true(program_says(&trader, PROGRAM_OUT, words[i], 0));
}

static void gaps(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake.sequence = 3; /* the first number seen is no gap */
	publish_book();
	fake.sequence = 7;
	publish(false, 'B', "160", "10000");
	expect_order(1, "250", ORDER_BUY);
	fake.sequence = 5; /* late: not applied */
	publish(false, 'B', "170", "10000");
	fake.sequence = 8;
	publish(false, 'B', "180", "10000");
	expect_order(1, "250", ORDER_BUY);
	expect_end();
	lab_says(&trader, "Gap detected: expected 5, got 7");
	assert_false(program_says(&trader, PROGRAM_ERR, "got 3", 0));
	assert_int_equal(counter("gaps"), 1);
	assert_int_equal(counter("lost"), 2);
	assert_int_equal(counter("orders"), 2);
}

static void wraps(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake.sequence = UINT32_MAX - 1;
	publish_book();
	publish(false, 'B', "160", "10000"); /* number 0 */
	expect_order(1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("gaps"), 0);
}

static void bad_datagrams(void **state)
{
	const uint8_t junk[MARKET_DATA_DATAGRAM_MAX] = { 0, 0, 0, 0, 200, 1 };
	const struct market_data_message odd = { .type = 'Q', .side = 'Z' };

	(void)state;
	begin(NULL, NULL);
	publish_book();
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(send(fake.sender, junk, len, 0), len);
	assert_int_equal(send(fake.sender, junk, 40, 0), 40);
	assert_int_equal(send(fake.sender, junk, sizeof(junk), 0),
			 sizeof(junk));
	publish_all(0, &odd, 1);
	publish(false, 'B', "160", "10000");
	expect_order(1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("bad_datagrams"), 10);
	assert_int_equal(counter("bad_messages"), 1);
}

static void exchange_gone(bool reset)
{
	begin(NULL, NULL);
	publish_book();
	publish(false, 'B', "160", "10000");
	expect_order(1, "250", ORDER_BUY);
	if (reset)
		order_client_reset(fake.client);
	else
		order_client_close(fake.client);
	fake.client = -1;
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "exchange");
	clean(NULL);
}

static void exchange_goes(void **state)
{
	(void)state;
	exchange_gone(false);
	exchange_gone(true);
}

static void exchange_absent(void **state)
{
	(void)state;
	lab_trader(&lab, &trader, "--connect-timeout-ms", "300", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, LAB_CONNECT);
}

static void signals(void **state)
{
	static const char *const paths[] = { "block", "epoll", "spin" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		begin("--receive", paths[i]);
		publish_book();
		publish(false, 'B', "160", "10000");
		expect_order(1, "250", ORDER_BUY);
		assert_int_equal(program_stop(&trader, i % 2 ? SIGINT : SIGTERM,
					      LAB_SOON_MS),
				 0);
		assert_int_equal(counter("orders"), 1);
		clean(state);
	}
	/* Also while it tries to connect. */
	lab_trader(&lab, &trader, "--connect-timeout-ms", "60000", NULL);
	while (!group_joined())
		usleep(1000);
	program_stop(&trader, SIGTERM, LAB_SOON_MS);
	assert_in_range(trader.code, 0, 1);
}

static void samples_nowhere(void **state)
{
	(void)state;
	fake_listen();
	lab_trader(&lab, &trader, "--samples", "/nonexistent/samples.csv",
		   NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "/nonexistent/samples.csv");
	clean(state);
	begin("--samples", "/dev/full");
	publish_book();
	publish(false, 'B', "160", "10000");
	expect_order(1, "250", ORDER_BUY);
	publish_end();
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "/dev/full");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.16 the group is joined before the connect, on each path",
		 joins_first, clean),
	LAB_TEST("A.16 the trading rule, order by order", the_rule, clean),
	LAB_TEST("A.16 on false -> true the book is cleared", clears_book,
		 clean),
	LAB_TEST("A.16 without an opposite side: no order, counted",
		 no_opposite, clean),
	LAB_TEST("A.16 each symbol has its book", symbols, clean),
	LAB_TEST("A.16 --aggress same hits the large order itself",
		 aggress_same, clean),
	LAB_TEST("A.16 --threshold-usd, strictly larger", threshold, clean),
	LAB_TEST("A.17 --order-quantity", order_quantity, clean),
	LAB_TEST("A.17 each order is one 13-byte segment, also of one packet",
		 one_send, clean),
	LAB_TEST("A.18 every stage is stamped: samples and percentiles",
		 samples, clean),
	LAB_TEST("A.18 the table has every stage and percentile", table, clean),
	LAB_TEST("A.35 Gap detected: expected 5, got 7; no false first gap",
		 gaps, clean),
	LAB_TEST("A.35 sequence numbers wrap without a gap", wraps, clean),
	LAB_TEST("bad input: datagrams that are none are counted, no more",
		 bad_datagrams, clean),
	LAB_TEST("A.16 an exchange that goes away ends it with 1",
		 exchange_goes, clean),
	LAB_TEST("A.16 nobody at --connect ends it with 1, named",
		 exchange_absent, clean),
	LAB_TEST("A.16 a signal ends it with 0 and its figures", signals,
		 clean),
	LAB_TEST("A.18 samples that can't be written end it with 1",
		 samples_nowhere, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "trader", tests, ARRAY_SIZE(tests), argc, argv);
}
