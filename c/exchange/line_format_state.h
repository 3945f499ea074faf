/* SPDX-License-Identifier: MIT */
/*
 * What the shipped formatters have in common. Their state is one block,
 * since it is the caller's to free(3).
 */
#ifndef EXCHANGE_LINE_FORMAT_STATE_H
#define EXCHANGE_LINE_FORMAT_STATE_H

#include "base/json.h"
#include "exchange/line_format.h"

#define LINE_FORMAT_SYMBOLS_MAX 65536 /* symbol_id has 16 bits */
#define LINE_FORMAT_SYMBOL_LEN	63    /* of "exchange,symbol" */

/* Columns of a CSV row; the order is tardis'. */
enum line_format_column {
	LINE_FORMAT_EXCHANGE,
	LINE_FORMAT_SYMBOL,
	LINE_FORMAT_TIMESTAMP,
	LINE_FORMAT_LOCAL_TIMESTAMP,
	LINE_FORMAT_IS_SNAPSHOT,
	LINE_FORMAT_SIDE,
	LINE_FORMAT_PRICE,
	LINE_FORMAT_AMOUNT,
	LINE_FORMAT_COLUMNS,
};

/* A walk over the levels of a JSON line, which may go on in a next part. */
struct line_format_walk {
	struct json_value books; /* an array of books, or else the only one */
	const char *book_cursor;
	struct json_value book;
	unsigned int list; /* the next of the book's lists */
	struct json_value levels;
	const char *level_cursor;
	char list_side; /* 0: each level names its own */
	bool in_levels;
	struct json_value line; /* the outermost object */
	uint64_t time_ns;
	uint16_t symbol_id;
};

struct line_format_symbol {
	uint64_t update_id; /* the venue's number of its last snapshot */
	bool snapshot;	    /* its last row was one */
	uint8_t len;
	char text[LINE_FORMAT_SYMBOL_LEN]; /* "exchange,symbol" */
};

struct line_format_state {
	int column[LINE_FORMAT_COLUMNS]; /* where each is; -1: nowhere */
	int column_last; /* the last one needed; -1: no header told yet */
	char separator;	 /* of columns */
	struct line_format_walk walk;
	uint32_t last; /* symbol of the line before */
	uint32_t count;
	uint32_t capacity; /* a power of two, twice the symbols it takes */
	uint32_t *slots;   /* behind symbols: 0, or the symbol + 1 */
	struct line_format_symbol symbols[];
};

/* Make the state of a session that has none. 0 or -ENOMEM with the fault. */
int line_format_state_make(struct line_format *context);

/* The number of a symbol, in order of appearance; may move the state. -ENOMEM
 * or -E2BIG with the fault. */
int line_format_state_symbol(struct line_format *context, const char *text,
			     size_t len);

/* HOT. Flags of a datagram of a row of this symbol: a book begins where its
 * rows go from update to snapshot. */
uint16_t line_format_state_flags(struct line_format *context, uint16_t symbol);

/* HOT. A decimal that is not negative, exactly, in nano. 0, -EINVAL or
 * -ERANGE. */
int line_format_state_decimal(const char *text, size_t len, uint64_t *nano);

/* 'B', 'A' or 0: bid, buy, ask, sell, offer, in any case. */
char line_format_state_side(const char *text, size_t len);

/* The shipped formatters: names "auto", "tardis-csv", "json-lines". */
line_format_function line_format_auto;
line_format_function line_format_csv;
line_format_function line_format_json;

#endif
