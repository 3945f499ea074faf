/* SPDX-License-Identifier: MIT */
/* The trader from outside, against an exchange that is played by the test:
 * joining, sending, stamps, gaps and ends. */
#include "tests/support/oracle.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

static struct lab lab;
static struct program trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	fake_exchange_close(&fake);
	return 0;
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

static void joined_wait(void)
{
	for (int i = 0; !group_joined(); i++) {
		assert_in_range(i, 0, LAB_SOON_MS);
		usleep(1000);
	}
}

/* The feed ends, the trader leaves with 0, and there was no more. */
static void expect_end(void)
{
	uint8_t byte;

	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recv(fake.client, &byte, 1, MSG_DONTWAIT), 0);
}

static void begin(const char *option, const char *value)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", option, value, NULL);
	fake_exchange_accept(&fake);
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
	const char *path = *state;

	choice_receive_needed(path);
	assert_false(group_joined());
	lab_trader(&lab, &trader, "--receive", path, "--connect-timeout-ms",
		   "30000", NULL);
	joined_wait();
	assert_int_equal(program_wait(&trader, 0), -1);
	fake_exchange_listen(&fake, &lab);
	fake_exchange_accept(&fake);
	/* What is published at once is not lost. */
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
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
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "150", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	before = data_segments();
	for (unsigned int i = 0; i < 5; i++)
		messages[i] = fake_exchange_message('B', "160", "10000");
	fake_exchange_publish(&fake, 0, messages, 5);
	for (int i = 0; i < 5; i++)
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
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
	fake_exchange_book(&fake);
	for (int i = 0; i < 100; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "10000");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
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
			/* Of a hundred, p90 has ten beyond it. */
			if (strncmp(members[j], "p99", 3) == 0) {
				assert_true(json_is_null(
					json_object_get(stage, members[j])));
				continue;
			}
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
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_true(program_says(&trader, PROGRAM_OUT, words[i], 0));
	/* Of one order. */
	assert_true(program_says(&trader, PROGRAM_OUT,
				 "-         -         -         -", 0));
	assert_true(program_says(&trader, PROGRAM_OUT,
				 "-: fewer than 10 samples lie beyond it", 0));
}

static void gaps(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake.sequence = 3; /* the first number seen is no gap */
	fake_exchange_book(&fake);
	fake.sequence = 7;
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake.sequence = 5; /* late: not applied */
	fake_exchange_level(&fake, false, 'B', "170", "10000");
	fake.sequence = 8;
	fake_exchange_level(&fake, false, 'B', "180", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
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
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000"); /* number 0 */
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("gaps"), 0);
}

static void bad_datagrams(void **state)
{
	const uint8_t junk[MARKET_DATA_DATAGRAM_MAX] = { 0, 0, 0, 0, 200, 1 };
	const struct market_data_message odd = { .type = 'Q', .side = 'Z' };

	(void)state;
	begin(NULL, NULL);
	fake_exchange_book(&fake);
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(send(fake.sender[0], junk, len, 0), len);
	assert_int_equal(send(fake.sender[0], junk, 40, 0), 40);
	assert_int_equal(send(fake.sender[0], junk, sizeof(junk), 0),
			 sizeof(junk));
	fake_exchange_publish(&fake, 0, &odd, 1);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("bad_datagrams"), 10);
	assert_int_equal(counter("bad_messages"), 1);
}

static void exchange_gone(bool reset)
{
	begin(NULL, NULL);
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
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

/* Connected to, and closed at once, while another's feed is heard: all of it
 * lies there before the trader comes back from its first poll. */
static void refused(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	begin("--receive", path);
	order_client_close(fake.client);
	fake.client = -1;
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "exchange ended the order connection");
}

/* Never a poll without market data. */
static void exchange_goes_while_busy(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	begin("--receive", path);
	fake_exchange_book(&fake);
	order_client_close(fake.client);
	fake.client = -1;
	for (int i = 0; program_wait(&trader, 0) < 0; i++) {
		assert_in_range(i, 0, 20 * LAB_SOON_MS);
		fake_exchange_level(&fake, false, 'B', "160", "1");
	}
	assert_int_equal(program_wait(&trader, 0), 1);
	lab_says(&trader, "exchange ended the order connection");
}

static void transport_sends(void **state)
{
	const char *transport = *state;

	choice_transport_needed(transport);
	begin("--transport", transport);
	fake_exchange_book(&fake);
	for (int i = 0; i < 100; i++) {
		fake_exchange_level(&fake, false, 'B', "150", "10000");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
	expect_end();
	assert_int_equal(counter("orders"), 100);
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
	static const int numbers[] = { SIGINT, SIGTERM };
	const char *path = *state;

	choice_receive_needed(path);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		begin("--receive", path);
		fake_exchange_book(&fake);
		fake_exchange_level(&fake, false, 'B', "160", "10000");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
		assert_int_equal(program_stop(&trader, numbers[i], LAB_SOON_MS),
				 0);
		assert_int_equal(counter("orders"), 1);
		clean(state);
	}
}

static void signal_while_connecting(void **state)
{
	(void)state;
	lab_trader(&lab, &trader, "--connect-timeout-ms", "60000", NULL);
	joined_wait();
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
}

static void interface_goes(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	begin("--receive", path);
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	assert_int_equal(system("ip link delete " LAB_TRADER_INTERFACE), 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "'" LAB_TRADER_INTERFACE "' is gone");
}

static int interface_back(void **state)
{
	clean(state);
	return if_nametoindex(LAB_TRADER_INTERFACE) ? 0 : lab_link(&lab);
}

static void samples_nowhere(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--samples", "/nonexistent/samples.csv",
		   NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "/nonexistent/samples.csv");
	clean(state);
	begin("--samples", "/dev/full");
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "/dev/full");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.17 each order is one 13-byte segment, also of one packet",
		 one_send, clean),
	LAB_TEST("A.18 every stage is stamped: samples and percentiles",
		 samples, clean),
	LAB_TEST("A.18 the table has every stage and percentile", table, clean),
	LAB_TEST("C.35 Gap detected: expected 5, got 7; no false first gap",
		 gaps, clean),
	LAB_TEST("C.35 sequence numbers wrap without a gap", wraps, clean),
	LAB_TEST("bad input: datagrams that are none are counted, no more",
		 bad_datagrams, clean),
	LAB_TEST("A.16 an exchange that goes away ends it with 1",
		 exchange_goes, clean),
	LAB_TEST("A.16 nobody at --connect ends it with 1, named",
		 exchange_absent, clean),
	LAB_TEST("A.16 a signal ends it with 0, also while it connects",
		 signal_while_connecting, clean),
	LAB_TEST("every choice of the tables is in the lists of the tests",
		 choice_lists_are_whole, NULL),
	LAB_TEST("A.18 samples that can't be written end it with 1",
		 samples_nowhere, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[100];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n,
			  "A.16 the group is joined before the connect",
			  joins_first, clean, choice_receive);
	n += choice_tests(all + n, "A.16 a signal ends it with 0, its figures",
			  signals, clean, choice_receive);
	n += choice_tests(all + n, "A.16 its interface goes: it ends with 1",
			  interface_goes, interface_back, choice_receive);
	n += choice_tests(all + n, "A.16 an exchange that refused it: 1",
			  refused, clean, choice_receive);
	n += choice_tests(all + n, "A.16 the exchange goes, data stay: 1",
			  exchange_goes_while_busy, clean, choice_receive);
	n += choice_tests(all + n, "A.17 orders leave", transport_sends, clean,
			  choice_transport);
	return lab_run(&lab, "trader", all, n, argc, argv);
}
