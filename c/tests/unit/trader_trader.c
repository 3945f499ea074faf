/* SPDX-License-Identifier: MIT */
/* The loop, on market data from a capture and with orders that go nowhere. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/decimal.h"
#include "net/address.h"
#include "tests/support/capture_maker.h"
#include "tests/support/log_catch.h"
#include "trader/trader.h"

struct rig {
	struct capture_maker maker;
	struct trader trader;
	struct trader_config config;
	char receive[128];
};

static void rig_open(struct rig *rig)
{
	const char *why;

	memset(rig, 0, sizeof(*rig));
	capture_maker_open(&rig->maker, FRAME_LINK_ETHERNET);
	rig->config = (struct trader_config){
		.channel = "raw",
		.transport = "null",
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
	};
	assert_int_equal(address_parse_group("239.255.0.1:12345",
					     &rig->config.group, &why),
			 0);
}

/* Trade through what was made. */
static int rig_run(struct rig *rig)
{
	capture_maker_flush(&rig->maker);
	snprintf(rig->receive, sizeof(rig->receive), "replay:file=%s",
		 rig->maker.path);
	rig->config.receive = rig->receive;
	assert_int_equal(trader_open(&rig->trader, &rig->config), 0);
	return trader_run(&rig->trader);
}

static int rig_close(struct rig *rig)
{
	int err = trader_close(&rig->trader);

	capture_maker_close(&rig->maker);
	return err;
}

/* A quiet book, then large bids. */
static void make_triggers(struct rig *rig, int count)
{
	capture_maker_level(&rig->maker, 0, MARKET_DATA_ASK, 101, 1);
	for (int i = 0; i < count; i++)
		capture_maker_level(&rig->maker, 0, MARKET_DATA_BID, 100,
				    20000 + (uint64_t)i);
}

static void each_trigger_makes_one_order_and_one_sample(void **state)
{
	struct rig rig;
	struct latencies_summary all;

	(void)state;
	rig_open(&rig);
	make_triggers(&rig, 5);
	capture_maker_packet(&rig.maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	make_triggers(&rig, 5);
	assert_int_equal(rig_run(&rig), 0);
	/* What follows the end of the feed is not looked at. */
	assert_int_equal(rig.trader.counters.packets, 6);
	assert_int_equal(rig.trader.counters.messages, 6);
	assert_int_equal(rig.trader.counters.orders, 5);
	assert_int_equal(rig.trader.counters.gaps, 0);
	for (int i = 0; i < STAGES_INTERVALS; i++) {
		all = stages_summary(&rig.trader.stages,
				     (enum stages_interval)i);
		assert_int_equal(all.count, 5);
		for (size_t k = 1; k < LATENCIES_COLUMNS; k++)
			assert_true(all.value[k - 1] <= all.value[k]);
	}
	assert_int_equal(rig_close(&rig), 0);
}

static void gaps_are_counted_and_the_first_is_none(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig.maker.sequence = 5;
	make_triggers(&rig, 1); /* 5, 6 */
	rig.maker.sequence = 9;
	make_triggers(&rig, 1); /* 9, 10 */
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.gaps, 1);
	assert_int_equal(rig.trader.counters.lost, 2);
	assert_int_equal(rig.trader.counters.packets, 4);
	rig_close(&rig);
}

static void duplicates_are_not_applied(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	make_triggers(&rig, 2); /* 0, 1, 2 */
	rig.maker.sequence = 1;
	capture_maker_level(&rig.maker, 0, MARKET_DATA_BID, 100, 30000);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.duplicates, 1);
	assert_int_equal(rig.trader.counters.orders, 2);
	rig_close(&rig);
}

static void what_is_no_market_data_is_counted(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	capture_maker_datagram(&rig.maker, "short", 5);
	capture_maker_datagram(&rig.maker, "", 0);
	make_triggers(&rig, 1);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.bad, 2);
	assert_int_equal(rig.trader.counters.orders, 1);
	rig_close(&rig);
}

static void the_last_datagram_may_carry_a_trigger(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	capture_maker_level(&rig.maker, 0, MARKET_DATA_ASK, 101, 1);
	capture_maker_level(&rig.maker, MARKET_DATA_END_OF_FEED,
			    MARKET_DATA_BID, 100, 20000);
	make_triggers(&rig, 5);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.packets, 2);
	assert_int_equal(rig.trader.counters.orders, 1);
	rig_close(&rig);
}

/* A contract: checks outside the project read this line. */
static void a_gap_is_told_and_not_too_often(void **state)
{
	const char *text;
	size_t told = 0;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	for (uint32_t i = 0; i < 12; i++) {
		rig.maker.sequence = 10 * i;
		make_triggers(&rig, 1); /* two datagrams */
	}
	log_catch();
	assert_int_equal(rig_run(&rig), 0);
	text = log_caught();
	assert_non_null(strstr(text, "Gap detected: expected 2, got 10\n"));
	assert_non_null(strstr(text, "Gap detected: expected 92, got 100\n"));
	for (const char *at = text; (at = strstr(at, "Gap detected")); at++)
		told++;
	assert_int_equal(told, 10);
	assert_int_equal(rig.trader.counters.gaps, 11);
	assert_int_equal(rig.trader.counters.lost, 88);
	assert_non_null(strstr(text, "11 gaps, 88 datagrams missing"));
	rig_close(&rig);
}

static size_t lines_of(const char *path, char *first, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[128];
	size_t n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (n++ == 0)
			snprintf(first, size, "%s", line);
	fclose(file);
	return n;
}

static void samples_have_a_row_an_order(void **state)
{
	char path[] = "/tmp/samples.XXXXXX", first[128];
	struct rig rig;

	(void)state;
	close(mkstemp(path));
	rig_open(&rig);
	rig.config.samples = path;
	make_triggers(&rig, 7);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig_close(&rig), 0);
	assert_int_equal(lines_of(path, first, sizeof(first)), 8);
	assert_string_equal(first,
			    "sequence,kernel_ns,user_ns,decision_ns,sent_ns\n");
	unlink(path);
}

static void more_samples_than_memory_holds_lose_none(void **state)
{
	char path[] = "/tmp/samples.XXXXXX", first[128];
	struct rig rig;

	(void)state;
	close(mkstemp(path));
	rig_open(&rig);
	rig.config.samples = path;
	make_triggers(&rig, STAGES_ROOM + 10);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.stages.flushes, 1);
	assert_int_equal(rig.trader.counters.orders, STAGES_ROOM + 10);
	assert_int_equal(
		stages_summary(&rig.trader.stages, STAGES_USER_TO_SENT).count,
		STAGES_ROOM + 10);
	assert_int_equal(rig_close(&rig), 0);
	assert_int_equal(lines_of(path, first, sizeof(first)),
			 STAGES_ROOM + 11);
	unlink(path);
}

static void a_full_disk_is_told_at_the_end(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig.config.samples = "/dev/full";
	make_triggers(&rig, 7);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.orders, 7);
	assert_int_equal(rig_close(&rig), -ENOSPC);
}

static void what_cannot_be_opened_leaves_nothing_open(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig.config.receive = "null:count=1";
	rig.config.samples = "/nonexistent/samples";
	assert_int_equal(trader_open(&rig.trader, &rig.config), -ENOENT);
	rig.config.samples = NULL;
	rig.config.receive = "nothing";
	assert_int_equal(trader_open(&rig.trader, &rig.config), -EINVAL);
	rig.config.receive = "null";
	rig.config.channel = "nothing";
	assert_int_equal(trader_open(&rig.trader, &rig.config), -EINVAL);
	rig.config.channel = "raw";
	rig.config.transport = "nothing";
	assert_int_equal(trader_open(&rig.trader, &rig.config), -EINVAL);
	capture_maker_close(&rig.maker);
}

static void a_signal_ends_it(void **state)
{
	volatile int stop = 1;
	struct rig rig;

	(void)state;
	rig_open(&rig);
	rig.config.stop = &stop;
	make_triggers(&rig, 3);
	assert_int_equal(rig_run(&rig), 0);
	assert_int_equal(rig.trader.counters.packets, 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trigger_makes_one_order_and_one_sample),
		cmocka_unit_test(gaps_are_counted_and_the_first_is_none),
		cmocka_unit_test(duplicates_are_not_applied),
		cmocka_unit_test(what_is_no_market_data_is_counted),
		cmocka_unit_test(the_last_datagram_may_carry_a_trigger),
		cmocka_unit_test(a_gap_is_told_and_not_too_often),
		cmocka_unit_test(samples_have_a_row_an_order),
		cmocka_unit_test(more_samples_than_memory_holds_lose_none),
		cmocka_unit_test(a_full_disk_is_told_at_the_end),
		cmocka_unit_test(what_cannot_be_opened_leaves_nothing_open),
		cmocka_unit_test(a_signal_ends_it),
	};

	return cmocka_run_group_tests_name("trader/trader", tests, NULL, NULL);
}
