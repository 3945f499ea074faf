/* SPDX-License-Identifier: MIT */
/* --send-times: when each datagram was to leave, and when it did. */
#include "publish/publish_path.h"
#include "tests/support/lab.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SNAPSHOTS 3
#define UPDATES	  200
#define COUNT	  (SNAPSHOTS + UPDATES)

static struct lab lab;
static struct program exchange;
static struct listener listener;
static int client = -1;

static struct send {
	uint64_t sequence, intended_ns, sent_ns;
} sends[COUNT + 1];

static int clean(void **state)
{
	(void)state;
	lab_session_end(&exchange, &listener, &client);
	return 0;
}

/* Publish all at this pace, asleep for so long at a time in its midst. */
static void publish(const char *pace, useconds_t asleep_us)
{
	char path[PATH_MAX], line[128];
	FILE *file;
	size_t n = 0;

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, SNAPSHOTS, UPDATES),
		     "--pace", pace, "--send-times",
		     lab_path(&lab, "sends.csv", path), NULL);
	client = lab_connect();
	if (asleep_us > 0) {
		assert_int_equal(listener_hear(&listener, 10, LAB_SOON_MS), 10);
		kill(exchange.pid, SIGSTOP);
		usleep(asleep_us);
		kill(exchange.pid, SIGCONT);
	}
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 COUNT);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);

	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "sequence,intended_ns,sent_ns\n");
	while (fgets(line, sizeof(line), file)) {
		struct send *send = &sends[n++];

		assert_in_range(n, 1, COUNT);
		assert_int_equal(sscanf(line,
					"%" SCNu64 ",%" SCNu64 ",%" SCNu64,
					&send->sequence, &send->intended_ns,
					&send->sent_ns),
				 3);
	}
	fclose(file);
	assert_int_equal(n, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(sends[i].sequence, i);
		assert_true(sends[i].sent_ns >= sends[i].intended_ns);
		assert_true(i == 0 || sends[i].sent_ns >= sends[i - 1].sent_ns);
	}
}

/* The plan goes on while the exchange does not: whoever measures from the
 * intended time sees the wait (coordinated omission). */
static void intended_is_the_plan(void **state)
{
	uint64_t most = 0;

	(void)state;
	publish("rate:1000", 100000);
	for (size_t i = SNAPSHOTS + 1; i < COUNT; i++) {
		uint64_t late_ns = sends[i].sent_ns - sends[i].intended_ns;

		/* Wall time and the pace's, to the ns. */
		assert_int_equal(sends[i].intended_ns -
					 sends[i - 1].intended_ns,
				 1000000);
		if (late_ns > most)
			most = late_ns;
	}
	assert_true(most >= 90000000);
	/* It is on its way once it was handed over: no sooner than the first of
	 * those that one call took along. The two ends' clocks may differ by
	 * less than a millisecond. */
	for (size_t i = 0; i < COUNT; i++) {
		size_t first = i < PUBLISH_PATH_BURST_MAX
				       ? 0
				       : i + 1 - PUBLISH_PATH_BURST_MAX;

		assert_true(listener.datagrams[i].stamp_ns + 1000000 >=
			    sends[first].sent_ns);
	}
}

static void without_a_pace_it_leaves_as_intended(void **state)
{
	(void)state;
	publish("max", 0);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(sends[i].sent_ns, sends[i].intended_ns);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.12 --send-times: the plan's times beside the real ones",
		 intended_is_the_plan, clean),
	LAB_TEST("A.12 --send-times: without a pace the two are one",
		 without_a_pace_it_leaves_as_intended, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_send_times", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
