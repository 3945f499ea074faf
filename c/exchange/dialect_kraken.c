/* SPDX-License-Identifier: MIT */
/*
 * Kraken, version 2: book. Levels that fall out of the depth that was
 * subscribed are not told by the venue, and stay here.
 *
 *   {"channel":"book","type":"snapshot","data":[{"symbol":"MATIC/USD",
 *    "bids":[{"price":0.5666,"qty":4831.75496356}],"asks":[],
 *    "checksum":2439117997}]}
 *
 * docs.kraken.com/api: WebSocket v2, book
 */
#include "exchange/dialect.h"
#include "wire/market_data.h"

static const struct dialect_list lists[] = {
	{ .name = "bids",
	  .side = MARKET_DATA_BID,
	  .price_name = "price",
	  .amount_name = "qty" },
	{ .name = "asks",
	  .side = MARKET_DATA_ASK,
	  .price_name = "price",
	  .amount_name = "qty" },
	{ .name = NULL },
};

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value channel, type = { .len = 0 }, value;

	if (!dialect_member(line, "channel", JSON_STRING, &channel) ||
	    json_members_find(&line->members, "events", &value) ||
	    json_members_find(&line->members, "event", &value))
		return DIALECT_FOREIGN;
	if (json_is(&channel, "heartbeat"))
		return dialect_skip(line, &channel);
	if (!dialect_member(line, "type", JSON_STRING, &type) ||
	    !dialect_member(line, "data", JSON_ARRAY, &line->books) ||
	    json_is(&channel, "level3"))
		return DIALECT_FOREIGN;
	if (!json_is(&channel, "book"))
		return dialect_skip(line, &channel);
	line->lists = lists;
	return dialect_kind(line, &type, "update");
}

const struct dialect dialect_kraken = {
	.name = "kraken",
	.help = "Kraken's book channel, version 2",
	.looks = "{\"channel\":\"book\",\"type\":\"update\",\"data\":[{"
		 "\"symbol\":\"BTC/USD\",\"bids\":[{\"price\":1,\"qty\":2}],"
		 "\"asks\":[]}]}",
	.symbol_name = "symbol",
	.time_name = "timestamp",
	.read = read_line,
};
