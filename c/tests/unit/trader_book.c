/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "trader/book.h"

#define LEVELS 4096

static _Alignas(64) char memory[8 * (LEVELS + LEVELS / 4 + 64) * 4];

static void open_levels(struct book *book, uint32_t levels)
{
	assert_true(book_bytes(levels) <= sizeof(memory));
	book_open(book, memory, levels);
}

static void the_best_level_leads(void **state)
{
	struct book book;
	uint64_t best;

	(void)state;
	open_levels(&book, 4);
	assert_false(book_best(&book, BOOK_BID, &best));
	assert_true(book_update(&book, BOOK_BID, 100, 1));
	assert_true(book_update(&book, BOOK_BID, 102, 1));
	assert_false(book_update(&book, BOOK_BID, 101, 1));
	assert_true(book_update(&book, BOOK_BID, 102, 9));
	assert_true(book_update(&book, BOOK_ASK, 110, 1));
	assert_false(book_update(&book, BOOK_ASK, 111, 1));
	assert_true(book_update(&book, BOOK_ASK, 109, 1));
	assert_true(book_best(&book, BOOK_BID, &best));
	assert_int_equal(best, 102);
	assert_true(book_best(&book, BOOK_ASK, &best));
	assert_int_equal(best, 109);
}

static void a_removal_uncovers_the_next_level(void **state)
{
	struct book book;
	uint64_t best;

	(void)state;
	open_levels(&book, 100);
	for (uint64_t price = 1; price <= 100; price++) {
		book_update(&book, BOOK_BID, price, 1);
		book_update(&book, BOOK_ASK, 1000 + price, 1);
	}
	assert_false(book_update(&book, BOOK_BID, 100, 0));
	assert_false(book_update(&book, BOOK_ASK, 1001, 0));
	/* Of a level that isn't there: nothing happens. */
	assert_false(book_update(&book, BOOK_BID, 500, 0));
	assert_true(book_best(&book, BOOK_BID, &best));
	assert_int_equal(best, 99);
	assert_true(book_best(&book, BOOK_ASK, &best));
	assert_int_equal(best, 1002);
	assert_int_equal(book.side[BOOK_BID].count, 99);
	book_clear(&book);
	assert_false(book_best(&book, BOOK_ASK, &best));
}

static void extreme_prices_keep_their_order(void **state)
{
	struct book book;
	uint64_t best;

	(void)state;
	open_levels(&book, 4);
	assert_true(book_update(&book, BOOK_ASK, UINT64_MAX, 1));
	assert_true(book_update(&book, BOOK_ASK, 0, 1));
	assert_true(book_update(&book, BOOK_BID, 0, 1));
	assert_true(book_update(&book, BOOK_BID, UINT64_MAX, 1));
	book_best(&book, BOOK_ASK, &best);
	assert_true(best == 0);
	book_best(&book, BOOK_BID, &best);
	assert_true(best == UINT64_MAX);
}

static void a_full_side_drops_the_worst_and_counts(void **state)
{
	struct book book;
	uint64_t best;

	(void)state;
	open_levels(&book, 100);
	for (uint64_t price = 101; price <= 200; price++)
		assert_true(book_update(&book, BOOK_BID, price, price));
	assert_int_equal(book.dropped, 0);
	/* The worst of all is left out, and moves nothing. */
	assert_false(book_update(&book, BOOK_BID, 100, 1));
	assert_int_equal(book.dropped, 1);
	assert_int_equal(book.side[BOOK_BID].price[0], 101);
	/* Others take the worst one's place, for ever. */
	for (uint64_t price = 201; price <= 10000; price++) {
		assert_true(book_update(&book, BOOK_BID, price, price));
		assert_int_equal(book.side[BOOK_BID].count, 100);
		assert_int_equal(book.side[BOOK_BID].price[0], price - 99);
		assert_int_equal(book.side[BOOK_BID].price[99], price);
		assert_int_equal(book.side[BOOK_BID].quantity[42], price - 57);
	}
	assert_int_equal(book.dropped, 9801);
	/* What is there can still change, what goes makes room. */
	assert_true(book_update(&book, BOOK_BID, 10000, 5));
	assert_false(book_update(&book, BOOK_BID, 9950, 0));
	assert_false(book_update(&book, BOOK_BID, 7, 1));
	assert_int_equal(book.side[BOOK_BID].price[0], 7);
	assert_int_equal(book.dropped, 9801);
	assert_true(book_best(&book, BOOK_BID, &best));
	assert_int_equal(best, 10000);
}

/* From the best to the worst, as a snapshot or a flood may have them. */
static void levels_may_come_worst_last(void **state)
{
	struct book book;

	(void)state;
	open_levels(&book, LEVELS);
	for (uint64_t price = 0; price < LEVELS; price++)
		book_update(&book, BOOK_ASK, price, price + 1);
	for (uint32_t i = 0; i < LEVELS; i++) {
		assert_int_equal(book.side[BOOK_ASK].price[i], LEVELS - 1 - i);
		assert_int_equal(book.side[BOOK_ASK].quantity[i], LEVELS - i);
	}
	assert_int_equal(book.dropped, 0);
	assert_false(book_update(&book, BOOK_ASK, LEVELS, 1));
	assert_int_equal(book.dropped, 1);
}

#define MODEL_PRICES 600

/* The same by the plainest means: a quantity for each price. */
struct model {
	uint64_t quantity[2][MODEL_PRICES];
};

static bool model_best(const struct model *model, int side, uint64_t *best)
{
	for (int i = 0; i < MODEL_PRICES; i++) {
		int price = side == BOOK_BID ? MODEL_PRICES - 1 - i : i;

		if (model->quantity[side][price]) {
			*best = (uint64_t)price;
			return true;
		}
	}
	return false;
}

static void levels_match(const struct book *book, const struct model *model,
			 int side)
{
	const struct book_levels *levels = &book->side[side];
	uint32_t n = 0;

	for (int i = 0; i < MODEL_PRICES; i++) {
		int price = side == BOOK_BID ? i : MODEL_PRICES - 1 - i;

		if (!model->quantity[side][price])
			continue;
		assert_true(n < levels->count);
		assert_int_equal(levels->price[n], price);
		assert_int_equal(levels->quantity[n],
				 model->quantity[side][price]);
		n++;
	}
	assert_int_equal(n, levels->count);
}

static void random_updates_match_a_plain_model(void **state)
{
	static struct model model;
	uint64_t random = 42;
	struct book book;

	(void)state;
	open_levels(&book, MODEL_PRICES);
	for (int i = 0; i < 200000; i++) {
		int side = (int)(random >> 40 & 1);
		uint64_t price = (random >> 20) % MODEL_PRICES, wanted = 0;
		uint64_t quantity = (random >> 50) % 3, best = 0;
		bool top;

		random = random * UINT64_C(6364136223846793005) + 1442695041;
		model.quantity[side][price] = quantity;
		top = book_update(&book, side, price, quantity);
		assert_int_equal(model_best(&model, side, &wanted),
				 book_best(&book, side, &best));
		assert_int_equal(best, wanted);
		assert_int_equal(top, quantity > 0 && price == wanted);
		if (i % 1000 == 0) {
			levels_match(&book, &model, BOOK_BID);
			levels_match(&book, &model, BOOK_ASK);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_level_leads),
		cmocka_unit_test(a_removal_uncovers_the_next_level),
		cmocka_unit_test(extreme_prices_keep_their_order),
		cmocka_unit_test(a_full_side_drops_the_worst_and_counts),
		cmocka_unit_test(levels_may_come_worst_last),
		cmocka_unit_test(random_updates_match_a_plain_model),
	};

	return cmocka_run_group_tests_name("trader/book", tests, NULL, NULL);
}
