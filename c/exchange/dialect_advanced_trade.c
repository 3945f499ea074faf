/* SPDX-License-Identifier: MIT */
/*
 * Coinbase Advanced Trade: l2_data, the messages of its level2 channel.
 *
 *   {"channel":"l2_data","timestamp":"2023-02-09T..Z","sequence_num":0,
 *    "events":[{"type":"snapshot","product_id":"BTC-USD","updates":[
 *    {"side":"bid","price_level":"21921.73","new_quantity":"0.063"}]}]}
 *
 * docs.cdp.coinbase.com: Advanced Trade, WebSocket channels, level2
 */
#include "exchange/dialect.h"

static const struct dialect_list lists[] = {
	{ .name = "updates",
	  .side_name = "side",
	  .price_name = "price_level",
	  .amount_name = "new_quantity" },
	{ .name = NULL },
};

/* All events of a line are of one type: its datagrams have one flag. */
static enum dialect_answer types_read(struct dialect_line *line)
{
	struct json_value event, type;
	const char *at = NULL;
	bool first = true;

	while (json_element(&line->books, &at, &event)) {
		const bool before = line->snapshot;

		type.len = 0;
		if (!json_member(&event, "type", &type) ||
		    dialect_kind(line, &type, "update") != DIALECT_BOOKS)
			return dialect_bad(line,
					   "one of its events is neither a "
					   "snapshot nor an update");
		if (!first && before != line->snapshot)
			return dialect_bad(line, "it has a snapshot and an "
						 "update in one message");
		first = false;
	}
	return DIALECT_BOOKS;
}

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value channel;

	if (!dialect_member(line, "channel", JSON_STRING, &channel) ||
	    !dialect_member(line, "events", JSON_ARRAY, &line->books))
		return DIALECT_FOREIGN;
	if (!json_is(&channel, "l2_data"))
		return dialect_skip(line, &channel);
	json_members_find(&line->members, "timestamp", &line->time);
	line->lists = lists;
	return types_read(line);
}

const struct dialect dialect_advanced_trade = {
	.name = "coinbase-advanced",
	.help = "Coinbase Advanced Trade: l2_data",
	.looks = "{\"channel\":\"l2_data\",\"events\":[{\"type\":\"update\","
		 "\"product_id\":\"BTC-USD\",\"updates\":[{\"side\":\"bid\","
		 "\"price_level\":\"1\",\"new_quantity\":\"2\"}]}]}",
	.symbol_name = "product_id",
	.read = read_line,
};
