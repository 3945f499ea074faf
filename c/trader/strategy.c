/* SPDX-License-Identifier: MIT */
#include "trader/strategy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

#define FIRST_LEVELS 4096 /* of a side, for each symbol */

__extension__ typedef unsigned __int128 notional;

const char *const strategy_aggress_names[] = { "opposite", "same", NULL };
const char *const strategy_contract_names[] = { "linear", "inverse", NULL };

__attribute__((cold, noinline)) static struct strategy_symbol *symbol_open(
	struct strategy *strategy, uint32_t id)
{
	struct strategy_symbol *symbol;

	if (id >= strategy->symbol_count) {
		uint32_t count = strategy->symbol_count;
		struct strategy_symbol *wider;

		while (count <= id)
			count = count ? 2 * count : 1;
		wider = realloc(strategy->symbols, count * sizeof(*wider));
		if (!wider)
			return NULL;
		memset(wider + strategy->symbol_count, 0,
		       (count - strategy->symbol_count) * sizeof(*wider));
		strategy->symbols = wider;
		strategy->symbol_count = count;
	}
	symbol = &strategy->symbols[id];
	if (book_open(&symbol->book, id == 0 ? FIRST_LEVELS : 64) < 0)
		return NULL;
	symbol->open = true;
	return symbol;
}

int strategy_open(struct strategy *strategy,
		  const struct strategy_config *config)
{
	memset(strategy, 0, sizeof(*strategy));
	strategy->config = *config;
	/* price x quantity is in nano x nano; an amount alone in nano. */
	strategy->threshold =
		(notional)config->threshold_usd *
		(config->contract == STRATEGY_LINEAR ? DECIMAL_ONE : 1);
	if (symbol_open(strategy, 0))
		return 0;
	strategy_close(strategy);
	return -ENOMEM;
}

void strategy_close(struct strategy *strategy)
{
	for (uint32_t i = 0; i < strategy->symbol_count; i++)
		book_close(&strategy->symbols[i].book);
	free(strategy->symbols);
	memset(strategy, 0, sizeof(*strategy));
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

		if (id < strategy->symbol_count && strategy->symbols[id].open)
			book_clear(&strategy->symbols[id].book);
	}
}

/* value x 10^n > threshold, without a product that 128 bits do not hold: value
 * is whole, so it is enough to be larger than the quotient. */
__attribute__((cold, noinline)) static bool is_large_wide(
	const struct strategy *strategy, notional value, uint64_t exponent)
{
	uint64_t unit = 1;

	while (exponent-- > 0)
		unit *= 10;
	return value > strategy->threshold / unit;
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
	struct strategy_symbol *symbol = NULL;
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
	if (message->symbol_id < strategy->symbol_count)
		symbol = &strategy->symbols[message->symbol_id];
	if (!symbol || !symbol->open) {
		symbol = symbol_open(strategy, message->symbol_id);
		if (!symbol) {
			strategy->no_memory++;
			return false;
		}
	}
	if (snapshot && !symbol->snapshot)
		book_clear(&symbol->book);
	symbol->snapshot = snapshot;
	top = book_update(&symbol->book, side, message->price,
			  removal ? 0 : message->quantity);
	if (!top || snapshot || !is_large(strategy, message))
		return false;
	return aggress(strategy, &symbol->book, side, message->price, order);
}
