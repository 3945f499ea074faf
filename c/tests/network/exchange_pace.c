/* SPDX-License-Identifier: MIT */
/* When the exchange's datagrams leave, and what it does with those that the
 * kernel has no room for. The times judged are the exchange's own. */
#include "tests/support/lab.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

#define ROWS_MAX 30000

/* What --send-times says of each packet, in ns. */
static uint64_t intended[ROWS_MAX], sent[ROWS_MAX];

/* Publish to the end at this pace; all is heard, in order. */
static void publish(const char *feed, const char *pace, size_t count)
{
	char path[PATH_MAX];

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, feed, "--pace", pace, "--send-times",
		     lab_path(&lab, "sends.csv", path), NULL);
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(listener.datagrams[i].header.sequence, i);
}

/* The same, and read when each packet was to leave. However busy the machine
 * is, none left before its time, and one of them nearly at it. */
static void publish_timed(const char *feed, const char *pace, size_t count)
{
	uint64_t sequence, least = UINT64_MAX;
	char path[PATH_MAX], line[128];
	FILE *file;

	publish(feed, pace, count);
	order_client_close(client);
	client = -1;
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	file = fopen(lab_path(&lab, "sends.csv", path), "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_in_range(count, 1, ROWS_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(fgets(line, sizeof(line), file));
		assert_int_equal(sscanf(line, "%ju,%ju,%ju", &sequence,
					&intended[i], &sent[i]),
				 3);
		assert_int_equal(sequence, i);
		assert_true(sent[i] >= intended[i]);
		if (sent[i] - intended[i] < least)
			least = sent[i] - intended[i];
	}
	fclose(file);
	assert_true(least < 10000000);
}

/* Between two packets' intended times. */
static uint64_t gap_ns(size_t i)
{
	assert_true(intended[i + 1] >= intended[i]);
	return intended[i + 1] - intended[i];
}

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void fast(void **state)
{
	static uint64_t gaps[20099];

	(void)state;
	publish(lab_feed(&lab, 100, 20000), "max", 20100);
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++)
		gaps[i] = listener.datagrams[i + 1].stamp_ns -
			  listener.datagrams[i].stamp_ns;
	/* The median: who takes the CPU away does so for few of them. */
	qsort(gaps, ARRAY_SIZE(gaps), sizeof(*gaps), by_value);
	assert_true(gaps[ARRAY_SIZE(gaps) / 2] < 250000);
}

static void rate(void **state)
{
	(void)state;
	publish_timed(lab_feed(&lab, 10, 491), "rate:1000", 501);
	for (size_t i = 0; i < 500; i++)
		assert_in_range(gap_ns(i), 999999, 1000001);
}

static void burst(void **state)
{
	(void)state;
	publish_timed(lab_feed(&lab, 10, 490), "burst:50@1000", 500);
	for (size_t i = 0; i < 499; i++)
		assert_in_range(gap_ns(i), i % 50 == 49 ? 49999999 : 0,
				i % 50 == 49 ? 50000001 : 0);
}

static void fraction(void **state)
{
	(void)state;
	publish_timed(lab_feed(&lab, 1, 2), "rate:2.5", 3);
	for (size_t i = 0; i < 2; i++)
		assert_in_range(gap_ns(i), 399999999, 400000001);
}

static void poisson(void **state)
{
	double mean = 0, square = 0;
	size_t short_gaps = 0, n = 1000;

	(void)state;
	publish_timed(lab_feed(&lab, 1, (unsigned int)n), "poisson:1000",
		      n + 1);
	for (size_t i = 0; i < n; i++) {
		mean += (double)gap_ns(i) / (double)n;
		short_gaps += gap_ns(i) < 250000;
	}
	for (size_t i = 0; i < n; i++)
		square += ((double)gap_ns(i) - mean) *
			  ((double)gap_ns(i) - mean) / (double)n;
	print_message("# poisson: mean %.0f us, deviation %.0f us, %zu short\n",
		      mean / 1e3, sqrt(square) / 1e3, short_gaps);
	/* Exponential gaps deviate by their mean; a quarter of the mean holds
	 * 22 % of them. By chance beyond these bounds: once in a million. */
	assert_true(mean > 0.85e6 && mean < 1.15e6);
	assert_true(sqrt(square) > 0.7 * mean && sqrt(square) < 1.3 * mean);
	assert_in_range(short_gaps, n * 155 / 1000, n * 290 / 1000);
}

/* Ten updates, 100 ms from one to the next by their own time; but in their
 * midst the clock is set back by an hour. */
static const char *timed_feed(void)
{
	struct feed_text text = { 0 };
	uint64_t time_us = UINT64_C(1723161256000000);

	feed_text_add(&text, FEED_FILE_HEADER "x,BTC,1,1,true,ask,1,1\n");
	for (int i = 0; i < 10; i++) {
		feed_text_add(&text, "x,BTC,%ju,%ju,false,ask,%d,1\n",
			      (uintmax_t)time_us, (uintmax_t)time_us, 100 + i);
		time_us += i == 5 ? -UINT64_C(3600000000) : 100000;
	}
	feed_file_take(lab_path(&lab, "timed.csv.gz", lab.feed), &text);
	return lab.feed;
}

static void by_file(void **state)
{
	static const struct {
		const char *pace;
		uint64_t step_ns;
	} speeds[] = { { "file:8", 12500000 }, { "file:0.5", 200000000 } };

	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
		publish_timed(timed_feed(), speeds[i].pace, 11);
		for (size_t j = 0; j < 11; j++)
			assert_int_equal(listener_price(&listener, j),
					 j ? 99 + j : 1);
		/* An hour is neither waited for nor made up for. */
		for (size_t j = 1; j < 10; j++)
			if (j == 6)
				assert_int_equal(gap_ns(j), 0);
			else
				assert_in_range(gap_ns(j),
						speeds[i].step_ns - 1,
						speeds[i].step_ns + 1);
		clean(state);
	}
}

/* A link that takes 8 Mbit/s; a socket's buffer fills soon. */
static void slow_link(void)
{
	char command[256];

	lab_go_exchange(&lab);
	snprintf(command, sizeof(command),
		 "tc qdisc add dev %s root tbf rate 8mbit burst 4kb limit "
		 "10mb 2>/dev/null",
		 LAB_EXCHANGE_INTERFACE);
	if (system(command) != 0) {
		lab_go_trader(&lab);
		lab_skip("this kernel or host has no tc with tbf");
	}
	lab_go_trader(&lab);
}

static int fast_link(void **state)
{
	lab_go_exchange(&lab);
	if (system("tc qdisc del dev " LAB_EXCHANGE_INTERFACE
		   " root 2>/dev/null") != 0)
		print_message("# the link was not slow\n");
	lab_go_trader(&lab);
	return clean(state);
}

static void full_retry(void **state)
{
	(void)state;
	slow_link();
	publish(lab_feed(&lab, 10, 5000), "max", 5010);
	order_client_order(client, 1, 1, 0);
	lab_line(&exchange, "order ");
	order_client_close(client);
	client = -1;
	lab_says(&exchange, "the kernel refused ");
	assert_false(program_says(&exchange, PROGRAM_ERR,
				  "the kernel refused 0 ", 0));
}

static void full_drop(void **state)
{
	size_t heard;

	(void)state;
	slow_link();
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, 5000), "--on-full",
		     "drop", NULL);
	client = lab_connect();
	lab_line(&exchange, "state TRANSMIT");
	heard = listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				   LAB_SOON_MS);
	assert_true(heard > 10 && heard < 5010);
	for (size_t i = 1; i < heard; i++)
		assert_true(listener.datagrams[i].header.sequence >
			    listener.datagrams[i - 1].header.sequence);
	order_client_close(client);
	client = -1;
	lab_says(&exchange, " packets dropped");
	assert_false(
		program_says(&exchange, PROGRAM_ERR, " 0 packets dropped", 0));
}

/* A sender that waits for room must not keep orders waiting. */
static void full_serves(void **state)
{
	(void)state;
	slow_link();
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, 100000), NULL);
	client = lab_connect();
	lab_line(&exchange, "state TRANSMIT");
	for (uint32_t i = 1; i <= 50; i++) {
		order_client_order(client, i, 1, 0);
		assert_int_equal(
			lab_number(lab_line(&exchange, "order "), "quantity"),
			i);
	}
	order_client_close(client);
	client = -1;
	lab_line(&exchange, "state INIT");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.12 as fast as possible by default, all in order", fast,
		 clean),
	LAB_TEST("A.12 rate:N", rate, clean),
	LAB_TEST("A.12 burst:COUNT@N", burst, clean),
	LAB_TEST("A.12 rate:N with a fraction", fraction, clean),
	LAB_TEST("A.12 poisson:N has the rate and the spread", poisson, clean),
	LAB_TEST("A.12 file:SPEED goes by the lines' time, negative steps "
		 "clamped",
		 by_file, clean),
	LAB_TEST("A.12 what the kernel refused is counted and sent again",
		 full_retry, fast_link),
	LAB_TEST("A.12 or dropped, as asked", full_drop, fast_link),
	LAB_TEST("A.12 orders are taken while the kernel refuses", full_serves,
		 fast_link),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_pace", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
