/* SPDX-License-Identifier: MIT */
/* Whatever datagrams come, books stay sorted, and an order is only called for
 * by what the rule says. */
#include <stdlib.h>

#include "base/decimal.h"
#include "trader/strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void levels_check(const struct book_levels *levels, int side)
{
	if (levels->count > levels->capacity)
		abort();
	for (uint32_t i = 0; i < levels->count; i++) {
		if (levels->quantity[i] == 0)
			abort();
		if (i > 0 &&
		    (side == BOOK_BID
			     ? levels->price[i] <= levels->price[i - 1]
			     : levels->price[i] >= levels->price[i - 1]))
			abort();
	}
}

static void message_check(struct strategy *strategy,
			  const struct market_data_message *message,
			  bool snapshot)
{
	const struct strategy_symbol *symbol;
	struct order order;
	bool fired = strategy_update(strategy, message, snapshot, &order);

	if (fired &&
	    (snapshot || message->quantity == 0 ||
	     message->type == MARKET_DATA_DELETE || order_fault(&order)))
		abort();
	if (message->symbol_id >= strategy->symbol_count)
		return;
	symbol = &strategy->symbols[message->symbol_id];
	levels_check(&symbol->book.side[BOOK_BID], BOOK_BID);
	levels_check(&symbol->book.side[BOOK_ASK], BOOK_ASK);
}

/* The input is datagrams, each behind a byte with its length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct strategy_config config = { .threshold_usd = DECIMAL_ONE,
						.quantity = 1,
						.symbols_max = 300,
						.levels_max = 5 };
	struct strategy strategy;

	if (strategy_open(&strategy, &config) < 0)
		abort();
	while (size > 0) {
		size_t len = *data++;
		struct market_data_header header;

		size--;
		len = len < size ? len : size;
		if (market_data_decode(data, len, &header) == 0) {
			strategy_datagram(&strategy, data, &header);
			for (unsigned int i = 0; i < header.message_count;
			     i++) {
				struct market_data_message message =
					market_data_read(data, i);

				message_check(&strategy, &message,
					      header.flags &
						      MARKET_DATA_SNAPSHOT);
			}
		}
		data += len;
		size -= len;
	}
	strategy_close(&strategy);
	return 0;
}
