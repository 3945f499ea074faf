/* SPDX-License-Identifier: MIT */
#include "trader/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Updates crowd at the top of the book: so many levels are looked at one by
 * one before the rest is halved. */
#define BOOK_NEAR 4

/* Makes both sides ascend: bids as they are, asks by their complement. */
static inline uint64_t mask_of(enum book_side side)
{
	return side == BOOK_ASK ? UINT64_MAX : 0;
}

static int levels_resize(struct book_levels *levels, uint32_t capacity)
{
	uint64_t *price = realloc(levels->price, capacity * sizeof(*price));
	uint64_t *quantity;

	if (!price)
		return -ENOMEM;
	levels->price = price;
	quantity = realloc(levels->quantity, capacity * sizeof(*quantity));
	if (!quantity)
		return -ENOMEM;
	levels->quantity = quantity;
	levels->capacity = capacity;
	return 0;
}

int book_open(struct book *book, uint32_t levels)
{
	memset(book, 0, sizeof(*book));
	if (levels_resize(&book->side[BOOK_BID], levels) == 0 &&
	    levels_resize(&book->side[BOOK_ASK], levels) == 0)
		return 0;
	book_close(book);
	return -ENOMEM;
}

void book_close(struct book *book)
{
	for (int i = 0; i < 2; i++) {
		free(book->side[i].price);
		free(book->side[i].quantity);
	}
	memset(book, 0, sizeof(*book));
}

void book_clear(struct book *book)
{
	book->side[BOOK_BID].count = 0;
	book->side[BOOK_ASK].count = 0;
}

__attribute__((cold, noinline)) static bool levels_grow(
	struct book_levels *levels)
{
	uint32_t capacity = levels->capacity ? 2 * levels->capacity : 64;

	if (levels->capacity >= BOOK_LEVELS_MAX)
		return false;
	if (capacity > BOOK_LEVELS_MAX)
		capacity = BOOK_LEVELS_MAX;
	return levels_resize(levels, capacity) == 0;
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
		if (levels->count == levels->capacity && !levels_grow(levels)) {
			book->refused++;
			return false;
		}
		levels_move(levels, at, at + 1);
		levels->count++;
		levels->price[at] = price;
	}
	levels->quantity[at] = quantity;
	return at == levels->count - 1;
}
