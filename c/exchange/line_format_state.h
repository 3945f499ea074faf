/* SPDX-License-Identifier: MIT */
/*
 * What the shipped formatters have in common. Their state is one block,
 * since it is the caller's to free(3).
 */
#ifndef EXCHANGE_LINE_FORMAT_STATE_H
#define EXCHANGE_LINE_FORMAT_STATE_H

#include "base/json.h"
#include "exchange/dialect.h"
#include "exchange/line_format.h"
#include "exchange/line_format_recent.h"
#include "wire/market_data.h"

#define LINE_FORMAT_SYMBOLS_MAX 65536 /* symbol_id has 16 bits */
#define LINE_FORMAT_SYMBOL_LEN	63    /* of "exchange,symbol" */

/* Room for what is kept of each dialect. */
#define LINE_FORMAT_DIALECTS 16

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

/* A walk over the books and levels of a JSON line, which may go on in a next
 * part. */
struct line_format_walk {
	const struct dialect *dialect;
	struct json_value books; /* an array of books, or the only one */
	const char *book_cursor;
	bool book_is_next; /* one was come to, and is not begun with */
	struct {
		struct json_value levels;
		const struct dialect_list *list;
	} lists[DIALECT_LISTS_MAX]; /* of the book */
	unsigned int list, list_count;
	const char *level_cursor;
	const struct dialect_list *dialect_lists;
	struct json_value exchange, symbol; /* of all books */
	uint64_t update_id;
	uint64_t recent; /* cursor over those behind a snapshot */
	uint64_t time_ns;
	uint16_t symbol_id;
	bool snapshot;
	char symbol_text[DIALECT_SYMBOL_LEN + 1];
};

struct line_format_symbol {
	uint64_t update_id; /* the venue's number of its last snapshot */
	uint64_t change_id; /* ... and of its last change */
	bool snapshot;	    /* its last row was one */
	uint8_t len;
	char text[LINE_FORMAT_SYMBOL_LEN]; /* "exchange,symbol" */
};

/* A dialect's lines without a symbol are of its only one. */
struct line_format_nameless {
	uint32_t named; /* symbols that have a name */
	uint16_t only;	/* the first of them */
	uint16_t id;	/* of lines without one */
	bool used;
};

struct line_format_state {
	int column[LINE_FORMAT_COLUMNS]; /* where each is; -1: nowhere */
	int column_last;  /* the last one needed; -1: no header told yet */
	int column_count; /* of a row, as its header has them */
	char separator;	  /* of columns */
	bool decimal_comma, decimal_point; /* seen, where ; parts columns */
	const char *columns_fault; /* why no row is read; NULL: rows are */
	struct line_format_walk walk;
	const struct dialect *dialect; /* of the last line that had one */
	struct line_format_nameless nameless[LINE_FORMAT_DIALECTS];
	uint64_t line_number; /* of the last line */
	struct line_format_recent recent;
	uint32_t last; /* symbol of the line before */
	uint32_t count;
	uint32_t capacity; /* a power of two, twice the symbols it takes */
	uint32_t *slots;   /* behind symbols: 0, or the symbol + 1 */
	struct line_format_symbol symbols[];
};

/* Make the state of a session that has none; forget what the end of the feed
 * had taught where it starts over. 0 or -ENOMEM with the fault. */
int line_format_state_make(struct line_format *context);

/* The number of a symbol, in order of appearance; may move the state. -ENOMEM
 * or -E2BIG with the fault. */
int line_format_state_symbol(struct line_format *context, const char *text,
			     size_t len);

/* Is this its text? And another text for it: its number, or -EBADMSG with the
 * fault when it is another symbol's. */
bool line_format_state_is(const struct line_format *context, uint16_t symbol,
			  const char *text, size_t len);
int line_format_state_rename(struct line_format *context, uint16_t id,
			     const char *text, size_t len);

/* The number of a book's symbol, or a negative errno with the fault. exchange:
 * len 0 is the dialect's. A book without a symbol is of the only one of its
 * dialect, whichever comes first; of several it is refused. */
int line_format_symbol_find(struct line_format *context,
			    const struct dialect *dialect,
			    const struct json_value *exchange,
			    const struct json_value *symbol);

/* HOT. Flags of a datagram of a row of this symbol: a book begins where its
 * rows go from update to snapshot. */
uint16_t line_format_state_flags(struct line_format *context, uint16_t id);

/* HOT. The price and the amount of a level into its message, exactly, and its
 * type. 0; -EINVAL for what is no number; -ERANGE for what can't be
 * represented: an amount finer than 1e-9 or of more digits than 64 bits have,
 * a price beyond 9.2e9, a negative one. The fault or remark is in *why,
 * static. */
int line_format_state_level(const char *price, size_t price_len,
			    const char *amount, size_t amount_len,
			    struct market_data_message *message,
			    const char **why);

/* The length of a time that stands before a JSON text, "2024-08-08T..Z {", as
 * in tardis' raw files; 0: none does. */
size_t line_format_time_len(const char *line, size_t len);

/* 'B', 'A' or 0: bid, buy, b, ask, sell, offer, a, s, in any case. */
char line_format_state_side(const char *text, size_t len);

/* A JSON line of this dialect; NULL: of any. */
ssize_t line_format_dialect(const struct dialect *dialect,
			    struct line_format *context, const char *line,
			    size_t line_len, uint8_t *datagram, size_t size);

/* The shipped formatters: names "auto", "tardis-csv", "json-lines". */
line_format_function line_format_auto;
line_format_function line_format_csv;
line_format_function line_format_json;

#endif
