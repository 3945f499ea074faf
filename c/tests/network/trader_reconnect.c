/* SPDX-License-Identifier: MIT */
/* An exchange that goes away in mid-session, and comes back: by kill -9 at any
 * moment, or as the test plays it. */
#include "tests/support/oracle.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

#define KILLS	    12
#define MOMENT_US   150000 /* a kill comes within so long of the session */
#define SEED	    17
#define LAST_BYTES  "60000"
#define LONG_BYTES  "3000000"
#define LONG_PACE   "rate:5000"
#define TOLD_GONE   "the exchange is gone"
#define TOLD_IN_LOG "t2t-trader: warning: a new session"
/* Of a session that is cut off: a trigger or two are not answered. */
#define UNDER_WAY_MAX 4

static struct lab lab;
static struct program exchange, trader, wiretap;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	program_end(&exchange);
	program_end(&wiretap);
	fake_exchange_close(&fake);
	return 0;
}

static const char *feed(const char *name, const char *bytes,
			char path[static PATH_MAX])
{
	return lab_generated(&lab, name, bytes, "0.1", NULL, path);
}

static json_int_t counter(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "counters"), name);

	json_decref(said);
	return value;
}

/* Killed, and gone: its port is free. */
static void exchange_kill(void)
{
	program_stop(&exchange, SIGKILL, LAB_SOON_MS);
	program_end(&exchange);
}

/* How many times the trader has come back. */
static void sessions_wait(size_t count)
{
	while (program_count(&trader, PROGRAM_ERR, TOLD_IN_LOG) < count)
		assert_true(program_read(&trader, LAB_SOON_MS));
}

/* Of the sessions that were cut off: what was due, as far as they went, and
 * nothing else. */
static void cut_sessions_are_right(const char *path)
{
	json_t *analysis = oracle_judge(path, NULL, NULL, NULL);

	/* A kill before the first datagram leaves none to judge. */
	assert_in_range(oracle_count(analysis, "sessions"), KILLS / 2, KILLS);
	assert_in_range(oracle_count(analysis, "orders"), KILLS, INT32_MAX);
	assert_int_equal(oracle_count(analysis, "extra"), 0);
	assert_int_equal(oracle_count(analysis, "wrong"), 0);
	assert_in_range(oracle_count(analysis, "missing"), 0,
			KILLS * UNDER_WAY_MAX);
	json_decref(analysis);
}

static void capture_end(void)
{
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	program_end(&wiretap);
}

/* The last session is whole, and was judged alone. */
static void last_session_is_right(const char *path)
{
	json_t *analysis = oracle_judge(path, NULL, NULL, NULL);

	oracle_is_right(analysis);
	assert_int_equal(oracle_count(analysis, "sessions"), 1);
	assert_in_range(oracle_count(analysis, "matched"), 10, INT32_MAX);
	assert_int_equal(oracle_count(analysis, "matched"),
			 program_count(&exchange, PROGRAM_OUT, "order "));
	json_decref(analysis);
}

static void killed_at_any_moment(void **state)
{
	char cut[PATH_MAX], whole[PATH_MAX], longer[PATH_MAX], last[PATH_MAX];
	unsigned short seed[3] = { SEED, 0, 0 };

	(void)state;
	feed("long.csv.gz", LONG_BYTES, longer);
	feed("last.csv.gz", LAST_BYTES, last);
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "cut.pcapng", cut));
	for (size_t i = 0; i < KILLS; i++) {
		lab_exchange(&lab, &exchange, longer, "--pace", LONG_PACE,
			     NULL);
		if (i == 0)
			lab_trader(&lab, &trader, "--json", "--reconnect", "60",
				   NULL);
		else
			sessions_wait(i);
		lab_line(&exchange, "state HANDSHAKE");
		usleep((useconds_t)nrand48(seed) % MOMENT_US);
		exchange_kill();
	}
	while (program_count(&trader, PROGRAM_ERR,
			     "t2t-trader: warning: " TOLD_GONE) < KILLS)
		assert_true(program_read(&trader, LAB_SOON_MS));
	capture_end();
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "whole.pcapng", whole));
	lab_exchange(&lab, &exchange, last, NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("reconnects"), KILLS);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	capture_end();
	cut_sessions_are_right(cut);
	last_session_is_right(whole);
}

static void trader_begins(void)
{
	lab_line(&exchange, "state TRANSMIT");
	lab_line(&exchange, "order ");
}

static void killed_without_reconnect(void **state)
{
	char path[PATH_MAX];

	(void)state;
	feed("long.csv.gz", LONG_BYTES, path);
	lab_exchange(&lab, &exchange, path, "--pace", LONG_PACE, NULL);
	lab_trader(&lab, &trader, "--json", NULL);
	trader_begins();
	exchange_kill();
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	assert_true(program_says(&trader, PROGRAM_ERR,
				 "exchange ended the order connection", 0) ||
		    program_says(&trader, PROGRAM_ERR,
				 "an order could not be sent", 0));
	assert_false(program_says(&trader, PROGRAM_ERR, TOLD_GONE, 0));
	assert_int_equal(counter("reconnects"), 0);
}

static void never_comes_back(void **state)
{
	char path[PATH_MAX];
	uint64_t start_ns;

	(void)state;
	feed("long.csv.gz", LONG_BYTES, path);
	lab_exchange(&lab, &exchange, path, "--pace", LONG_PACE, NULL);
	lab_trader(&lab, &trader, "--json", "--reconnect", "1", NULL);
	trader_begins();
	start_ns = clock_monotonic_ns();
	exchange_kill();
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	assert_true(clock_monotonic_ns() - start_ns >= CLOCK_NS_PER_S);
	lab_says(&trader, TOLD_GONE);
	lab_says(&trader, "has not come back within 1 s (--reconnect)");
	assert_int_equal(counter("reconnects"), 0);
	/* What was traded before is told. */
	assert_in_range(counter("orders"), 1, INT32_MAX);
}

static void signal_ends_the_search(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--reconnect", "3600", NULL);
	fake_exchange_accept(&fake);
	fake_exchange_close(&fake);
	lab_says(&trader, TOLD_GONE);
	usleep(LAB_QUIET_MS * 1000);
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(counter("reconnects"), 0);
}

/* Accepted and closed at once, again and again: that is no coming back. */
static void takes_nobody(void **state)
{
	int taken = 0;

	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--reconnect", "1", NULL);
	do {
		struct pollfd poller = { .fd = fake.listener,
					 .events = POLLIN };

		if (poll(&poller, 1, 10) != 1)
			continue;
		fake_exchange_accept(&fake);
		order_client_close(fake.client);
		fake.client = -1;
		/* With pauses that don't grow it is more. */
		assert_in_range(++taken, 1, 10);
	} while (program_wait(&trader, 0) < 0);
	assert_int_equal(program_wait(&trader, 0), 1);
	lab_says(&trader, "has not come back within 1 s (--reconnect)");
	/* 50, 150, 350, 750 ms, and the end: with pauses that grow. */
	assert_in_range(taken, 2, 6);
}

static void session_begin_here(void)
{
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake.sequence = 0;
}

static size_t rows(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];
	size_t count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		count++;
	fclose(file);
	return count;
}

/* One bid that is large, and no ask unless the last session's is left. */
static void nothing_is_left(const char *receive, const char *transport,
			    const char *recover)
{
	char path[PATH_MAX];
	uint16_t old, new;

	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--reconnect", "60", "--samples",
		   lab_path(&lab, "samples.csv", path), "--receive", receive,
		   "--transport", transport, "--recover", recover,
		   "--privileges",
		   strcmp(transport, "bypass") ? "drop" : "keep", NULL);
	session_begin_here();
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	order_client_reset(fake.client);
	fake.client = -1;
	old = fake.tag;
	session_begin_here();
	new = fake.tag;
	if (new == old)
		lab_skip("both sessions have one tag, as one of 4096 has");
	sessions_wait(1);

	/* There is no ask in the new book. */
	fake_exchange_level(&fake, false, 'B', "170", "10000");
	/* The old session goes on to publish. */
	fake.tag = old;
	fake.sequence = 1;
	fake_exchange_level(&fake, false, 'A', "180", "1");
	fake_exchange_level(&fake, false, 'B', "175", "10000");
	fake.tag = new;
	fake.sequence = 1;
	fake_exchange_level(&fake, false, 'A', "260", "1");
	fake_exchange_level(&fake, false, 'B', "190", "10000");
	fake_exchange_expect(&fake, 1, "260", ORDER_BUY);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);

	assert_int_equal(counter("reconnects"), 1);
	assert_int_equal(counter("no_opposite"), 1);
	assert_int_equal(counter("foreign"), 2);
	assert_int_equal(counter("gaps"), 0);
	assert_int_equal(counter("orders"), 2);
	assert_int_equal(counter("orders_unacknowledged"), 0);
	assert_int_equal(rows(path), 1 + 2);
}

static void by_each_path(void **state)
{
	choice_receive_needed(*state);
	nothing_is_left(*state, "send", "none");
}

static void by_each_transport(void **state)
{
	choice_transport_needed(*state);
	nothing_is_left("block", *state, "none");
}

static void recovering(void **state)
{
	(void)state;
	fake_exchange_retransmitter(&fake, &lab);
	nothing_is_left("block", "send", "request");
}

static void by_bypass(void **state)
{
	(void)state;
	choice_receive_needed("xdp");
	choice_transport_needed("bypass");
	lab_trader(&lab, &trader, "--receive", "xdp", "--transport", "bypass",
		   "--reconnect", "60", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 2);
	lab_says(&trader, "--privileges keep");
	program_end(&trader);
	nothing_is_left("xdp", "bypass", "none");
}

/* What the exchange's host says gets lost, then the exchange. */
static void unacknowledged_is_told(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--reconnect", "60", NULL);
	session_begin_here();
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	lab_ip(&lab, lab.exchange, "route add blackhole " LAB_TRADER_ADDRESS);
	for (int i = 0; i < 3; i++)
		fake_exchange_level(&fake, false, 'B', "170", "10000");
	for (int i = 0; i < 3; i++)
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	order_client_reset(fake.client);
	fake.client = -1;
	lab_ip(&lab, lab.exchange, "route del blackhole " LAB_TRADER_ADDRESS);
	lab_says(&trader, "3 orders were sent and not acknowledged");
	session_begin_here();
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("orders"), 5);
	assert_int_equal(counter("orders_unacknowledged"), 3);
}

/* It may look around between the reset and the trigger: then once more. */
static void order_finds_out(void **state)
{
	size_t sessions = 0;

	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--reconnect", "60", NULL);
	do {
		assert_in_range(sessions, 0, 9);
		session_begin_here();
		fake_exchange_book(&fake);
		fake_exchange_level(&fake, false, 'B', "160", "10000");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
		order_client_reset(fake.client);
		fake.client = -1;
		fake_exchange_level(&fake, false, 'B', "170", "10000");
		sessions_wait(++sessions);
	} while (!program_says(&trader, PROGRAM_ERR,
			       "an order could not be sent", 0));
	session_begin_here();
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("orders"), sessions);
}

/* At the feed's end it comes back for it, with empty books each time: the
 * exchange has nobody else's orders, and the oracle misses none. */
static void sessions_follow_each_other(void **state)
{
	char path[PATH_MAX];

	(void)state;
	feed("short.csv.gz", "8000", path);
	lab_exchange(&lab, &exchange, path, "--on-second-client", "queue",
		     NULL);
	lab_trader(&lab, &trader, "--json", "--sessions", "5", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("reconnects"), 4);
	assert_int_equal(counter("gaps"), 0);
	assert_int_equal(counter("orders") % 5, 0);
	assert_true(counter("orders") > 0);
	assert_int_equal(counter("orders_unacknowledged"), 0);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("--sessions: one after the other, each with the whole feed",
		 sessions_follow_each_other, clean),
	LAB_TEST("A.16 an exchange is killed at a dozen moments, comes back",
		 killed_at_any_moment, clean),
	LAB_TEST("A.16 killed, without --reconnect: it ends with 1, named",
		 killed_without_reconnect, clean),
	LAB_TEST("A.16 killed, and never there again: it ends with 1, named",
		 never_comes_back, clean),
	LAB_TEST("A.16 a signal while the exchange is away ends it with 0",
		 signal_ends_the_search, clean),
	LAB_TEST("A.16 an exchange that takes nobody has not come back",
		 takes_nobody, clean),
	LAB_TEST("A.16 gone, as an order finds out: a new session",
		 order_finds_out, clean),
	LAB_TEST("A.16 orders that a lost session left open are told",
		 unacknowledged_is_told, clean),
	LAB_TEST("A.16 of the last session nothing is left: --recover request",
		 recovering, clean),
	LAB_TEST("A.16 of the last session nothing is left: bypass", by_bypass,
		 clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[100];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "A.16 of the last session nothing is left",
			  by_each_path, clean, choice_receive);
	n += choice_tests(all + n, "A.16 nor of its orders", by_each_transport,
			  clean, choice_transport);
	return lab_run(&lab, "trader_reconnect", all, n, argc, argv);
}
