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
	memset(state->slots, 0, capacity * sizeof(*state->slots));
	for (uint32_t i = 0; i < state->count; i++)
		*slot_find(state, state->symbols[i].text,
			   state->symbols[i].len) = i + 1;
	return 0;
}

int line_format_state_make(struct line_format *context)
{
	struct line_format_state *state;

	if (context->state)
		return 0;
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

uint16_t line_format_state_flags(struct line_format *context, uint16_t id)
{
	struct line_format_state *state = context->state;
	struct line_format_symbol *symbol = &state->symbols[id];
	const bool begins = context->snapshot && !symbol->snapshot;

	symbol->snapshot = context->snapshot;
	return (uint16_t)((context->snapshot ? MARKET_DATA_SNAPSHOT : 0) |
			  (begins ? MARKET_DATA_BOOK_BEGINS : 0));
}

int line_format_state_decimal(const char *text, size_t len, uint64_t *nano)
{
	static const uint64_t unit[] = { 1000000000, 100000000, 10000000,
					 1000000,    100000,	10000,
					 1000,	     100,	10,
					 1 };
	size_t places = 0;
	uint64_t value = 0;
	bool point = false;
	int64_t exact;
	int err;

	/* What is short enough not to overflow, and plain; the rest is left
	 * to the general reader. */
	if (len == 0 || len > 10)
		goto general;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (digit <= 9) {
			value = value * 10 + digit;
			places += point;
		} else if (text[i] == '.' && !point && len > 1) {
			point = true;
		} else {
			goto general;
		}
	}
	/* At most 9 digits before or behind a point, or 10 without one. */
	if (!__builtin_mul_overflow(value, unit[places], nano) &&
	    *nano <= (uint64_t)INT64_MAX)
		return 0;
general:
	err = decimal_parse(text, len, &exact);
	if (err)
		return err;
	if (exact < 0)
		return -ERANGE;
	*nano = (uint64_t)exact;
	return 0;
}

char line_format_state_side(const char *text, size_t len)
{
	if (len == 3 &&
	    (!strncasecmp(text, "bid", 3) || !strncasecmp(text, "buy", 3)))
		return MARKET_DATA_BID;
	if ((len == 3 && !strncasecmp(text, "ask", 3)) ||
	    (len == 4 && !strncasecmp(text, "sell", 4)) ||
	    (len == 5 && !strncasecmp(text, "offer", 5)))
		return MARKET_DATA_ASK;
	return 0;
}

ssize_t line_format_auto(struct line_format *context, const char *line,
			 size_t line_len, uint8_t *datagram, size_t size)
{
	size_t i = 0;

	while (i < line_len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i < line_len && line[i] == '{')
		return line_format_json(context, line, line_len, datagram,
					size);
	return line_format_csv(context, line, line_len, datagram, size);
}
