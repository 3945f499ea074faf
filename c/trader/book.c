/* SPDX-License-Identifier: MIT */
#include "trader/book.h"

#include <string.h>

/* Updates crowd at the top of the book: so many levels are looked at one by
 * one before the rest is halved. */
#define BOOK_NEAR 4

/* Makes both sides ascend: bids as they are, asks by their complement. */
static inline uint64_t mask_of(enum book_side side)
{
	return side == BOOK_ASK ? UINT64_MAX : 0;
}

/* Beside the levels, so that the window slides seldom. */
static uint32_t slack_of(uint32_t levels)
{
	return levels / 4 + 1;
}

/* Of each array: a cache line more than its entries take, so that a price and
 * its quantity do not lie at one place of their pages. */
static size_t array_bytes(uint32_t levels)
{
	const size_t entries = (size_t)levels + slack_of(levels);

	return (entries * sizeof(uint64_t) + 63) / 64 * 64 + 64;
}

size_t book_bytes(uint32_t levels)
{
	return 4 * array_bytes(levels);
}

void book_open(struct book *book, void *memory, uint32_t levels)
{
	char *at = memory;

	memset(book, 0, sizeof(*book));
	for (int i = 0; i < 2; i++) {
		struct book_levels *side = &book->side[i];

		side->capacity = levels;
		side->first = slack_of(levels);
		side->room = levels + side->first;
		side->price = (uint64_t *)(void *)at + side->first;
		at += array_bytes(levels);
		side->quantity = (uint64_t *)(void *)at + side->first;
		at += array_bytes(levels);
	}
}

void book_clear(struct book *book)
{
	book->side[BOOK_BID].count = 0;
	book->side[BOOK_ASK].count = 0;
}

/* Put the levels into the middle of their memory. */
__attribute__((cold, noinline)) static void levels_slide(
	struct book_levels *levels)
{
	const uint32_t first = (levels->room - levels->count) / 2;
	uint64_t *price = levels->price - levels->first + first;
	uint64_t *quantity = levels->quantity - levels->first + first;

	memmove(price, levels->price, levels->count * sizeof(*price));
	memmove(quantity, levels->quantity, levels->count * sizeof(*quantity));
	levels->price = price;
	levels->quantity = quantity;
	levels->first = first;
}

/* The first level that is not worse than price; count when all are. */
static inline uint32_t levels_find(const struct book_levels *levels,
				   uint64_t mask, uint64_t price)
{
	const uint64_t *prices = levels->price;
	const uint64_t key = price ^ mask;
	uint32_t first = levels->count, n;

	for (n = 0; n < BOOK_NEAR; n++) {
		if (first == 0 || (prices[first - 1] ^ mask) < key)
			return first;
		first--;
	}
	/* prices[first] is not worse: the answer is in 0..first. Halving
	 * without a branch that could be guessed wrong. */
	n = first;
	first = 0;
	while (n > 0) {
		uint32_t half = n / 2;
		bool worse = (prices[first + half] ^ mask) < key;

		first = worse ? first + half + 1 : first;
		n = worse ? n - half - 1 : half;
	}
	return first;
}

static inline void levels_move(struct book_levels *levels, uint32_t from,
			       uint32_t to)
{
	size_t n = levels->count - from;

	memmove(levels->price + to, levels->price + from,
		n * sizeof(*levels->price));
	memmove(levels->quantity + to, levels->quantity + from,
		n * sizeof(*levels->quantity));
}

/* Move the worse ones down, where they are the fewer. */
__attribute__((cold, noinline)) static void levels_move_down(
	struct book_levels *levels, uint32_t at)
{
	memmove(levels->price - 1, levels->price, at * sizeof(*levels->price));
	memmove(levels->quantity - 1, levels->quantity,
		at * sizeof(*levels->quantity));
	levels->price--;
	levels->quantity--;
	levels->first--;
}

/* Room for a level at `at`, in a side that is not full. */
static inline void levels_open(struct book_levels *levels, uint32_t at)
{
	const bool low = at < levels->count / 2;

	if (__builtin_expect(low ? levels->first == 0
				 : levels->first + levels->count ==
					     levels->room,
			     0))
		levels_slide(levels);
	if (__builtin_expect(low, 0))
		levels_move_down(levels, at);
	else
		levels_move(levels, at, at + 1);
	levels->count++;
}

static inline void levels_drop_worst(struct book_levels *levels)
{
	levels->price++;
	levels->quantity++;
	levels->first++;
	levels->count--;
}

bool book_update(struct book *book, enum book_side side, uint64_t price,
		 uint64_t quantity)
{
	struct book_levels *levels = &book->side[side];
	uint32_t at = levels_find(levels, mask_of(side), price);
	bool found = at < levels->count && levels->price[at] == price;

	if (quantity == 0) {
		if (found) {
			levels_move(levels, at + 1, at);
			levels->count--;
		}
		return false;
	}
	if (!found) {
		if (__builtin_expect(levels->count == levels->capacity, 0)) {
			book->dropped++;
			if (at == 0)
				return false;
			levels_drop_worst(levels);
			at--;
		}
		levels_open(levels, at);
		levels->price[at] = price;
	}
	levels->quantity[at] = quantity;
	return at == levels->count - 1;
}
