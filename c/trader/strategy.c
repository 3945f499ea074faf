/* SPDX-License-Identifier: MIT */
#include "trader/strategy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

__extension__ typedef unsigned __int128 notional;

const char *const strategy_aggress_names[] = { "opposite", "same", NULL };
const char *const strategy_contract_names[] = { "linear", "inverse", NULL };

int strategy_open(struct strategy *strategy,
		  const struct strategy_config *config)
{
	const uint32_t levels =
		config->levels_max ? config->levels_max : STRATEGY_LEVELS_MAX;
	const size_t bytes = book_bytes(levels);

	memset(strategy, 0, sizeof(*strategy));
	strategy->config = *config;
	/* price x quantity is in nano x nano; an amount alone in nano. */
	strategy->threshold =
		(notional)config->threshold_usd *
		(config->contract == STRATEGY_LINEAR ? DECIMAL_ONE : 1);
	strategy->symbol_count = config->symbols_max ? config->symbols_max
						     : STRATEGY_SYMBOLS_MAX;
	strategy->symbols =
		calloc(strategy->symbol_count, sizeof(*strategy->symbols));
	if (!strategy->symbols)
		return -ENOMEM;
	if (mem_arena_reserve(&strategy->memory,
			      bytes * strategy->symbol_count) < 0) {
		strategy_close(strategy);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < strategy->symbol_count; i++)
		book_open(&strategy->symbols[i].book,
			  (char *)strategy->memory.base + i * bytes, levels);
	mem_touch(strategy->memory.base, bytes);
	return 0;
}

void strategy_close(struct strategy *strategy)
{
	mem_arena_close(&strategy->memory);
	free(strategy->symbols);
	memset(strategy, 0, sizeof(*strategy));
}

uint64_t strategy_levels_dropped(const struct strategy *strategy)
{
	uint64_t dropped = 0;

	for (uint32_t i = 0; i < strategy->symbol_count; i++)
		dropped += strategy->symbols[i].book.dropped;
	return dropped;
}

void strategy_reset(struct strategy *strategy)
{
	for (uint32_t i = 0; i < strategy->symbol_count; i++) {
		book_clear(&strategy->symbols[i].book);
		strategy->symbols[i].snapshot = false;
	}
}

void strategy_books_begin(struct strategy *strategy, const uint8_t *data,
			  const struct market_data_header *header)
{
	for (unsigned int i = 0; i < header->message_count; i++) {
		const uint16_t id = market_data_read(data, i).symbol_id;

		if (id < strategy->symbol_count)
			book_clear(&strategy->symbols[id].book);
	}
}

/* value x 10^n > threshold, without a product that 128 bits do not hold: value
 * is whole, so it is enough to be larger than the quotient; which needs no
 * division of 128 bits, since n is no more than nine. */
__attribute__((cold, noinline)) static bool is_large_wide(
	const struct strategy *strategy, notional value, uint64_t exponent)
{
	const uint64_t usd = (uint64_t)strategy->config.threshold_usd;
	uint64_t unit = 1;

	while (exponent-- > 0)
		unit *= 10;
	if (strategy->config.contract == STRATEGY_LINEAR)
		return value > (notional)usd * ((uint64_t)DECIMAL_ONE / unit);
	return value > usd / unit;
}

static inline bool is_large(const struct strategy *strategy,
			    const struct market_data_message *message)
{
	notional value = message->quantity;

	if (strategy->config.contract == STRATEGY_LINEAR)
		value *= message->price;
	if (__builtin_expect(message->type == MARKET_DATA_WIDE, 0))
		return is_large_wide(strategy, value, message->order_id);
	return value > strategy->threshold;
}

static inline bool is_wide(const struct market_data_message *message)
{
	return message->type == MARKET_DATA_WIDE && message->order_id > 0 &&
	       message->order_id <= MARKET_DATA_EXPONENT_MAX;
}

/* The update is large and on top of its side: what to send, if anything. */
static bool aggress(struct strategy *strategy, const struct book *book,
		    enum book_side side, uint64_t price, struct order *order)
{
	strategy->triggers++;
	order->quantity = strategy->config.quantity;
	if (strategy->config.aggress == STRATEGY_SAME) {
		order->side = side == BOOK_BID ? ORDER_SELL : ORDER_BUY;
	} else {
		order->side = side == BOOK_BID ? ORDER_BUY : ORDER_SELL;
		if (!book_best(book, side == BOOK_BID ? BOOK_ASK : BOOK_BID,
			       &price)) {
			strategy->no_opposite++;
			return false;
		}
	}
	order->price = (int64_t)price;
	return true;
}

bool strategy_update(struct strategy *strategy,
		     const struct market_data_message *message, bool snapshot,
		     struct order *order)
{
	struct strategy_symbol *symbol;
	enum book_side side =
		message->side == MARKET_DATA_BID ? BOOK_BID : BOOK_ASK;
	bool removal = message->type == MARKET_DATA_DELETE;
	bool top;

	if ((message->type != MARKET_DATA_UPDATE &&
	     message->type != MARKET_DATA_ADD && !removal &&
	     !is_wide(message)) ||
	    (message->side != MARKET_DATA_BID &&
	     message->side != MARKET_DATA_ASK) ||
	    message->price > INT64_MAX) {
		strategy->bad++;
		return false;
	}
	if (__builtin_expect(message->symbol_id >= strategy->symbol_count, 0)) {
		strategy->beyond++;
		return false;
	}
	symbol = &strategy->symbols[message->symbol_id];
	if (snapshot && !symbol->snapshot)
		book_clear(&symbol->book);
	symbol->snapshot = snapshot;
	top = book_update(&symbol->book, side, message->price,
			  removal ? 0 : message->quantity);
	if (!top || snapshot || !is_large(strategy, message))
		return false;
	return aggress(strategy, &symbol->book, side, message->price, order);
}
