/* SPDX-License-Identifier: MIT */
/* What the loop does where a receive path sleeps, has lost datagrams, or the
 * trader is slowed on purpose: paths of which a test plays the odd half. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "net/address.h"
#include "receive/receive_ops.h"
#include "tests/support/capture_maker.h"
#include "trader/trader.h"

static struct capture_maker maker;
static struct trader trader;
static struct trader_config config;

/* The path that replays a capture, under another's name. */
static struct receive_ops played;
static const struct receive_ops *replayed;
static unsigned int idle;
static uint32_t kept; /* samples in memory at the second idle poll */

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
	};
	return address_parse_group("239.255.0.1:12345", &config.group, &why);
}

static int teardown(void **state)
{
	(void)state;
	capture_maker_close(&maker);
	return 0;
}

/* So many orders are called for. */
static void open_with(unsigned int triggers)
{
	static char text[128];

	capture_maker_level(&maker, 0, MARKET_DATA_ASK, 101, 1);
	for (unsigned int i = 0; i < triggers; i++)
		capture_maker_level(&maker, 0, MARKET_DATA_BID, 100, 20000);
	capture_maker_flush(&maker);
	snprintf(text, sizeof(text), "replay:file=%s", maker.path);
	config.receive = text;
	assert_int_equal(trader_open(&trader, &config), 0);
	replayed = trader.sources.line[0]->ops;
	played = *replayed;
	trader.sources.line[0]->ops = &played;
}

/* The end of the capture is no end of the feed: nothing comes, twice. */
static int sleeping_poll(struct receive *receive, struct packet *packets,
			 unsigned int max)
{
	int n = replayed->poll(receive, packets, max);

	if (n != -ESHUTDOWN)
		return n;
	if (++idle < 2)
		return 0;
	kept = trader.stages.count;
	return -ESHUTDOWN;
}

static void run_until_idle(unsigned int orders)
{
	open_with(orders);
	played.poll = sleeping_poll;
	trader.sources.line[0]->caps |= RECEIVE_SLEEPS;
	idle = 0;
	assert_int_equal(trader_run(&trader), 0);
	assert_int_equal(trader.counters.orders, orders);
}

/* Where memory fills up in a burst, it costs that burst its time. */
static void samples_are_settled_when_nothing_waits(void **state)
{
	(void)state;
	run_until_idle(STAGES_ROOM / 4 * 3 + 1);
	assert_int_equal(kept, 0);
	assert_int_equal(trader.stages.flushes, 1);
	assert_int_equal(trader_close(&trader), 0);
}

static void few_samples_can_wait(void **state)
{
	(void)state;
	run_until_idle(3);
	assert_int_equal(kept, 3);
	assert_int_equal(trader.stages.flushes, 0);
	assert_int_equal(trader_close(&trader), 0);
}

#define LOOKED_NS  (400 * UINT64_C(1000000)) /* so long nothing comes */
#define LEARNT_NS  (100 * UINT64_C(1000000)) /* by then it knows its pace */
#define LOOKS_MOST 12			     /* one is due each 50 ms */

static uint64_t spun_ns; /* since when nothing has come */
static unsigned int looks;

static int spinning_poll(struct receive *receive, struct packet *packets,
			 unsigned int max)
{
	int n = replayed->poll(receive, packets, max);

	if (n != -ESHUTDOWN)
		return n;
	if (!spun_ns)
		spun_ns = clock_monotonic_ns();
	return clock_monotonic_ns() - spun_ns < LOOKED_NS ? 0 : -ESHUTDOWN;
}

static int look(struct receive *receive)
{
	(void)receive;
	looks += spun_ns && clock_monotonic_ns() - spun_ns > LEARNT_NS;
	return 0;
}

/* Each look is time in which no datagram is seen. */
static void the_rest_of_the_world_is_seldom_looked_at(void **state)
{
	(void)state;
	open_with(1);
	played.poll = spinning_poll;
	played.alive = look;
	spun_ns = looks = 0;
	assert_int_equal(trader_run(&trader), 0);
	assert_true(looks <= LOOKS_MOST);
	assert_int_equal(trader_close(&trader), 0);
}

static uint64_t eleven_lost(struct receive *receive)
{
	(void)receive;
	return 11;
}

static void what_the_kernel_dropped_is_told(void **state)
{
	(void)state;
	open_with(1);
	played.drops = eleven_lost;
	assert_int_equal(trader_run(&trader), 0);
	assert_int_equal(trader.counters.dropped, 11);
	assert_int_equal(trader_close(&trader), 0);
}

/* It can take longer than asked for, never less. The counter's clock and the
 * kernel's may differ by a little over so short a time. */
static void a_handicap_lies_between_decision_and_send(void **state)
{
	const uint64_t asked_ns = 2000000, least_ns = asked_ns / 10 * 9;
	struct latencies_summary slowed;

	(void)state;
	config.inject_delay_ns = asked_ns;
	open_with(5);
	assert_int_equal(trader_run(&trader), 0);
	slowed = stages_summary(&trader.stages, STAGES_DECISION_TO_SENT);
	assert_int_equal(slowed.count, 5);
	assert_true(latencies_value(&slowed, "min") >= least_ns);
	assert_int_equal(trader_close(&trader), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(samples_are_settled_when_nothing_waits),
		TEST(few_samples_can_wait),
		TEST(the_rest_of_the_world_is_seldom_looked_at),
		TEST(what_the_kernel_dropped_is_told),
		TEST(a_handicap_lies_between_decision_and_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
