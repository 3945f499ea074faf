/* SPDX-License-Identifier: MIT */
/* Runs alone: it looks at the time between datagrams. */
/* When the exchange's datagrams leave, and what it does with those that the
 * kernel has no room for. Times are loose: the machine may be busy. */
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
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&exchange);
	listener_close(&listener);
	return 0;
}

/* Publish to the end at this pace; seconds from the first datagram to the
 * last that a line made. */
static double publish(const char *feed, const char *pace, size_t count)
{
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, feed, "--pace", pace, NULL);
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 count);
	return (double)(listener.datagrams[count - 1].stamp_ns -
			listener.datagrams[0].stamp_ns) /
	       1e9;
}

static double gap(size_t i)
{
	return (double)(listener.datagrams[i + 1].stamp_ns -
			listener.datagrams[i].stamp_ns) /
	       1e9;
}

static void fast(void **state)
{
	double seconds;

	(void)state;
	seconds = publish(lab_feed(&lab, 100, 20000), "max", 20100);
	print_message("# 20,100 datagrams in %.3f s\n", seconds);
	assert_true(seconds < 5);
	for (size_t i = 0; i < 20100; i++)
		assert_int_equal(listener.datagrams[i].header.sequence, i);
}

static void rate(void **state)
{
	double seconds;

	(void)state;
	seconds = publish(lab_feed(&lab, 10, 491), "rate:1000", 501);
	assert_true(seconds > 0.49 && seconds < 1.5);
}

static void fraction(void **state)
{
	double seconds;

	(void)state;
	seconds = publish(lab_feed(&lab, 1, 2), "rate:2.5", 3);
	assert_true(seconds > 0.79 && seconds < 2);
}

static void poisson(void **state)
{
	double seconds, mean = 0, square = 0;
	size_t short_gaps = 0, n = 1000;

	(void)state;
	seconds = publish(lab_feed(&lab, 1, (unsigned int)n), "poisson:1000",
			  n + 1);
	assert_true(seconds > 0.8 && seconds < 2);
	for (size_t i = 0; i < n; i++) {
		mean += gap(i) / (double)n;
		short_gaps += gap(i) < 0.25e-3;
	}
	for (size_t i = 0; i < n; i++)
		square += (gap(i) - mean) * (gap(i) - mean) / (double)n;
	print_message("# poisson: mean %.0f us, deviation %.0f us, %zu short\n",
		      mean * 1e6, sqrt(square) * 1e6, short_gaps);
	/* Exponential gaps deviate by their mean; a quarter of the mean holds
	 * 22 % of them. */
	assert_true(sqrt(square) > 0.7 * mean);
	assert_true(short_gaps > n / 8);
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
	double seconds;

	(void)state;
	seconds = publish(timed_feed(), "file:8", 11);
	assert_true(seconds > 0.09 && seconds < 10);
	listener_close(&listener);
	program_end(&exchange);
	order_client_close(client);

	seconds = publish(timed_feed(), "file:0.5", 11);
	/* Eight steps: an hour is neither waited for nor made up for. */
	assert_true(seconds > 1.5 && seconds < 10);
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(listener_price(&listener, i), i ? 99 + i : 1);
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
	for (size_t i = 0; i < 5010; i++)
		assert_int_equal(listener.datagrams[i].header.sequence, i);
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
