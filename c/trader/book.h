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

#define BOOK_LEVELS_MAX 65536 /* a side */

enum book_side { BOOK_BID, BOOK_ASK };

struct book_levels {
	uint64_t *price;    /* worst first, best at count - 1 */
	uint64_t *quantity; /* in the unit of the message that told it */
	uint32_t count;
	uint32_t capacity;
};

struct book {
	struct book_levels side[2];
	uint64_t refused; /* levels that found no room */
};

/* Room for `levels` a side is made now; it grows by doubling, rarely and
 * outside of what HOT means, up to BOOK_LEVELS_MAX. 0 or -ENOMEM. */
int book_open(struct book *book, uint32_t levels);
void book_close(struct book *book);
void book_clear(struct book *book);

/*
 * HOT. Set the level at price to quantity; 0 removes it. Returns true when
 * price is now the best of its side (never for a removal). A new level that
 * finds no room is counted in book->refused and left out.
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
