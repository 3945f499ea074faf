/* SPDX-License-Identifier: MIT */
/*
 * tardis-machine's normalised messages, and what is written like them: an
 * object with lists of {"price":..,"amount":..}. Without the field a line is
 * no snapshot.
 *
 *   {"type":"book_change","symbol":"XBTUSD","exchange":"bitmex",
 *    "isSnapshot":false,"bids":[{"price":1,"amount":2}],"asks":[],
 *    "timestamp":"..","localTimestamp":".."}
 */
#include <strings.h>

#include "exchange/dialect.h"
#include "wire/market_data.h"

static const struct dialect_list lists[] = {
	{ .name = "bids",
	  .side = MARKET_DATA_BID,
	  .price_name = "price",
	  .amount_name = "amount" },
	{ .name = "asks",
	  .side = MARKET_DATA_ASK,
	  .price_name = "price",
	  .amount_name = "amount" },
	{ .name = NULL },
};

static bool is_true(const struct dialect_line *line, const char *name)
{
	struct json_value value;

	return json_members_find(&line->members, name, &value) &&
	       (value.type == JSON_TRUE ||
		(value.type == JSON_STRING && value.len == 4 &&
		 !strncasecmp(value.text, "true", 4)));
}

/* Lists whose levels are objects, or that have none; and at least one. */
static bool has_lists(const struct dialect_line *line)
{
	struct json_value list, level;
	size_t count = 0;

	for (size_t i = 0; lists[i].name; i++) {
		const char *at = NULL;

		if (!dialect_member(line, lists[i].name, JSON_ARRAY, &list))
			continue;
		if (json_element(&list, &at, &level) &&
		    level.type != JSON_OBJECT)
			return false;
		count++;
	}
	return count > 0;
}

static void symbol_find(struct dialect_line *line)
{
	static const char *const names[] = { DIALECT_SYMBOL_NAMES };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (dialect_member(line, names[i], JSON_STRING, &line->symbol))
			return;
}

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value type, ignored;
	const bool typed = dialect_member(line, "type", JSON_STRING, &type);

	if (typed && !json_is(&type, "book_change") &&
	    !json_is(&type, "book_snapshot")) {
		/* Their other kinds have both. */
		if (dialect_member(line, "exchange", JSON_STRING, &ignored) &&
		    dialect_member(line, "localTimestamp", JSON_STRING,
				   &ignored))
			return dialect_skip(line, &type);
		return DIALECT_FOREIGN;
	}
	if (!typed && !has_lists(line))
		return DIALECT_FOREIGN;
	if (!typed &&
	    (json_members_find(&line->members, "channel", &ignored) ||
	     json_members_find(&line->members, "topic", &ignored) ||
	     json_members_find(&line->members, "feed", &ignored) ||
	     json_members_find(&line->members, "lastUpdateId", &ignored)))
		return DIALECT_FOREIGN;
	line->snapshot = is_true(line, "isSnapshot") ||
			 is_true(line, "is_snapshot") ||
			 is_true(line, "snapshot") ||
			 (typed && json_is(&type, "book_snapshot"));
	dialect_member(line, "exchange", JSON_STRING, &line->exchange);
	symbol_find(line);
	if (!json_members_find(&line->members, "localTimestamp", &line->time) &&
	    !json_members_find(&line->members, "timestamp", &line->time))
		json_members_find(&line->members, "time", &line->time);
	line->books = line->object;
	line->lists = lists;
	return DIALECT_BOOKS;
}

const struct dialect dialect_tardis = {
	.name = "tardis-json",
	.help = "tardis' normalised messages",
	.looks = "{\"type\":\"book_change\",\"isSnapshot\":true,\"bids\":"
		 "[{\"price\":1,\"amount\":2}],\"asks\":[]}",
	.read = read_line,
};
