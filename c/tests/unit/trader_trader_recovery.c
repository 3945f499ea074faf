/* SPDX-License-Identifier: MIT */
/* The loop where datagrams wait for their turn: market data from a capture, on
 * two lines or with nobody who answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "net/address.h"
#include "tests/support/capture_maker.h"
#include "tests/support/log_catch.h"
#include "trader/trader.h"

static struct capture_maker maker;
static struct trader trader;
static struct trader_config config;
static char receive[128];

/* Nothing is given up because this process was kept from running. */
#define LONG_MS 60000

static int setup(void **state)
{
	const char *why;

	(void)state;
	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	config = (struct trader_config){
		.channel = "raw",
		.transport = "null",
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.recover_ms = LONG_MS,
	};
	return address_parse_groups("239.255.0.1:12345,239.255.0.2:12345",
				    config.group, &why);
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

static int run(void)
{
	capture_maker_flush(&maker);
	snprintf(receive, sizeof(receive), "replay:file=%s", maker.path);
	config.receive = receive;
	assert_int_equal(trader_open(&trader, &config), 0);
	return trader_run(&trader);
}

/* On a line, or on none: 1 << line. */
static void on(unsigned int lines, uint16_t flags, enum market_data_side side,
	       uint64_t price, uint64_t quantity)
{
	const uint32_t sequence = maker.sequence;

	for (unsigned int i = 0; i < 2; i++) {
		if (!(lines & 1U << i))
			continue;
		maker.sequence = sequence;
		maker.group = i ? CAPTURE_MAKER_GROUP_B : CAPTURE_MAKER_GROUP;
		capture_maker_level(&maker, flags, side, price, quantity);
	}
	maker.sequence = sequence + 1;
}

static void trigger(unsigned int lines)
{
	on(lines, 0, MARKET_DATA_BID, 100, 20000);
}

static void book(void)
{
	on(3, 0, MARKET_DATA_ASK, 101, 1);
}

static uint64_t orders(void)
{
	return trader.counters.orders;
}

static void each_line_fills_what_the_other_lost(void **state)
{
	(void)state;
	book();
	for (int i = 0; i < 300; i++)
		trigger(i % 7 == 0 ? 1 : i % 11 == 0 ? 2 : 3);
	trigger(3);
	assert_int_equal(run(), 0);
	assert_int_equal(orders(), 301);
	assert_int_equal(trader.counters.lost, 0);
	assert_int_equal(trader.counters.packets, 302);
	/* 0, 7, 14, ... of 300; 11, 22, ... without those. */
	assert_int_equal(trader.recovery.line[1].missing, 43);
	assert_int_equal(trader.recovery.line[0].missing, 27 - 3);
	assert_int_equal(trader.recovery.counts.given_up, 0);
	assert_int_equal(trader_close(&trader), 0);
}

static void what_both_lost_is_given_up_and_told(void **state)
{
	size_t told = 0;
	const char *text;

	(void)state;
	book();
	for (int i = 0; i < 20; i++) {
		trigger(0);
		trigger(3);
	}
	log_catch();
	assert_int_equal(run(), 0);
	text = log_caught();
	assert_non_null(strstr(text, "Gap detected: expected 1, got 2\n"));
	for (const char *at = text; (at = strstr(at, "Gap detected")); at++)
		told++;
	assert_int_equal(told, 10);
	told = 0;
	for (const char *at = text; (at = strstr(at, "given up\n")); at++)
		told++;
	assert_int_equal(told, 10);
	assert_int_equal(orders(), 20);
	assert_int_equal(trader.counters.gaps, 20);
	assert_int_equal(trader.counters.lost, 20);
	assert_int_equal(trader.recovery.counts.given_up, 20);
	assert_int_equal(trader_close(&trader), 0);
}

/* The path's end is not the feed's, and what waits for an answer that nobody
 * gives is not forgotten. */
static void who_asks_in_vain_goes_on_at_the_end(void **state)
{
	const char *why;

	(void)state;
	memset(&config.group[1], 0, sizeof(config.group[1]));
	config.recover = TRADER_RECOVER_REQUEST;
	config.recover_ms = 20;
	assert_int_equal(
		address_parse("127.0.0.1:9", &config.recover_from, &why), 0);
	book();
	trigger(0);
	trigger(1);
	trigger(1);
	log_catch();
	assert_int_equal(run(), 0);
	assert_non_null(
		strstr(log_caught(), "Gap detected: expected 1, got 2\n"));
	assert_int_equal(orders(), 2);
	assert_int_equal(trader.counters.lost, 1);
	assert_true(trader.recovery.counts.requests > 0);
	assert_int_equal(trader_close(&trader), 0);
}

/* In the order of their numbers, whichever line was faster. */
static void a_line_that_is_ahead_is_believed(void **state)
{
	(void)state;
	book();
	for (int i = 0; i < 100; i++)
		trigger(1);
	maker.sequence = 1;
	for (int i = 0; i < 100; i++)
		trigger(2);
	assert_int_equal(run(), 0);
	assert_int_equal(orders(), 100);
	assert_int_equal(trader.counters.duplicates, 101);
	assert_int_equal(trader.counters.gaps, 0);
	assert_int_equal(trader.recovery.line[0].first +
				 trader.recovery.line[1].first,
			 101);
	assert_int_equal(trader_close(&trader), 0);
}

static void a_signal_ends_it(void **state)
{
	volatile int stop = 1;

	(void)state;
	config.stop = &stop;
	book();
	assert_int_equal(run(), 0);
	assert_int_equal(trader.counters.packets, 0);
	assert_int_equal(trader_close(&trader), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_line_fills_what_the_other_lost),
		TEST(what_both_lost_is_given_up_and_told),
		TEST(who_asks_in_vain_goes_on_at_the_end),
		TEST(a_line_that_is_ahead_is_believed),
		TEST(a_signal_ends_it),
	};

	return cmocka_run_group_tests_name("trader/trader_recovery", tests,
					   NULL, NULL);
}
