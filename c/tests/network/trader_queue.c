/* SPDX-License-Identifier: MIT */
/* Ten traders that come at once and are taken one after the other: each hears
 * all sessions and trades on its own. The oracle judges all of it. */
#include "tests/support/oracle.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/decimal.h"

#define TRADERS 10
#define FORGED	20 /* datagrams, in each session but the first */
#define PACE	"rate:2000"
#define TOLD	"t2t-exchange: session "

static struct lab lab;
static struct program exchange, wiretap, traders[TRADERS];
static uint16_t tags[TRADERS]; /* of the sessions */
static int forger = -1;

static int clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < TRADERS; i++)
		program_end(&traders[i]);
	program_end(&exchange);
	program_end(&wiretap);
	if (forger >= 0)
		close(forger);
	forger = -1;
	return 0;
}

/* It sends from the exchange's host, as the exchange does. */
static void forger_open(void)
{
	struct sockaddr_in group = { .sin_family = AF_INET,
				     .sin_port = htons(LAB_GROUP_PORT) };
	struct in_addr from;

	assert_int_equal(inet_pton(AF_INET, LAB_GROUP, &group.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, LAB_EXCHANGE_ADDRESS, &from), 1);
	lab_go_exchange(&lab);
	forger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lab_go_trader(&lab);
	assert_true(forger >= 0);
	assert_int_equal(setsockopt(forger, IPPROTO_IP, IP_MULTICAST_IF, &from,
				    sizeof(from)),
			 0);
	assert_int_equal(
		connect(forger, (const struct sockaddr *)&group, sizeof(group)),
		0);
}

/* What every trader would answer, or end at, were it of its session. */
static void forge(uint16_t tag)
{
	const struct market_data_message large = {
		.type = MARKET_DATA_UPDATE,
		.side = MARKET_DATA_BID,
		.price = 1000000 * DECIMAL_ONE,
		.quantity = 1000000 * DECIMAL_ONE,
	};

	for (uint32_t i = 0; i < FORGED; i++) {
		const bool ends = i == FORGED - 1;
		const struct market_data_header header = {
			.sequence = 5 * i,
			.message_count = ends ? 0 : 1,
			.flags = market_data_tag_flags(tag) |
				 (ends ? MARKET_DATA_END_OF_FEED : 0),
		};
		uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
		const size_t len = market_data_len(header.message_count);

		market_data_write_header(bytes, &header);
		if (!ends)
			market_data_write(bytes, 0, &large);
		assert_int_equal(send(forger, bytes, len, 0), len);
	}
}

/* Which trader's it is, as the log tells at its begin: "session 3 with
 * 10.77.0.2:40000". */
static uint16_t session_tag(size_t number)
{
	char begin[64];
	const char *line;

	snprintf(begin, sizeof(begin), TOLD "%zu with ", number);
	line = program_line(&exchange, PROGRAM_ERR, begin, LAB_SOON_MS);
	assert_non_null(line);
	assert_null(strstr(line, "ended"));
	return market_data_session_tag(
		(uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10));
}

/* Whose numbers are like another's nobody can tell apart. */
static void tags_are_different(void)
{
	for (size_t i = 0; i < TRADERS; i++)
		for (size_t j = 0; j < i; j++)
			if (tags[i] == tags[j])
				lab_skip("two of ten sessions have one tag, "
					 "as one run in 91 has");
}

static void sessions_play(void)
{
	for (size_t i = 0; i < TRADERS; i++) {
		tags[i] = session_tag(i + 1);
		lab_line(&exchange, "state TRANSMIT");
		lab_line(&exchange, "order ");
		/* The one before it goes on, as it were. */
		if (i > 0)
			forge(tags[i - 1]);
		lab_line(&exchange, "state INIT");
	}
}

/* Its orders. */
static json_int_t trader_is_right(struct program *trader, json_int_t *foreign)
{
	const json_t *counters;
	json_t *said;
	json_int_t orders;

	assert_int_equal(program_wait(trader, LAB_SOON_MS), 0);
	said = oracle_json(trader);
	counters = json_object_get(said, "counters");
	orders = oracle_count(counters, "orders");
	assert_in_range(orders, 10, INT32_MAX);
	assert_int_equal(oracle_count(counters, "gaps"), 0);
	assert_int_equal(oracle_count(counters, "lost"), 0);
	assert_int_equal(oracle_count(counters, "doubted"), 0);
	assert_int_equal(orders + oracle_count(counters, "no_opposite"),
			 oracle_count(counters, "triggers"));
	*foreign = oracle_count(counters, "foreign");
	json_decref(said);
	return orders;
}

static void traders_are_right(const char *capture)
{
	json_t *analysis = oracle_judge(capture, NULL, NULL, NULL);
	json_int_t all = 0, orders = 0, foreign, heard = 0;

	for (size_t i = 0; i < TRADERS; i++) {
		const json_int_t one = trader_is_right(&traders[i], &foreign);

		/* One feed, and what is due by it. */
		assert_true(orders == 0 || one == orders);
		orders = one;
		all += one;
		heard += foreign > 0;
	}
	/* Who was first heard nothing of others. */
	assert_in_range(heard, TRADERS - 1, TRADERS);
	oracle_is_right(analysis);
	assert_int_equal(oracle_count(analysis, "sessions"), TRADERS);
	assert_int_equal(oracle_count(analysis, "matched"), all);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), all);
	json_decref(analysis);
}

static void one_after_the_other(const char *recover)
{
	char feed[PATH_MAX], capture[PATH_MAX];

	lab_generated(&lab, "feed.csv.gz", "60000", "0.1", NULL, feed);
	forger_open();
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "queue.pcapng", capture));
	lab_exchange(&lab, &exchange, feed, "--pace", PACE,
		     "--on-second-client", "queue", NULL);
	for (size_t i = 0; i < TRADERS; i++)
		lab_trader(&lab, &traders[i], "--json", "--recover", recover,
			   NULL);
	sessions_play();
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	tags_are_different();
	traders_are_right(capture);
}

static void taking_gaps(void **state)
{
	(void)state;
	one_after_the_other("none");
}

static void asking(void **state)
{
	(void)state;
	one_after_the_other("request");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.4 ten traders, one after the other, each judged right",
		 taking_gaps, clean),
	LAB_TEST("A.4 ten traders with --recover request", asking, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "network/trader_queue", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
