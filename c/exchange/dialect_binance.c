/* SPDX-License-Identifier: MIT */
/*
 * Binance, spot and futures: changes of the depth streams, snapshots as its
 * REST interface answers them. Either may stand alone or in a combined
 * stream's wrapper.
 *
 *   {"e":"depthUpdate","E":1,"s":"BNBBTC","U":157,"u":160,
 *    "b":[["0.0024","10"]],"a":[]}
 *   {"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[]}
 *   {"stream":"bnbbtc@depth20","data":{..}}
 *
 * developers.binance.com: diff. depth streams, partial book depth streams,
 * how to manage a local order book.
 */
#include <string.h>

#include "exchange/dialect.h"
#include "wire/market_data.h"

static const struct dialect_list changes[] = {
	{ .name = "b", .side = MARKET_DATA_BID, .amount_at = 1 },
	{ .name = "a", .side = MARKET_DATA_ASK, .amount_at = 1 },
	{ .name = NULL },
};

static bool inner_find(const struct dialect_line *line, const char *name,
		       enum json_type type, struct json_value *value)
{
	return json_members_find(&line->inner, name, value) &&
	       value->type == type;
}

/* Streams of the best N levels: each message is all of them. */
static bool is_partial(const struct json_value *stream)
{
	static const char depth[] = "@depth";
	const size_t len = sizeof(depth) - 1;

	for (size_t i = 0; i + len < stream->len; i++)
		if (!memcmp(stream->text + i, depth, len))
			return stream->text[i + len] >= '0' &&
			       stream->text[i + len] <= '9';
	return false;
}

/* The symbol in a stream's name, as the messages write it: "BNBBTC" of
 * "bnbbtc@depth@100ms". The best levels are a book of their own: that of their
 * stream. */
static void symbol_make(struct dialect_line *line,
			const struct json_value *symbol,
			const struct json_value *stream)
{
	size_t len = 0;

	for (; len < symbol->len && len < DIALECT_SYMBOL_LEN &&
	       symbol->text[len] != '@';
	     len++) {
		const char c = symbol->text[len];

		line->text[len] = c >= 'a' && c <= 'z' ? c & ~0x20 : c;
	}
	if (is_partial(stream))
		line->exchange = *stream;
	line->symbol = (struct json_value){ .type = JSON_STRING,
					    .text = line->text,
					    .len = len };
}

static enum dialect_answer book_read(struct dialect_line *line,
				     const struct json_value *stream)
{
	struct json_value symbol = { .len = 0 }, value;

	line->snapshot = is_partial(stream);
	if (inner_find(line, "u", JSON_NUMBER, &value))
		line->update_id = dialect_number(&value);
	inner_find(line, "s", JSON_STRING, &symbol);
	if (symbol.len == 0)
		return dialect_bad(line, "its depthUpdate has no symbol");
	symbol_make(line, &symbol, stream);
	json_members_find(&line->inner, "E", &line->time);
	line->lists = changes;
	return DIALECT_BOOKS;
}

static enum dialect_answer snapshot_read(struct dialect_line *line,
					 const struct json_value *id,
					 const struct json_value *stream)
{
	struct json_value symbol = { .len = 0 };

	line->snapshot = true;
	line->update_id = dialect_number(id);
	inner_find(line, "symbol", JSON_STRING, &symbol);
	if (symbol.len == 0)
		symbol = *stream;
	symbol_make(line, &symbol, stream);
	json_members_find(&line->inner, "E", &line->time);
	line->lists = dialect_pairs;
	return DIALECT_BOOKS;
}

/* What the line wraps, if anything, to line->books and line->inner. */
static void unwrap(struct dialect_line *line, struct json_value *stream)
{
	struct json_value inner;

	stream->len = 0;
	line->books = line->object;
	if ((dialect_member(line, "stream", JSON_STRING, stream) &&
	     dialect_member(line, "data", JSON_OBJECT, &inner)) ||
	    (stream->len == 0 &&
	     dialect_member(line, "result", JSON_OBJECT, &inner))) {
		line->books = inner;
		json_members(&inner, &line->inner);
		return;
	}
	stream->len = 0;
	line->inner = line->members;
}

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value stream = { .len = 0 }, value, ignored;

	/* The cheapest look at what can't be theirs. */
	if (!json_members_find(&line->members, "e", &value) &&
	    !json_members_find(&line->members, "stream", &value) &&
	    !json_members_find(&line->members, "lastUpdateId", &value) &&
	    !json_members_find(&line->members, "result", &value))
		return DIALECT_FOREIGN;
	unwrap(line, &stream);
	if (inner_find(line, "e", JSON_STRING, &value)) {
		/* An answer has no event: another venue's wrapper has. */
		if (stream.len == 0 && line->books.text != line->object.text)
			return DIALECT_FOREIGN;
		if (json_is(&value, "depthUpdate"))
			return book_read(line, &stream);
		return inner_find(line, "E", JSON_NUMBER, &ignored)
			       ? dialect_skip(line, &value)
			       : DIALECT_FOREIGN;
	}
	if (inner_find(line, "lastUpdateId", JSON_NUMBER, &value) &&
	    inner_find(line, "bids", JSON_ARRAY, &ignored) &&
	    inner_find(line, "asks", JSON_ARRAY, &ignored))
		return snapshot_read(line, &value, &stream);
	return stream.len > 0 ? dialect_skip(line, &stream) : DIALECT_FOREIGN;
}

const struct dialect dialect_binance = {
	.name = "binance",
	.help = "Binance, spot and futures: depth streams, REST snapshots",
	.looks = "{\"e\":\"depthUpdate\",\"s\":\"BNBBTC\",\"u\":160,\"b\":"
		 "[[\"1\",\"2\"]],\"a\":[]}; {\"lastUpdateId\":160,\"bids\":.."
		 "}; either in {\"stream\":..,\"data\":..}",
	.read = read_line,
};
