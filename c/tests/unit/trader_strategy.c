/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/decimal.h"
#include "trader/strategy.h"

#define USD DECIMAL_ONE

static const struct strategy_config plain = { .threshold_usd = 1000000 * USD,
					      .quantity = 3 };

/* Prices in units, quantities in nano. */
static bool update(struct strategy *strategy, char side, uint64_t price,
		   uint64_t quantity, struct order *order)
{
	const struct market_data_message message = {
		.type = quantity ? MARKET_DATA_UPDATE : MARKET_DATA_DELETE,
		.side = (uint8_t)side,
		.price = price * USD,
		.quantity = quantity,
	};

	return strategy_update(strategy, &message, false, order);
}

static void a_large_bid_buys_at_the_best_ask(void **state)
{
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	assert_false(update(&strategy, 'A', 105, USD, &order));
	assert_false(update(&strategy, 'A', 103, USD, &order));
	assert_true(update(&strategy, 'B', 100, 10001 * USD, &order));
	assert_int_equal(order.side, ORDER_BUY);
	assert_int_equal(order.price, 103 * USD);
	assert_int_equal(order.quantity, 3);
	strategy_close(&strategy);
}

static void a_large_ask_sells_at_the_best_bid(void **state)
{
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	assert_false(update(&strategy, 'B', 99, USD, &order));
	assert_true(update(&strategy, 'A', 100, 10001 * USD, &order));
	assert_int_equal(order.side, ORDER_SELL);
	assert_int_equal(order.price, 99 * USD);
	strategy_close(&strategy);
}

static void the_threshold_itself_does_not_fire(void **state)
{
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	update(&strategy, 'A', 105, USD, &order);
	assert_false(update(&strategy, 'B', 100, 10000 * USD, &order));
	assert_true(update(&strategy, 'B', 100, 10000 * USD + 1, &order));
	assert_int_equal(strategy.triggers, 1);
	strategy_close(&strategy);
}

static void only_the_top_of_the_book_fires(void **state)
{
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	update(&strategy, 'A', 105, USD, &order);
	update(&strategy, 'B', 101, USD, &order);
	assert_false(update(&strategy, 'B', 100, 20000 * USD, &order));
	/* At the best price, not only above it. */
	assert_true(update(&strategy, 'B', 101, 20000 * USD, &order));
	/* What a removal uncovers is no update of that level. */
	assert_false(update(&strategy, 'B', 101, 0, &order));
	strategy_close(&strategy);
}

static void a_removal_never_fires(void **state)
{
	struct market_data_message message = { .type = MARKET_DATA_DELETE,
					       .side = 'B',
					       .price = 100 * USD,
					       .quantity = 99999 * USD };
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	update(&strategy, 'A', 105, USD, &order);
	assert_false(strategy_update(&strategy, &message, false, &order));
	message.type = MARKET_DATA_UPDATE;
	message.quantity = 0;
	assert_false(strategy_update(&strategy, &message, false, &order));
	/* An add is read as an update. */
	message.type = MARKET_DATA_ADD;
	message.quantity = 99999 * USD;
	assert_true(strategy_update(&strategy, &message, false, &order));
	strategy_close(&strategy);
}

static void snapshots_fill_the_book_and_do_not_fire(void **state)
{
	const struct market_data_message bid = { .type = 'U',
						 .side = 'B',
						 .price = 100 * USD,
						 .quantity = 99999 * USD };
	struct strategy strategy;
	struct order order;
	uint64_t best;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	update(&strategy, 'A', 105, USD, &order);
	assert_false(strategy_update(&strategy, &bid, true, &order));
	/* The flag went up: what was there before is gone. */
	assert_false(book_best(&strategy.symbols[0].book, BOOK_ASK, &best));
	assert_true(book_best(&strategy.symbols[0].book, BOOK_BID, &best));
	update(&strategy, 'A', 105, USD, &order);
	assert_true(strategy_update(&strategy, &bid, false, &order));
	/* And up again: cleared again, once. */
	assert_false(strategy_update(&strategy, &bid, true, &order));
	assert_false(strategy_update(&strategy, &bid, true, &order));
	assert_int_equal(strategy.symbols[0].book.side[BOOK_BID].count, 1);
	assert_int_equal(strategy.symbols[0].book.side[BOOK_ASK].count, 0);
	strategy_close(&strategy);
}

static void a_snapshot_of_many_messages_clears_once(void **state)
{
	struct market_data_message message = { .type = 'U',
					       .side = 'B',
					       .quantity = USD };
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	for (uint64_t price = 1; price <= 5; price++) {
		message.price = price * USD;
		strategy_update(&strategy, &message, true, &order);
	}
	assert_int_equal(strategy.symbols[0].book.side[BOOK_BID].count, 5);
	strategy_close(&strategy);
}

/* A second snapshot straight after a first. */
static void a_book_that_begins_is_empty(void **state)
{
	struct market_data_header header = {
		.message_count = 1,
		.flags = MARKET_DATA_SNAPSHOT | MARKET_DATA_BOOK_BEGINS,
	};
	struct market_data_message ask = {
		.type = 'U', .side = 'A', .price = 101 * USD, .quantity = USD
	};
	struct market_data_message other = ask, bid = ask;
	uint8_t data[64];
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	other.symbol_id = 1;
	strategy_update(&strategy, &other, true, &order);
	for (int i = 0; i < 2; i++) {
		market_data_write_header(data, &header);
		market_data_write(data, 0, &ask);
		strategy_datagram(&strategy, data, &header);
		strategy_update(&strategy, &ask, true, &order);
		ask.price = 110 * USD;
	}
	bid.side = 'B';
	bid.price = 105 * USD;
	bid.quantity = 20000 * USD;
	assert_true(strategy_update(&strategy, &bid, false, &order));
	assert_int_equal(order.price, 110 * USD);
	/* Others' books stand. */
	assert_int_equal(strategy.symbols[1].book.side[BOOK_ASK].count, 1);
	/* A symbol that nobody knows yet is none to empty. */
	ask.symbol_id = 7;
	market_data_write(data, 0, &ask);
	strategy_datagram(&strategy, data, &header);
	strategy_close(&strategy);
}

static void symbols_have_books_of_their_own(void **state)
{
	struct market_data_message message = { .type = 'U',
					       .side = 'A',
					       .symbol_id = 255,
					       .price = 200 * USD,
					       .quantity = USD };
	struct strategy strategy;
	struct order order;
	uint64_t best;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	update(&strategy, 'A', 105, USD, &order);
	strategy_update(&strategy, &message, false, &order);
	message.side = 'B';
	message.price = 150 * USD;
	message.quantity = 10000 * USD;
	assert_true(strategy_update(&strategy, &message, false, &order));
	assert_int_equal(order.price, 200 * USD);
	/* A snapshot of one symbol leaves the others alone. */
	strategy_update(&strategy, &message, true, &order);
	assert_true(book_best(&strategy.symbols[0].book, BOOK_ASK, &best));
	strategy_reset(&strategy);
	assert_false(book_best(&strategy.symbols[0].book, BOOK_ASK, &best));
	strategy_close(&strategy);
}

/* All that a wire can hold takes what was reserved, and no more. */
static void symbols_and_levels_have_their_limits(void **state)
{
	const struct strategy_config config = { .threshold_usd = USD,
						.quantity = 1,
						.symbols_max = 3,
						.levels_max = 10 };
	struct market_data_message message = { .type = 'U',
					       .side = 'A',
					       .quantity = 1 };
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &config), 0);
	assert_in_range(strategy.memory.size, 1, 8192);
	for (unsigned int id = 0; id <= UINT16_MAX; id++) {
		message.symbol_id = (uint16_t)id;
		message.price = USD;
		assert_false(
			strategy_update(&strategy, &message, false, &order));
	}
	assert_int_equal(strategy.beyond, UINT16_MAX + 1 - 3);
	message.symbol_id = 2;
	for (int i = 0; i < 1000; i++, message.price++)
		strategy_update(&strategy, &message, false, &order);
	assert_int_equal(strategy_levels_dropped(&strategy), 990);
	message.symbol_id = 3;
	message.type = 'D';
	strategy_update(&strategy, &message, false, &order);
	assert_int_equal(strategy.beyond, UINT16_MAX + 1 - 3 + 1);
	strategy_close(&strategy);
}

static void without_an_opposite_side_there_is_no_order(void **state)
{
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	assert_false(update(&strategy, 'B', 100, 20000 * USD, &order));
	assert_int_equal(strategy.triggers, 1);
	assert_int_equal(strategy.no_opposite, 1);
	strategy_close(&strategy);
}

static void aggress_same_hits_the_large_order_itself(void **state)
{
	struct strategy_config config = plain;
	struct strategy strategy;
	struct order order;

	(void)state;
	config.aggress = STRATEGY_SAME;
	assert_int_equal(strategy_open(&strategy, &config), 0);
	assert_true(update(&strategy, 'B', 100, 20000 * USD, &order));
	assert_int_equal(order.side, ORDER_SELL);
	assert_int_equal(order.price, 100 * USD);
	assert_true(update(&strategy, 'A', 101, 20000 * USD, &order));
	assert_int_equal(order.side, ORDER_BUY);
	assert_int_equal(order.price, 101 * USD);
	strategy_close(&strategy);
}

static void inverse_contracts_are_quoted_in_usd(void **state)
{
	struct strategy_config config = plain;
	struct strategy strategy;
	struct order order;

	(void)state;
	config.contract = STRATEGY_INVERSE;
	assert_int_equal(strategy_open(&strategy, &config), 0);
	update(&strategy, 'A', 60001, USD, &order);
	assert_false(update(&strategy, 'B', 60000, 1000000 * USD, &order));
	assert_true(update(&strategy, 'B', 60000, 1000000 * USD + 1, &order));
	strategy_close(&strategy);
}

static void products_beyond_64_bits_are_exact(void **state)
{
	struct strategy_config config = plain;
	struct strategy strategy;
	struct order order;

	(void)state;
	/* 2^64 nano x nano is 18.4 USD: a short product would wrap. */
	config.threshold_usd = INT64_MAX;
	assert_int_equal(strategy_open(&strategy, &config), 0);
	update(&strategy, 'A', 3, USD, &order);
	assert_false(update(&strategy, 'B', 1, (uint64_t)INT64_MAX, &order));
	assert_true(update(&strategy, 'B', 1, (uint64_t)INT64_MAX + 1, &order));
	assert_true(update(&strategy, 'B', 2, UINT64_MAX, &order));
	strategy_close(&strategy);
}

/* 120,000,000,000 at 0.00001 are 1,200,000 USD, in a quantity that 64 bits of
 * nano do not hold. */
static void wide_quantities_have_their_unit(void **state)
{
	const struct market_data_message ask = { .type = MARKET_DATA_UPDATE,
						 .side = 'A',
						 .price = 12000,
						 .quantity = USD };
	struct market_data_message bid = { .type = MARKET_DATA_WIDE,
					   .side = 'B',
					   .price = 10000,
					   .quantity = 120000000000,
					   .order_id = 9 };
	struct strategy_config inverse = plain;
	struct strategy strategy;
	struct order order;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	assert_false(strategy_update(&strategy, &ask, false, &order));
	assert_true(strategy_update(&strategy, &bid, false, &order));
	assert_int_equal(order.side, ORDER_BUY);
	assert_int_equal(order.price, 12000);
	/* The threshold is exact: 1,000,000 is not larger. */
	bid.quantity = 100000000000;
	assert_false(strategy_update(&strategy, &bid, false, &order));
	bid.quantity++;
	assert_true(strategy_update(&strategy, &bid, false, &order));
	bid.quantity = UINT64_C(10000000000000000001);
	bid.order_id = 1;
	assert_true(strategy_update(&strategy, &bid, false, &order));
	bid.quantity--;
	assert_false(strategy_update(&strategy, &bid, false, &order));
	/* A unit that there is not. */
	assert_int_equal(strategy.bad, 0);
	bid.order_id = 10;
	assert_false(strategy_update(&strategy, &bid, false, &order));
	bid.order_id = 0;
	assert_false(strategy_update(&strategy, &bid, false, &order));
	assert_int_equal(strategy.bad, 2);
	strategy_close(&strategy);

	inverse.contract = STRATEGY_INVERSE;
	assert_int_equal(strategy_open(&strategy, &inverse), 0);
	assert_false(strategy_update(&strategy, &ask, false, &order));
	bid.quantity = 1000000;
	bid.order_id = 9;
	assert_false(strategy_update(&strategy, &bid, false, &order));
	bid.quantity++;
	assert_true(strategy_update(&strategy, &bid, false, &order));
	strategy_close(&strategy);
}

static void what_makes_no_sense_is_counted_and_left_out(void **state)
{
	const struct market_data_message wrong[] = {
		{ .type = 'X', .side = 'B', .price = USD, .quantity = USD },
		{ .type = 'U', .side = 'C', .price = USD, .quantity = USD },
		{ .type = 0, .side = 'A', .price = USD, .quantity = USD },
		{ .type = 'U',
		  .side = 'A',
		  .price = (uint64_t)INT64_MAX + 1,
		  .quantity = USD },
	};
	struct strategy strategy;
	struct order order;
	uint64_t best;

	(void)state;
	assert_int_equal(strategy_open(&strategy, &plain), 0);
	for (int i = 0; i < 4; i++)
		assert_false(
			strategy_update(&strategy, &wrong[i], false, &order));
	assert_int_equal(strategy.bad, 4);
	assert_false(book_best(&strategy.symbols[0].book, BOOK_BID, &best));
	assert_false(book_best(&strategy.symbols[0].book, BOOK_ASK, &best));
	strategy_close(&strategy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_bid_buys_at_the_best_ask),
		cmocka_unit_test(a_large_ask_sells_at_the_best_bid),
		cmocka_unit_test(the_threshold_itself_does_not_fire),
		cmocka_unit_test(only_the_top_of_the_book_fires),
		cmocka_unit_test(a_removal_never_fires),
		cmocka_unit_test(snapshots_fill_the_book_and_do_not_fire),
		cmocka_unit_test(a_snapshot_of_many_messages_clears_once),
		cmocka_unit_test(a_book_that_begins_is_empty),
		cmocka_unit_test(symbols_have_books_of_their_own),
		cmocka_unit_test(symbols_and_levels_have_their_limits),
		cmocka_unit_test(without_an_opposite_side_there_is_no_order),
		cmocka_unit_test(aggress_same_hits_the_large_order_itself),
		cmocka_unit_test(inverse_contracts_are_quoted_in_usd),
		cmocka_unit_test(products_beyond_64_bits_are_exact),
		cmocka_unit_test(wide_quantities_have_their_unit),
		cmocka_unit_test(what_makes_no_sense_is_counted_and_left_out),
	};

	return cmocka_run_group_tests_name("trader/strategy", tests, NULL,
					   NULL);
}
