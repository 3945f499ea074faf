/* SPDX-License-Identifier: MIT */
/* An exchange with two lines: both carry the same, each with what is done to it
 * alone, and neither waits for the other's link. */
#include "tests/support/lab.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

#define COUNT	  4000
#define LONG	  20000 /* several times what is read ahead */
#define GROUPS	  "239.255.0.1:12345,239.255.0.2:12345"
#define GROUP_B	  "239.255.0.2"
#define EXCHANGE1 "exchange1"
#define TRADER1	  "trader1"
#define LINES	  2

static struct lab lab;
static struct program exchange;
static struct listener heard[LINES];
static int client = -1;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&exchange);
	for (size_t i = 0; i < LINES; i++)
		listener_close(&heard[i]);
	return 0;
}

static void listeners_open(const char *interface_b)
{
	listener_open(&heard[0], LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	listener_open(&heard[1], interface_b, GROUP_B, LAB_GROUP_PORT);
}

static json_t *exchange_said(void)
{
	char path[PATH_MAX];
	json_t *said;

	order_client_close(client);
	client = -1;
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	said = json_load_file(lab_path(&lab, "sessions.jsonl", path), 0, NULL);
	assert_non_null(said);
	return said;
}

/* A session to its end on both lines; what the exchange says of it. */
static json_t *session(const char *option, const char *value)
{
	char path[PATH_MAX];

	listeners_open(LAB_TRADER_INTERFACE);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, COUNT - 10), "--group",
		     GROUPS, "--pace", "rate:20000", option, value,
		     "--sessions", lab_path(&lab, "sessions.jsonl", path),
		     NULL);
	client = lab_connect();
	for (size_t i = 0; i < LINES; i++) {
		size_t end = listener_hear_flag(
			&heard[i], MARKET_DATA_END_OF_FEED, LAB_SOON_MS);

		assert_true(end < heard[i].count);
		heard[i].count = end;
	}
	return exchange_said();
}

static size_t number(const json_t *said, const char *member)
{
	const json_t *found = json_object_get(said, member);

	assert_true(json_is_integer(found));
	return (size_t)json_integer_value(found);
}

static const json_t *line(const json_t *said, size_t i)
{
	const json_t *lines = json_object_get(said, "lines");

	assert_int_equal(json_array_size(lines), LINES);
	return json_array_get(lines, i);
}

static size_t lost(const json_t *said)
{
	return number(json_object_get(said, "impaired"), "lost");
}

static void the_same_on_both(void **state)
{
	json_t *said = session("--ttl", "1");

	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		assert_int_equal(heard[i].count, COUNT);
		assert_int_equal(number(line(said, i), "packets"), COUNT);
	}
	for (size_t i = 0; i < COUNT; i++) {
		const struct listener_datagram *a = &heard[0].datagrams[i];
		const struct listener_datagram *b = &heard[1].datagrams[i];

		assert_int_equal(a->header.sequence, i);
		assert_int_equal(a->len, b->len);
		assert_memory_equal(heard[0].bytes + a->at,
				    heard[1].bytes + b->at, a->len);
	}
	assert_int_equal(number(said, "packets"), LINES * COUNT);
	assert_null(json_object_get(said, "impaired"));
	json_decref(said);
}

/* Which numbers a line has lost. */
static void lost_mark(const struct listener *listener, bool marks[COUNT])
{
	memset(marks, true, COUNT);
	for (size_t i = 0; i < listener->count; i++)
		marks[listener->datagrams[i].header.sequence] = false;
}

static void each_loses_for_itself(void **state)
{
	static bool before[LINES][COUNT], marks[LINES][COUNT];
	size_t both = 0;

	(void)state;
	for (size_t run = 0; run < 2; run++) {
		json_t *said = session("--lose", "10%");

		for (size_t i = 0; i < LINES; i++) {
			lost_mark(&heard[i], marks[i]);
			assert_int_equal(lost(line(said, i)),
					 COUNT - heard[i].count);
		}
		assert_int_equal(lost(said),
				 lost(line(said, 0)) + lost(line(said, 1)));
		json_decref(said);
		/* The same seed loses the same. */
		if (run > 0)
			assert_memory_equal(marks, before, sizeof(marks));
		memcpy(before, marks, sizeof(marks));
		clean(NULL);
	}
	/* 1% of them is 40, with a standard deviation of 6. */
	for (size_t i = 0; i < COUNT; i++)
		both += marks[0][i] && marks[1][i];
	assert_in_range(both, 10, 75);
	/* Nor is one the other's, shifted. */
	both = 0;
	for (size_t i = 1; i < COUNT; i++)
		both += marks[0][i] && marks[1][i - 1];
	assert_in_range(both, 10, 75);
}

static void a_share_of_its_own(void **state)
{
	json_t *said = session("--lose", "B:25%");

	(void)state;
	assert_int_equal(heard[0].count, COUNT);
	assert_in_range(heard[1].count, COUNT * 7 / 10, COUNT * 8 / 10);
	assert_null(json_object_get(line(said, 0), "impaired"));
	assert_int_equal(lost(line(said, 1)), COUNT - heard[1].count);
	json_decref(said);
}

/* Line B's link is down from the first packet on. */
static void neither_waits_for_a_link(void **state)
{
	char path[PATH_MAX];
	json_t *said;

	(void)state;
	lab_ip(&lab, lab.exchange,
	       "link add " EXCHANGE1 " type veth peer name " TRADER1);
	lab_ip(&lab, lab.exchange, "link set " EXCHANGE1 " up");
	listener_open(&heard[0], LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--listen",
		  LAB_CONNECT, "--group", GROUPS, "--interface",
		  LAB_EXCHANGE_INTERFACE "," EXCHANGE1, "--feed",
		  lab_feed(&lab, 10, LONG - 10), "--pace", "rate:20000",
		  "--sessions", lab_path(&lab, "sessions.jsonl", path), NULL);
	lab_line(&exchange, "state INIT");
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&heard[0], MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 LONG);
	said = exchange_said();
	assert_int_equal(number(line(said, 0), "packets"), LONG);
	assert_int_equal(number(line(said, 0), "packets_dropped"), 0);
	assert_int_equal(number(line(said, 0), "link_downs"), 0);
	assert_int_equal(number(line(said, 1), "packets"), 0);
	assert_in_range(number(line(said, 1), "packets_dropped"), LONG / 2,
			LONG - 1);
	assert_int_equal(number(line(said, 1), "link_downs"), 1);
	json_decref(said);
	lab_ip(&lab, lab.exchange, "link del " EXCHANGE1);
}

static void refused(const char *option, const char *value, const char *why)
{
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", lab_feed(&lab, 1, 1), "--interface",
				  "lo", option, value, NULL),
			 2);
	lab_says(&exchange, why);
	program_end(&exchange);
}

static void lines_that_can_not_be(void **state)
{
	(void)state;
	refused("--lose", "B:1%", "there is no line B");
	refused("--lose", "C:1%", "A:VALUE,B:VALUE");
	refused("--interface", "lo,lo", "two of them need two groups");
	refused("--group", "239.255.0.1:1,239.255.0.1:1", "both lines are one");
	refused("--group=239.255.0.1:1,239.255.0.1:1", "--interface=lo,lo",
		"both lines are one");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST("the same on both lines", the_same_on_both, clean),
		LAB_TEST("each loses for itself", each_loses_for_itself, clean),
		LAB_TEST("a share of its own", a_share_of_its_own, clean),
		LAB_TEST("neither waits for the other's link",
			 neither_waits_for_a_link, clean),
		LAB_TEST("lines that can't be", lines_that_can_not_be, clean),
	};

	return lab_run(&lab, "network/exchange_lines", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
