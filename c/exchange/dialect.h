/* SPDX-License-Identifier: MIT */
/*
 * How venues write their books in JSON: one dialect a venue, one file each.
 * A line is named before a level is taken from it: its dialect says whose
 * book it is, whether the line is whole books or changes, and where levels
 * have their price and amount; or why the line carries no book; or what
 * is wrong with it. Pure: no state, no allocation.
 */
#ifndef EXCHANGE_DIALECT_H
#define EXCHANGE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* All there are, in the order of the table and of --format help. */
#define DIALECTS(X)       \
	X(tardis)         \
	X(binance)        \
	X(bybit)          \
	X(okx)            \
	X(coinbase)       \
	X(advanced_trade) \
	X(kraken)         \
	X(deribit)

#define DIALECT_LISTS_MAX  4
#define DIALECT_SYMBOL_LEN 63

enum dialect_answer {
	DIALECT_FOREIGN, /* the line is not of this dialect */
	DIALECT_BOOKS,
	DIALECT_SKIP, /* it carries no book: why says of what kind it is */
	DIALECT_BAD,  /* why says what is wrong with it */
};

/* One list of levels in a book. */
struct dialect_list {
	const char *name; /* the book's member; NULL behind the last list */
	char side;	  /* enum market_data_side; 0: each level tells it */
	/* A level is an object with these members: */
	const char *price_name, *amount_name, *side_name;
	/* or, without names, an array with these at these places: */
	uint8_t price_at, amount_at, side_at;
};

/* Levels as most venues have them: ["price","amount"]. */
extern const struct dialect_list dialect_pairs[];

struct dialect_line {
	struct json_value object; /* checked by json_parse() */
	struct json_members members;

	/* Out, cleared before: */
	const char *why; /* static */
	bool snapshot;	 /* whole books */
	/* Of all books in the line; len 0: each book tells its own, or none. */
	struct json_value exchange, symbol;
	const struct dialect_list *lists;
	struct json_value books; /* an object is the only book; an array of them
				  */
	struct json_value time;	 /* len 0: each book may tell its own */
	uint64_t update_id;	 /* the venue's number of the last change in the
			       line; 0: untold */

	/* Where a dialect keeps what it makes. */
	struct json_members inner; /* members of what the line wraps */
	char text[DIALECT_SYMBOL_LEN + 1];
};

struct dialect {
	const char *name;
	const char *help;  /* which venue, which messages */
	const char *looks; /* by what a line is known */
	/* A book's members with its symbol and time; NULL: none. */
	const char *symbol_name, *time_name;
	/* HOT. */
	enum dialect_answer (*read)(struct dialect_line *line);
};

#define DIALECT_DECLARE(id) extern const struct dialect dialect_##id;
DIALECTS(DIALECT_DECLARE)
#undef DIALECT_DECLARE

/* NULL-terminated. */
extern const struct dialect *const dialects[];

/* By name; NULL if there is none. */
const struct dialect *dialect_find(const char *name);

/*
 * HOT. Ask the dialect, or with NULL all of them, `first` before the others
 * (may be NULL). Returns the one that knows the line, with *answer; NULL with
 * DIALECT_SKIP or DIALECT_BAD for a line that none knows: the latter when it
 * seems to hold levels.
 */
const struct dialect *dialect_read(const struct dialect *only,
				   const struct dialect *first,
				   struct dialect_line *line,
				   enum dialect_answer *answer);

/* A venue whose books can't be read off its lines alone: whose line it is and
 * why it is not read, a static text; NULL: of none that is known. */
const char *dialect_absent(const struct dialect_line *line);

/* What people call the field that names the symbol, the best first. */
#define DIALECT_SYMBOL_NAMES                                               \
	"symbol", "instrument", "instrument_name", "product_id", "pair",   \
		"market", "ticker", "instId", "contract", "currency_pair", \
		"product", "coin", "code"

/* For dialects: */

/* A member of the line that is of this type. */
bool dialect_member(const struct dialect_line *line, const char *name,
		    enum json_type type, struct json_value *value);

/* Does a string begin so? */
bool dialect_begins(const struct json_value *value, const char *text);

/* "heartbeats", "trades" ...: what a line without a book is, by the word in
 * it. */
enum dialect_answer dialect_skip(struct dialect_line *line,
				 const struct json_value *word);

enum dialect_answer dialect_bad(struct dialect_line *line, const char *why);

/* "snapshot" says a whole book, `update` a change. */
enum dialect_answer dialect_kind(struct dialect_line *line,
				 const struct json_value *kind,
				 const char *update);

/* A number of the venue's; 0 of anything else. */
uint64_t dialect_number(const struct json_value *value);

#endif
