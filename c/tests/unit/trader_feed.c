/* SPDX-License-Identifier: MIT */
/* The rule on the real feed: $T2T_DATA, or the folder shared/data beside the
 * checkout. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/decimal.h"
#include "exchange/datagram_source.h"
#include "trader/strategy.h"

#define FEED "binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz"

struct hit {
	uint64_t line;
	struct order order;
};

static char path[4096];

static bool feed_find(void)
{
	const char *folder = getenv("T2T_DATA");

	snprintf(path, sizeof(path), "%s/%s",
		 folder ? folder : "../../shared/data", FEED);
	if (access(path, R_OK) == 0)
		return true;
	print_message("# skipped: no %s: set T2T_DATA to its folder\n", FEED);
	return false;
}

/* The orders of the whole feed, and the first three. */
static size_t trade(int64_t threshold_usd, struct hit hits[static 3])
{
	const struct strategy_config config = {
		.threshold_usd = threshold_usd * DECIMAL_ONE, .quantity = 1
	};
	static struct datagram_source source;
	struct formatter formatter;
	struct strategy strategy;
	struct source_datagram datagram;
	size_t count = 0;

	assert_int_equal(formatter_open("auto", &formatter), 0);
	assert_int_equal(datagram_source_open(&source, path, formatter.format),
			 0);
	assert_int_equal(strategy_open(&strategy, &config), 0);
	while (datagram_source_next(&source, &datagram) > 0) {
		struct market_data_header header;

		assert_int_equal(market_data_decode(datagram.bytes,
						    datagram.len, &header),
				 0);
		for (unsigned int i = 0; i < header.message_count; i++) {
			struct market_data_message message =
				market_data_read(datagram.bytes, i);
			struct order order;

			if (!strategy_update(&strategy, &message,
					     header.flags &
						     MARKET_DATA_SNAPSHOT,
					     &order))
				continue;
			if (count < 3)
				hits[count] = (struct hit){
					source.context.line_number, order
				};
			count++;
		}
	}
	assert_int_equal(source.counts.datagrams, 445262);
	assert_int_equal(strategy.bad, 0);
	assert_int_equal(strategy.symbols[0].book.dropped, 0);
	strategy_close(&strategy);
	datagram_source_close(&source);
	formatter_close(&formatter);
	return count;
}

static void a_million_makes_151_orders(void **state)
{
	static const uint64_t lines[] = { 2510, 2625, 2681 };
	struct hit hits[3];

	(void)state;
	if (!feed_find())
		skip();
	assert_int_equal(trade(1000000, hits), 151);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hits[i].line, lines[i]);
		assert_int_equal(hits[i].order.side, ORDER_BUY);
		assert_int_equal(hits[i].order.price, 61800100000000);
	}
}

static void a_hundred_thousand_makes_7205(void **state)
{
	struct hit hits[3];

	(void)state;
	if (!feed_find())
		skip();
	assert_int_equal(trade(100000, hits), 7205);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_makes_151_orders),
		cmocka_unit_test(a_hundred_thousand_makes_7205),
	};

	return cmocka_run_group_tests_name("trader/feed", tests, NULL, NULL);
}
