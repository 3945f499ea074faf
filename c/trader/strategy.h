/* SPDX-License-Identifier: MIT */
/*
 * The trading rule: one update in, one order or none out. No I/O, no clock,
 * no randomness: the trader runs it, and the oracle that judges the trader
 * runs it again over what was captured.
 *
 * Apply the update to the book. Fire if it is no snapshot, its quantity is
 * not 0, its price is now the best on its side, and its notional is larger
 * than the threshold (price x quantity, exact in 128 bits; in inverse
 * contracts, whose amounts are in USD, the amount itself). A big bid makes a
 * BUY at the best ask, a big ask a SELL at the best bid (aggress opposite);
 * aggress same hits the large order itself. Without a level to aggress on
 * there is no order; it is counted.
 */
#ifndef TRADER_STRATEGY_H
#define TRADER_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "trader/book.h"
#include "wire/market_data.h"
#include "wire/order.h"

#define STRATEGY_THRESHOLD_USD "1000000" /* unless another is asked for */

#define STRATEGY_SYMBOLS_MAX 256 /* the defaults: 80 MiB at the very most */
#define STRATEGY_LEVELS_MAX  8192

enum strategy_aggress { STRATEGY_OPPOSITE, STRATEGY_SAME };
enum strategy_contract { STRATEGY_LINEAR, STRATEGY_INVERSE };

/* For option rows: NULL-terminated, in the order of the enums. */
extern const char *const strategy_aggress_names[];
extern const char *const strategy_contract_names[];

struct strategy_config {
	int64_t threshold_usd; /* nano */
	unsigned int aggress;  /* enum strategy_aggress */
	unsigned int contract; /* enum strategy_contract */
	uint32_t quantity;     /* lots of each order */
	uint32_t symbols_max;  /* symbol_id below this; 0: the default */
	uint32_t levels_max;   /* of a side of a book; 0: the default */
};

struct strategy_symbol {
	struct book book;
	bool snapshot; /* the last message was one */
};

struct strategy {
	struct strategy_config config;
	__extension__ unsigned __int128 threshold; /* nano x nano USD */
	struct mem_arena memory;		   /* of the books */
	struct strategy_symbol *symbols;	   /* by symbol_id */
	uint32_t symbol_count;
	uint64_t triggers;    /* updates that called for an order */
	uint64_t no_opposite; /* of those, without a level to aggress on */
	uint64_t bad;	      /* messages with an unknown type, side or unit */
	uint64_t beyond;      /* messages of symbols from symbols_max on */
};

/* 0 or -ENOMEM. Room for all books is reserved now, and had for the first
 * symbol's; the others' pages are had as they fill. */
int strategy_open(struct strategy *strategy,
		  const struct strategy_config *config);
void strategy_close(struct strategy *strategy);

/* A new session: all books empty, snapshot flags down; counters stay. */
void strategy_reset(struct strategy *strategy);

/* Levels that books had no room for, so far. */
uint64_t strategy_levels_dropped(const struct strategy *strategy);

/* Empty the books of the symbols in a datagram that market_data_decode()
 * accepted. */
void strategy_books_begin(struct strategy *strategy, const uint8_t *data,
			  const struct market_data_header *header);

/* HOT. Before a datagram's messages, each datagram. */
static inline void strategy_datagram(struct strategy *strategy,
				     const uint8_t *data,
				     const struct market_data_header *header)
{
	if (__builtin_expect(header->flags & MARKET_DATA_BOOK_BEGINS, 0))
		strategy_books_begin(strategy, data, header);
}

/*
 * HOT. Returns true with *order filled when the message calls for one.
 * snapshot: the flag of the message's datagram; on false -> true the
 * symbol's book is cleared, for senders that do not say where one begins.
 */
bool strategy_update(struct strategy *strategy,
		     const struct market_data_message *message, bool snapshot,
		     struct order *order);

#endif
