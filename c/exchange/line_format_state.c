/* SPDX-License-Identifier: MIT */
#include "exchange/line_format_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "wire/market_data.h"

#define CAPACITY_FIRST 32

static size_t state_size(uint32_t capacity)
{
	return sizeof(struct line_format_state) +
	       capacity / 2 * sizeof(struct line_format_symbol) +
	       capacity * sizeof(uint32_t);
}

static uint32_t hash(const char *text, size_t len)
{
	uint32_t value = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		value = (value ^ (uint8_t)text[i]) * 16777619;
	return value ^ value >> 15;
}

/* The slot where the symbol is, or where it belongs. */
static uint32_t *slot_find(struct line_format_state *state, const char *text,
			   size_t len)
{
	uint32_t at = hash(text, len);

	for (;; at++) {
		uint32_t *slot = &state->slots[at & (state->capacity - 1)];
		const struct line_format_symbol *symbol;

		if (*slot == 0)
			return slot;
		symbol = &state->symbols[*slot - 1];
		if (symbol->len == len && !memcmp(symbol->text, text, len))
			return slot;
	}
}

static void slots_fill(struct line_format_state *state)
{
	memset(state->slots, 0, state->capacity * sizeof(*state->slots));
	for (uint32_t i = 0; i < state->count; i++)
		*slot_find(state, state->symbols[i].text,
			   state->symbols[i].len) = i + 1;
}

static int state_grow(struct line_format *context, uint32_t capacity)
{
	struct line_format_state *state =
		realloc(context->state, state_size(capacity));

	if (!state) {
		context->fault = "no memory for its symbol";
		return -ENOMEM;
	}
	context->state = state;
	state->capacity = capacity;
	state->slots = (uint32_t *)&state->symbols[capacity / 2];
	slots_fill(state);
	return 0;
}

/* The feed begins again, with other books than it ended with. */
static void start_over(struct line_format_state *state)
{
	state->column_last = -1;
	state->columns_fault = NULL;
	state->recent.count = 0;
	for (uint32_t i = 0; i < state->count; i++) {
		state->symbols[i].update_id = 0;
		state->symbols[i].change_id = 0;
		state->symbols[i].snapshot = false;
	}
}

int line_format_state_make(struct line_format *context)
{
	struct line_format_state *state = context->state;

	if (__builtin_expect(state != NULL, 1)) {
		if (__builtin_expect(context->line_number < state->line_number,
				     0))
			start_over(state);
		state->line_number = context->line_number;
		return 0;
	}
	context->state = calloc(1, sizeof(*state));
	state = context->state;
	if (!state) {
		context->fault = "no memory";
		return -ENOMEM;
	}
	state->column_last = -1;
	return state_grow(context, CAPACITY_FIRST);
}

int line_format_state_symbol(struct line_format *context, const char *text,
			     size_t len)
{
	struct line_format_state *state = context->state;
	struct line_format_symbol *symbol = &state->symbols[state->last];
	uint32_t *slot;
	int err;

	if (__builtin_expect(state->count > 0 && symbol->len == len &&
				     !memcmp(symbol->text, text, len),
			     1))
		return (int)state->last;
	if (len > LINE_FORMAT_SYMBOL_LEN) {
		context->fault = "its symbol is longer than 63 bytes";
		return -E2BIG;
	}
	slot = slot_find(state, text, len);
	if (*slot == 0) {
		if (state->count == LINE_FORMAT_SYMBOLS_MAX) {
			context->fault = "it is the 65537th symbol";
			return -E2BIG;
		}
		if (state->count == state->capacity / 2) {
			err = state_grow(context, state->capacity * 2);
			if (err)
				return err;
			state = context->state;
			slot = slot_find(state, text, len);
		}
		symbol = &state->symbols[state->count];
		*symbol = (struct line_format_symbol){ .len = (uint8_t)len };
		memcpy(symbol->text, text, len);
		*slot = ++state->count;
	}
	state->last = *slot - 1;
	return (int)state->last;
}

bool line_format_state_is(const struct line_format *context, uint16_t id,
			  const char *text, size_t len)
{
	const struct line_format_state *state = context->state;
	const struct line_format_symbol *symbol = &state->symbols[id];

	return symbol->len == len && !memcmp(symbol->text, text, len);
}

int line_format_state_rename(struct line_format *context, uint16_t id,
			     const char *text, size_t len)
{
	struct line_format_state *state = context->state;
	struct line_format_symbol *symbol = &state->symbols[id];

	if (*slot_find(state, text, len) != 0) {
		context->fault = "a line before named no symbol, and this one "
				 "is known otherwise";
		return -EBADMSG;
	}
	memcpy(symbol->text, text, len);
	symbol->len = (uint8_t)len;
	slots_fill(state);
	return id;
}

uint16_t line_format_state_flags(struct line_format *context, uint16_t id)
{
	struct line_format_state *state = context->state;
	struct line_format_symbol *symbol = &state->symbols[id];
	const bool begins = context->snapshot && !symbol->snapshot;

	symbol->snapshot = context->snapshot;
	return (uint16_t)((context->snapshot ? MARKET_DATA_SNAPSHOT : 0) |
			  (begins ? MARKET_DATA_BOOK_BEGINS : 0));
}

/* HOT. What is short enough not to overflow, and plain; false leaves it to the
 * general reader. */
static bool nano_read(const char *text, size_t len, uint64_t *nano)
{
	static const uint64_t unit[] = { 1000000000, 100000000, 10000000,
					 1000000,    100000,	10000,
					 1000,	     100,	10,
					 1 };
	size_t places = 0;
	uint64_t value = 0;
	bool point = false;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (digit <= 9) {
			value = value * 10 + digit;
			places += point;
		} else if (text[i] == '.' && !point && len > 1) {
			point = true;
		} else {
			return false;
		}
	}
	/* At most 9 digits before or behind a point, or 10 without one: no
	 * more than 9999999999e9, which 64 bits hold. */
	*nano = value * unit[places];
	return true;
}

int line_format_state_level(const char *price, size_t price_len,
			    const char *amount, size_t amount_len,
			    struct market_data_message *message,
			    const char **why)
{
	uint64_t nano, quantity;
	unsigned int exponent = 0;
	int err = 0;

	if (!nano_read(price, price_len, &nano))
		err = decimal_parse_wide(price, price_len, &nano, &exponent);
	if (!err && (exponent > 0 || nano > INT64_MAX))
		err = -ERANGE;
	if (err) {
		*why = err == -EINVAL
			       ? "a price is not a number"
			       : "a price is none from 0 to 9.2e9 in steps of "
				 "1e-9";
		return err;
	}
	if (!nano_read(amount, amount_len, &quantity))
		err = decimal_parse_wide(amount, amount_len, &quantity,
					 &exponent);
	if (err) {
		*why = err == -EINVAL
			       ? "an amount is not a number"
			       : "an amount is negative, finer than 1e-9 or of "
				 "more than 19 digits";
		return err;
	}
	message->price = nano;
	message->quantity = quantity;
	message->order_id = exponent;
	message->type = exponent   ? MARKET_DATA_WIDE
			: quantity ? MARKET_DATA_UPDATE
				   : MARKET_DATA_DELETE;
	return 0;
}

char line_format_state_side(const char *text, size_t len)
{
	/* As most have it. */
	if (len == 3 && !memcmp(text, "bid", 3))
		return MARKET_DATA_BID;
	if (len == 3 && !memcmp(text, "ask", 3))
		return MARKET_DATA_ASK;
	if (len == 3 &&
	    (!strncasecmp(text, "bid", 3) || !strncasecmp(text, "buy", 3)))
		return MARKET_DATA_BID;
	if ((len == 3 && !strncasecmp(text, "ask", 3)) ||
	    (len == 4 && !strncasecmp(text, "sell", 4)) ||
	    (len == 5 && !strncasecmp(text, "offer", 5)))
		return MARKET_DATA_ASK;
	if (len == 1 && (*text | 0x20) == 'b')
		return MARKET_DATA_BID;
	if (len == 1 && ((*text | 0x20) == 'a' || (*text | 0x20) == 's'))
		return MARKET_DATA_ASK;
	return 0;
}

/* A JSON line, be it behind a time of day as tardis' raw files have it. */
static bool is_json(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i < len && (line[i] == '{' || line[i] == '[' || line[i] == ']'))
		return true;
	return line_format_time_len(line, len) > 0;
}

ssize_t line_format_auto(struct line_format *context, const char *line,
			 size_t line_len, uint8_t *datagram, size_t size)
{
	if (is_json(line, line_len))
		return line_format_json(context, line, line_len, datagram,
					size);
	return line_format_csv(context, line, line_len, datagram, size);
}
