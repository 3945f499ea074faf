/* SPDX-License-Identifier: MIT */
/*
 * JSON lines with book levels, one object a line:
 *
 *   tardis    {"type":"book_change","bids":[{"price":1,"amount":2}],"asks":..}
 *   Coinbase  {"type":"snapshot","bids":[["1","2"]],"asks":..}
 *             {"type":"l2update","changes":[["sell","1","2"]]}
 *   Kraken    {"channel":"book","data":[{"bids":[{"price":1,"qty":2}],..}]}
 *
 * Whatever has no levels (acknowledgements, tickers, heartbeats) is skipped.
 */
#include <errno.h>
#include <string.h>

#include "exchange/line_format_state.h"
#include "exchange/line_time.h"
#include "wire/market_data.h"

static const struct {
	const char *name;
	char side;
} lists[] = {
	{ "bids", MARKET_DATA_BID },
	{ "asks", MARKET_DATA_ASK },
	{ "changes", 0 },
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

static int bad(struct line_format *context, const char *fault)
{
	context->fault = fault;
	return -EBADMSG;
}

static uint64_t time_find(const struct json_value *object)
{
	static const char *const names[] = { "localTimestamp", "timestamp",
					     "time" };
	struct json_value value;
	uint64_t time_ns = 0;

	for (size_t i = 0; i < 3 && !time_ns; i++)
		if (json_member(object, names[i], &value))
			time_ns = line_time(value.text, value.len);
	return time_ns;
}

static void text_find(const struct json_value *object, const char *name,
		      struct json_value *text)
{
	struct json_value found;

	if (json_member(object, name, &found) && found.type == JSON_STRING)
		*text = found;
}

/* The symbol of a book: its own, or the line's. */
static int symbol_find(struct line_format *context,
		       struct line_format_walk *walk)
{
	struct json_value exchange = { .len = 0 }, symbol = { .len = 0 };
	char text[LINE_FORMAT_SYMBOL_LEN + 1];
	int id;

	text_find(&walk->line, "exchange", &exchange);
	text_find(&walk->line, "product_id", &symbol);
	text_find(&walk->line, "symbol", &symbol);
	text_find(&walk->book, "symbol", &symbol);
	if (exchange.len + 1 + symbol.len > LINE_FORMAT_SYMBOL_LEN)
		return bad(context, "its symbol is longer than 63 bytes");
	if (exchange.len > 0)
		memcpy(text, exchange.text, exchange.len);
	text[exchange.len] = ',';
	if (symbol.len > 0)
		memcpy(text + exchange.len + 1, symbol.text, symbol.len);
	id = line_format_state_symbol(context, text,
				      exchange.len + 1 + symbol.len);
	if (id >= 0)
		walk->symbol_id = (uint16_t)id;
	return id < 0 ? id : 0;
}

static int walk_start(struct line_format *context,
		      struct line_format_walk *walk, const char *line,
		      size_t len)
{
	struct json_value type, data;

	*walk = (struct line_format_walk){ .list = LISTS };
	if (json_parse(line, len, &walk->line) < 0 ||
	    walk->line.type != JSON_OBJECT)
		return bad(context, "it is no JSON object");
	if (json_member(&walk->line, "type", &type) && json_is(&type, "ticker"))
		return 0;
	walk->time_ns = time_find(&walk->line);
	if (json_member(&walk->line, "data", &data) &&
	    data.type == JSON_ARRAY) {
		walk->books = data;
		return 0;
	}
	walk->book = walk->line;
	walk->list = 0;
	return symbol_find(context, walk);
}

static int level_read(struct line_format *context,
		      const struct line_format_walk *walk,
		      const struct json_value *level,
		      struct market_data_message *message)
{
	struct json_value parts[3] = { 0 }, price, amount, more;
	const char *cursor = NULL;
	uint64_t price_nano, quantity;
	size_t count = 0, wanted = walk->list_side ? 2 : 3;

	*message = (struct market_data_message){
		.symbol_id = walk->symbol_id,
		.side = (uint8_t)walk->list_side,
	};
	if (level->type == JSON_ARRAY) {
		while (count < wanted &&
		       json_element(level, &cursor, &parts[count]))
			count++;
		if (count < wanted)
			return bad(context, "a level has too few members");
		if (!walk->list_side)
			message->side = (uint8_t)line_format_state_side(
				parts[0].text, parts[0].len);
		price = parts[wanted - 2];
		amount = parts[wanted - 1];
	} else if (json_member(level, "price", &price) &&
		   (json_member(level, "amount", &more) ||
		    json_member(level, "qty", &more))) {
		amount = more;
	} else {
		return bad(context, "a level lacks its price or amount");
	}
	if (!message->side)
		return bad(context, "a level's side is neither buy nor sell");
	if ((price.type != JSON_NUMBER && price.type != JSON_STRING) ||
	    line_format_state_decimal(price.text, price.len, &price_nano) < 0)
		return bad(context, "a price is no decimal from 0 to 9.2e9 in "
				    "steps of 1e-9");
	if ((amount.type != JSON_NUMBER && amount.type != JSON_STRING) ||
	    line_format_state_decimal(amount.text, amount.len, &quantity) < 0)
		return bad(context, "an amount is no decimal from 0 to 9.2e9 "
				    "in steps of 1e-9");
	message->price = price_nano;
	message->quantity = quantity;
	message->type = quantity ? MARKET_DATA_UPDATE : MARKET_DATA_DELETE;
	return 0;
}

/* The next list of levels: 1, 0 when there is none, or a negative errno. */
static int list_next(struct line_format *context, struct line_format_walk *walk)
{
	for (;;) {
		if (walk->list < LISTS) {
			unsigned int i = walk->list++;

			if (!json_member(&walk->book, lists[i].name,
					 &walk->levels) ||
			    walk->levels.type == JSON_NULL)
				continue;
			if (walk->levels.type != JSON_ARRAY)
				return bad(context, "its levels are no array");
			walk->list_side = lists[i].side;
			walk->level_cursor = NULL;
			return 1;
		}
		if (!walk->books.text ||
		    !json_element(&walk->books, &walk->book_cursor,
				  &walk->book))
			return 0;
		if (walk->book.type == JSON_OBJECT) {
			int err = symbol_find(context, walk);

			if (err)
				return err;
			if (!walk->time_ns)
				walk->time_ns = time_find(&walk->book);
			walk->list = 0;
		}
	}
}

/* The next level: 1, 0 when there is none, or a negative errno. */
static int level_next(struct line_format *context,
		      struct line_format_walk *walk,
		      struct market_data_message *message)
{
	struct json_value level;

	for (;;) {
		int rc;

		if (walk->in_levels &&
		    json_element(&walk->levels, &walk->level_cursor, &level)) {
			rc = level_read(context, walk, &level, message);
			return rc < 0 ? rc : 1;
		}
		rc = list_next(context, walk);
		walk->in_levels = rc > 0;
		if (rc <= 0)
			return rc;
	}
}

/* Is all that is left good? Says whether there is any: nothing of a bad line
 * is to go out, so the first part looks at the others. */
static int rest_check(struct line_format *context, struct line_format_walk walk)
{
	struct market_data_message message;
	int rc, count = 0;

	do
		rc = level_next(context, &walk, &message);
	while (rc > 0 && ++count > 0 && context->part == 0);
	return rc < 0 ? rc : count > 0;
}

ssize_t line_format_json(struct line_format *context, const char *line,
			 size_t line_len, uint8_t *datagram, size_t size)
{
	struct market_data_header header = {
		.sequence = context->sequence,
		.flags = context->snapshot ? MARKET_DATA_SNAPSHOT : 0,
	};
	struct market_data_message message;
	struct line_format_walk walk, before;
	const char *book;
	int rc = line_format_state_make(context);

	if (rc)
		return rc;
	walk = ((struct line_format_state *)context->state)->walk;
	book = context->part == 0 ? NULL : walk.book.text;
	if (context->part == 0)
		rc = walk_start(context, &walk, line, line_len);
	while (rc == 0 && header.message_count < MARKET_DATA_MESSAGES_MAX &&
	       market_data_len(header.message_count + 1U) <= size) {
		before = walk;
		rc = level_next(context, &walk, &message);
		if (rc <= 0)
			break;
		rc = 0;
		/* A whole book begins, in a datagram of its own. */
		if (context->snapshot && walk.book.text != book) {
			if (header.message_count > 0) {
				walk = before;
				break;
			}
			header.flags |= MARKET_DATA_BOOK_BEGINS;
			book = walk.book.text;
		}
		market_data_write(datagram, header.message_count++, &message);
	}
	if (rc < 0 || header.message_count == 0)
		return rc;
	rc = rest_check(context, walk);
	if (rc < 0)
		return rc;
	context->more = rc > 0;
	context->time_ns = walk.time_ns;
	((struct line_format_state *)context->state)->walk = walk;
	market_data_write_header(datagram, &header);
	return (ssize_t)market_data_len(header.message_count);
}
