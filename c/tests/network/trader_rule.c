/* SPDX-License-Identifier: MIT */
/* The trading rule from outside, order by order. */
#include "tests/support/oracle.h"

#include <sys/socket.h>

#include "tests/support/fake_exchange.h"

static struct lab lab;
static struct program trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	fake_exchange_close(&fake);
	return 0;
}

/* The feed ends, the trader leaves with 0, and there was no more. */
static void expect_end(void)
{
	uint8_t byte;

	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recv(fake.client, &byte, 1, MSG_DONTWAIT), 0);
}

static void begin(const char *option, const char *value)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", option, value, NULL);
	fake_exchange_accept(&fake);
}

static json_int_t counter(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "counters"), name);

	json_decref(said);
	return value;
}

static void the_rule(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake_exchange_level(&fake, true, 'A', "250",
			    "1000000"); /* a snapshot */
	fake_exchange_level(&fake, true, 'B', "100", "1");
	fake_exchange_level(&fake, false, 'B', "160",
			    "6250"); /* 1,000,000 is not larger */
	fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_level(&fake, false, 'A', "200", "5000");
	fake_exchange_level(&fake, false, 'A', "200", "5000.000000001");
	fake_exchange_expect(&fake, 1, "160", ORDER_SELL);
	fake_exchange_level(&fake, false, 'B', "150",
			    "100000"); /* not the best */
	fake_exchange_level(&fake, false, 'B', "160",
			    "0"); /* gone: 150 is the best */
	fake_exchange_level(&fake, false, 'A', "199.5", "5100");
	fake_exchange_expect(&fake, 1, "150", ORDER_SELL);
	fake_exchange_level(&fake, false, 'B', "150",
			    "100000"); /* the best again */
	fake_exchange_expect(&fake, 1, "199.5", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("orders"), 4);
	assert_int_equal(counter("triggers"), 4);
	assert_int_equal(counter("gaps"), 0);
}

static void clears_book(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "110", "1");
	fake_exchange_level(&fake, true, 'A', "300",
			    "1"); /* false -> true: all else is gone */
	fake_exchange_level(&fake, true, 'B', "90", "1");
	fake_exchange_level(&fake, false, 'B', "95", "20000");
	fake_exchange_expect(&fake, 1, "300", ORDER_BUY);
	expect_end();
}

static void no_opposite(void **state)
{
	(void)state;
	begin(NULL, NULL);
	fake_exchange_level(&fake, true, 'B', "100", "1");
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	expect_end();
	assert_int_equal(counter("no_opposite"), 1);
	assert_int_equal(counter("orders"), 0);
}

static void symbols(void **state)
{
	struct market_data_message messages[3] = {
		fake_exchange_message('A', "50", "1"),
		fake_exchange_message('A', "60", "1"),
		fake_exchange_message('B', "40", "30000"),
	};

	(void)state;
	messages[1].symbol_id = messages[2].symbol_id = 9;
	begin(NULL, NULL);
	fake_exchange_publish(&fake, MARKET_DATA_SNAPSHOT, messages, 2);
	fake_exchange_publish(&fake, 0, &messages[2], 1);
	fake_exchange_expect(&fake, 1, "60", ORDER_BUY);
	expect_end();
}

static void aggress_same(void **state)
{
	(void)state;
	begin("--aggress", "same");
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 1, "160", ORDER_SELL);
	fake_exchange_level(&fake, false, 'A', "200", "10000");
	fake_exchange_expect(&fake, 1, "200", ORDER_BUY);
	expect_end();
}

static void threshold(void **state)
{
	(void)state;
	begin("--threshold-usd", "99.5");
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "199", "0.5"); /* 99.5 */
	fake_exchange_level(&fake, false, 'B', "199", "0.500000001");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
}

static void order_quantity(void **state)
{
	(void)state;
	begin("--order-quantity", "4000000000");
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_expect(&fake, 4000000000u, "250", ORDER_BUY);
	expect_end();
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.16 the trading rule, order by order", the_rule, clean),
	LAB_TEST("A.16 on false -> true the book is cleared", clears_book,
		 clean),
	LAB_TEST("A.16 without an opposite side: no order, counted",
		 no_opposite, clean),
	LAB_TEST("A.16 each symbol has its book", symbols, clean),
	LAB_TEST("A.16 --aggress same hits the large order itself",
		 aggress_same, clean),
	LAB_TEST("A.16 --threshold-usd, strictly larger", threshold, clean),
	LAB_TEST("A.17 --order-quantity", order_quantity, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "trader_rule", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
