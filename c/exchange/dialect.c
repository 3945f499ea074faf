/* SPDX-License-Identifier: MIT */
#include "exchange/dialect.h"

#include <string.h>

#include "wire/market_data.h"

#define DEPTH_MAX 5 /* that levels are looked for */

#define WHAT_TO_DO                                           \
	"--format help lists what is known, and c/exchange/" \
	"line_format_example.c is a formatter to change"

#define DIALECT_ADDRESS(id) &dialect_##id,
const struct dialect *const dialects[] = { DIALECTS(DIALECT_ADDRESS) NULL };

const struct dialect_list dialect_pairs[] = {
	{ .name = "bids", .side = MARKET_DATA_BID, .amount_at = 1 },
	{ .name = "asks", .side = MARKET_DATA_ASK, .amount_at = 1 },
	{ .name = NULL },
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; dialects[i]; i++)
		if (!strcmp(dialects[i]->name, name))
			return dialects[i];
	return NULL;
}

bool dialect_member(const struct dialect_line *line, const char *name,
		    enum json_type type, struct json_value *value)
{
	return json_members_find(&line->members, name, value) &&
	       value->type == type;
}

bool dialect_begins(const struct json_value *value, const char *text)
{
	const size_t len = strlen(text);

	return value->len >= len && !memcmp(value->text, text, len);
}

enum dialect_answer dialect_bad(struct dialect_line *line, const char *why)
{
	line->why = why;
	return DIALECT_BAD;
}

enum dialect_answer dialect_kind(struct dialect_line *line,
				 const struct json_value *kind,
				 const char *update)
{
	line->snapshot = json_is(kind, "snapshot");
	if (line->snapshot || json_is(kind, update))
		return DIALECT_BOOKS;
	return dialect_bad(line, "it says neither that it is a whole book "
				 "nor that it is a change");
}

uint64_t dialect_number(const struct json_value *value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value->len; i++) {
		if (value->text[i] < '0' || value->text[i] > '9' ||
		    number > UINT64_MAX / 10 - 9)
			return 0;
		number = number * 10 + (uint64_t)(value->text[i] - '0');
	}
	return number;
}

/* In any case of letters, and anywhere in the word. */
static bool word_has(const struct json_value *word, const char *part)
{
	const size_t len = strlen(part);

	for (size_t i = 0; i + len <= word->len; i++) {
		size_t n = 0;

		while (n < len && (word->text[i + n] | 0x20) == part[n])
			n++;
		if (n == len)
			return true;
	}
	return false;
}

static const char other_kind[] = "other messages without a book";

enum dialect_answer dialect_skip(struct dialect_line *line,
				 const struct json_value *word)
{
	static const struct {
		const char *part, *kind;
	} kinds[] = {
		{ "heartbeat", "heartbeats" },
		{ "ping", "heartbeats" },
		{ "pong", "heartbeats" },
		{ "subscri", "answers to requests" },
		{ "request", "answers to requests" },
		{ "ticker", "tickers" },
		{ "trade", "trades" },
		{ "match", "trades" },
		{ "fill", "trades" },
		{ "candle", "candles" },
		{ "kline", "candles" },
		{ "ohlc", "candles" },
		{ "liquidat", "liquidations" },
		{ "fund", "funding rates" },
		{ "mark", "prices" },
		{ "index", "prices" },
		{ "error", "errors that the venue told" },
		{ "disconnect", "disconnects" },
		{ "status", "notices" },
		{ "instrument", "notices" },
		{ "system", "notices" },
	};

	line->why = other_kind;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!word_has(word, kinds[i].part))
			continue;
		line->why = kinds[i].kind;
		break;
	}
	return DIALECT_SKIP;
}

static bool names_book(const struct json_value *word)
{
	static const char *const parts[] = { "book", "depth", "level2", "l2" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (word_has(word, parts[i]))
			return true;
	return false;
}

static bool any_member(const struct dialect_line *line,
		       const char *const names[])
{
	struct json_value ignored;

	for (; *names; names++)
		if (json_members_find(&line->members, *names, &ignored))
			return true;
	return false;
}

/* {"side":"sell","price":1,"qty":2}? */
static bool is_level(const struct dialect_line *line)
{
	static const char *const side[] = { "side", "is_buy", "isBid", NULL };
	static const char *const price[] = { "price", "px", NULL };
	static const char *const amount[] = { "qty",	  "size", "amount",
					      "quantity", "sz",	  "volume",
					      NULL };

	return any_member(line, side) && any_member(line, price) &&
	       any_member(line, amount);
}

static const char book_unknown[] =
	"it seems to be of a book, in a shape that is not known: " WHAT_TO_DO;

/* By the first word that says something, of a line that no dialect knows. */
static enum dialect_answer unknown_skip(struct dialect_line *line)
{
	static const char *const names[] = { "type",  "event", "method",
					     "op",    "feed",  "channel",
					     "topic", "table", "e",
					     "ch",    "ty",    "stream" };
	struct json_value word = { .len = 0 };
	enum dialect_answer answer = dialect_skip(line, &word);

	for (size_t i = 0;
	     i < sizeof(names) / sizeof(names[0]) && line->why == other_kind;
	     i++) {
		if (!dialect_member(line, names[i], JSON_STRING, &word))
			continue;
		answer = dialect_skip(line, &word);
		if (names_book(&word) && !word_has(&word, "ticker") &&
		    !word_has(&word, "subscri"))
			return dialect_bad(line, book_unknown);
	}
	return line->why == other_kind && is_level(line)
		       ? dialect_bad(line, book_unknown)
		       : answer;
}

static bool is_decimal(const struct json_value *value)
{
	return (value->type == JSON_NUMBER || value->type == JSON_STRING) &&
	       value->len > 0 &&
	       ((value->text[0] >= '0' && value->text[0] <= '9') ||
		value->text[0] == '-' || value->text[0] == '.');
}

/* [["1","2"], ...]? */
static bool is_levels(const struct json_value *array)
{
	const char *at = NULL, *inner = NULL;
	struct json_value first, price, amount;

	return json_element(array, &at, &first) &&
	       json_element(&first, &inner, &price) &&
	       json_element(&first, &inner, &amount) && is_decimal(&price) &&
	       is_decimal(&amount);
}

static bool is_list_name(const struct json_value *name)
{
	static const char *const names[] = { "bids",	  "asks",    "bid",
					     "ask",	  "changes", "levels",
					     "orderbook", "book",    "depth" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_is(name, names[i]))
			return true;
	return false;
}

/* Does it seem to hold levels of a book? */
static bool levels_in(const struct json_value *value, unsigned int depth)
{
	struct json_members members;
	struct json_value first;
	const char *at = NULL;

	if (depth == DEPTH_MAX)
		return false;
	if (value->type == JSON_ARRAY) {
		if (is_levels(value))
			return true;
		while (json_element(value, &at, &first))
			if (levels_in(&first, depth + 1))
				return true;
		return false;
	}
	json_members(value, &members);
	if (value->type != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < members.count; i++) {
		const struct json_value *member = &members.value[i];

		if (is_list_name(&members.name[i]) &&
		    (member->type == JSON_ARRAY ||
		     member->type == JSON_OBJECT) &&
		    member->len > 2)
			return true;
		if (levels_in(member, depth + 1))
			return true;
	}
	return false;
}

/* [{...},{...}]? */
static bool is_messages(const struct json_value *value)
{
	struct json_value first;
	const char *at = NULL;

	return json_element(value, &at, &first) && first.type == JSON_OBJECT;
}

static enum dialect_answer unknown_read(const struct dialect *only,
					struct dialect_line *line)
{
	line->why = dialect_absent(line);
	if (line->why)
		return DIALECT_BAD;
	if (is_messages(&line->object))
		return dialect_bad(line, "it is an array of messages: put each "
					 "on a line of its own (jq -c '.[]')");
	if (!levels_in(&line->object, 0))
		return unknown_skip(line);
	return dialect_bad(
		line, only ? "it holds levels of a book, and is not of the "
			     "dialect that --format names"
			   : "it holds levels of a book in a shape that is "
			     "not known: " WHAT_TO_DO);
}

static enum dialect_answer one_read(const struct dialect *dialect,
				    struct dialect_line *line)
{
	line->why = NULL;
	line->snapshot = false;
	line->exchange.len = line->symbol.len = line->time.len = 0;
	line->lists = NULL;
	line->books.len = 0;
	line->update_id = 0;
	return dialect->read(line);
}

/* A kind of message that has no name here may be one that matters. */
static enum dialect_answer other_look(struct dialect_line *line,
				      enum dialect_answer answer)
{
	if (answer == DIALECT_SKIP && line->why == other_kind &&
	    levels_in(&line->object, 0))
		return dialect_bad(line,
				   "it holds levels of a book in a kind of "
				   "message that is not known: " WHAT_TO_DO);
	return answer;
}

const struct dialect *dialect_read(const struct dialect *only,
				   const struct dialect *first,
				   struct dialect_line *line,
				   enum dialect_answer *answer)
{
	json_members(&line->object, &line->members);
	if (only)
		first = only;
	if (first) {
		*answer = other_look(line, one_read(first, line));
		if (*answer != DIALECT_FOREIGN)
			return first;
	}
	for (size_t i = 0; dialects[i] && !only; i++) {
		if (dialects[i] == first)
			continue;
		*answer = other_look(line, one_read(dialects[i], line));
		if (*answer != DIALECT_FOREIGN)
			return dialects[i];
	}
	line->snapshot =
		dialect_member(line, "type", JSON_STRING, &line->symbol) &&
		json_is(&line->symbol, "snapshot");
	*answer = unknown_read(only, line);
	return NULL;
}
