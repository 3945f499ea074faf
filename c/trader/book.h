/* SPDX-License-Identifier: MIT */
/*
 * An order book of price levels (L2) for one symbol. Each side is a sorted
 * array with its best level last, so what happens near the top of the book
 * moves few bytes. Prices in nano.
 */
#ifndef TRADER_BOOK_H
#define TRADER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum book_side { BOOK_BID, BOOK_ASK };

/* A window of the side's memory: it slides, so that to drop the worst level
 * costs nothing. */
struct book_levels {
	uint64_t *price;    /* worst first, best at count - 1 */
	uint64_t *quantity; /* in the unit of the message that told it */
	uint32_t count;
	uint32_t capacity;
	uint32_t first; /* of the window, in the memory */
	uint32_t room;	/* of the memory */
};

struct book {
	struct book_levels side[2];
	uint64_t dropped; /* levels that found no room, always the worst */
};

/* Bytes of memory that a book of so many levels a side takes. */
size_t book_bytes(uint32_t levels);

/* Empty, in memory of book_bytes(levels) that stays the caller's; aligned to
 * 8. levels: at least 1. */
void book_open(struct book *book, void *memory, uint32_t levels);
void book_clear(struct book *book);

/*
 * HOT. Set the level at price to quantity; 0 removes it. Returns true when
 * price is now the best of its side (never for a removal). Where a side is
 * full the worst level makes room, and is counted in book->dropped: this one,
 * if it is the worst.
 */
bool book_update(struct book *book, enum book_side side, uint64_t price,
		 uint64_t quantity);

/* HOT. The best price of a side; false when the side is empty. */
static inline bool book_best(const struct book *book, enum book_side side,
			     uint64_t *price)
{
	const struct book_levels *levels = &book->side[side];

	if (levels->count == 0)
		return false;
	*price = levels->price[levels->count - 1];
	return true;
}

#endif
