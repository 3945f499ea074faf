/* SPDX-License-Identifier: MIT */
/* What an exchange does to its datagrams when it is told to, as a receiver
 * meets it, and what it says of that. */
#include "tests/support/lab.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define COUNT 4000 /* datagrams of the feed */

static struct lab lab;
static struct program exchange;
static struct listener listener;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	lab_session_end(&exchange, &listener, &client);
	return 0;
}

static size_t seen[COUNT]; /* times that each sequence came */
static size_t heard;

/* A session to its end; returns what the exchange says of it. */
static json_t *session(const char *option, const char *value, const char *pace)
{
	char path[PATH_MAX];
	json_t *said;

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, COUNT - 10), option,
		     value, "--pace", pace, "--sessions",
		     lab_path(&lab, "sessions.jsonl", path), NULL);
	client = lab_connect();
	heard = listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				   LAB_SOON_MS);
	order_client_close(client);
	client = -1;
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < heard; i++) {
		assert_in_range(listener.datagrams[i].header.sequence, 0,
				COUNT - 1);
		seen[listener.datagrams[i].header.sequence]++;
	}
	/* The end says how many there were, whatever became of them. */
	assert_int_equal(listener.datagrams[heard].header.sequence, COUNT);
	said = json_load_file(path, 0, NULL);
	assert_non_null(said);
	assert_int_equal(json_integer_value(json_object_get(said, "packets")),
			 heard);
	return said;
}

static size_t impaired(const json_t *said, const char *member)
{
	json_t *number =
		json_object_get(json_object_get(said, "impaired"), member);

	assert_true(json_is_integer(number));
	return (size_t)json_integer_value(number);
}

/* Of the sequences, how many came so often. */
static size_t times(size_t wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT; i++)
		count += seen[i] == wanted;
	return count;
}

/* Datagrams that came behind one of a later number. */
static size_t out_of_order(void)
{
	size_t count = 0;
	uint32_t most = 0;

	for (size_t i = 0; i < heard; i++) {
		uint32_t sequence = listener.datagrams[i].header.sequence;

		count += sequence < most;
		if (sequence > most)
			most = sequence;
	}
	return count;
}

static void lost(void **state)
{
	json_t *said = session("--lose", "5%", "max");

	(void)state;
	assert_in_range(impaired(said, "lost"), COUNT / 40, COUNT / 10);
	assert_int_equal(times(0), impaired(said, "lost"));
	assert_int_equal(times(1), COUNT - impaired(said, "lost"));
	assert_int_equal(out_of_order(), 0);
	json_decref(said);
}

static void all_lost(void **state)
{
	json_t *said = session("--lose", "100%", "max");

	(void)state;
	assert_int_equal(heard, 0);
	assert_int_equal(impaired(said, "lost"), COUNT);
	json_decref(said);
}

static void doubled(void **state)
{
	json_t *said = session("--duplicate", "5%", "max");

	(void)state;
	assert_in_range(impaired(said, "duplicated"), COUNT / 40, COUNT / 10);
	assert_int_equal(times(2), impaired(said, "duplicated"));
	assert_int_equal(times(0), 0);
	assert_int_equal(out_of_order(), 0);
	json_decref(said);
}

static void swapped(void **state)
{
	json_t *said = session("--swap", "5%", "max");

	(void)state;
	assert_in_range(impaired(said, "swapped"), COUNT / 40, COUNT / 10);
	assert_int_equal(times(1), COUNT);
	/* The feed's last has no next one. */
	assert_in_range(out_of_order(), impaired(said, "swapped") - 1,
			impaired(said, "swapped"));
	json_decref(said);
}

/* There is no next one for the last of them. */
static void all_swapped(void **state)
{
	json_t *said = session("--swap", "100%", "max");

	(void)state;
	assert_int_equal(impaired(said, "swapped") + impaired(said, "crowded"),
			 COUNT);
	assert_int_equal(times(1), COUNT);
	json_decref(said);
}

static void delayed(void **state)
{
	json_t *said = session("--delay", "5%:50000", "rate:4000");
	(void)state;
	assert_in_range(impaired(said, "delayed"), COUNT / 40, COUNT / 10);
	assert_int_equal(impaired(said, "crowded"), 0);
	assert_int_equal(times(1), COUNT);
	/* Nothing overtakes those so near the end; and where the exchange was
	 * held up for as long, they leave in their place. */
	assert_true(out_of_order() >= impaired(said, "delayed") / 2);
	json_decref(said);
}

/* All of it late is in order, and late. */
static void all_delayed(void **state)
{
	uint64_t before_ns = clock_realtime_ns(), begin_ns;
	json_t *said = session("--delay", "300000", "max");

	(void)state;
	begin_ns = listener.datagrams[0].stamp_ns;
	assert_true(begin_ns - before_ns >= 300000000);
	assert_int_equal(times(1), COUNT);
	assert_int_equal(out_of_order(), 0);
	assert_int_equal(impaired(said, "all_late_ns"), 300000000);
	json_decref(said);
}

static void unknown(void **state)
{
	(void)state;
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", lab_feed(&lab, 1, 1), "--lose",
				  "101%", NULL),
			 2);
	lab_says(&exchange, "--lose: '101%': expected a share: 0% to 100%");
	program_end(&exchange);
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", lab_feed(&lab, 1, 1), "--lose",
				  "60%", "--swap", "60%", NULL),
			 2);
	lab_says(&exchange, "120% of the packets in all");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST("packets that are lost on purpose", lost, clean),
		LAB_TEST("all of them", all_lost, clean),
		LAB_TEST("packets that leave twice", doubled, clean),
		LAB_TEST("packets that leave behind the next one", swapped,
			 clean),
		LAB_TEST("packets that wait for one that never comes",
			 all_swapped, clean),
		LAB_TEST("packets that leave late", delayed, clean),
		LAB_TEST("all of them late", all_delayed, clean),
		LAB_TEST("shares that can't be", unknown, clean),
	};

	return lab_run(&lab, "network/exchange_impairments", tests,
		       ARRAY_SIZE(tests), argc, argv);
}
