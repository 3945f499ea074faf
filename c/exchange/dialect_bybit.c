/* SPDX-License-Identifier: MIT */
/*
 * Bybit, version 5. A message with u 1 is a whole book whatever its type
 * says: the venue has started over. Each depth is a book of its own.
 *
 *   {"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,
 *    "data":{"s":"BTCUSDT","b":[["16493.5","0.006"]],"a":[],"u":18521288}}
 *
 * bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
#include "exchange/dialect.h"
#include "wire/market_data.h"

static const struct dialect_list lists[] = {
	{ .name = "b", .side = MARKET_DATA_BID, .amount_at = 1 },
	{ .name = "a", .side = MARKET_DATA_ASK, .amount_at = 1 },
	{ .name = NULL },
};

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value type = { .len = 0 }, value;
	enum dialect_answer answer;

	if (!dialect_member(line, "topic", JSON_STRING, &line->symbol)) {
		if (dialect_member(line, "op", JSON_STRING, &value) &&
		    json_members_find(&line->members, "conn_id", &type))
			return dialect_skip(line, &value);
		return DIALECT_FOREIGN;
	}
	if (!json_members_find(&line->members, "data", &line->books) ||
	    !dialect_begins(&line->symbol, "orderbook."))
		return DIALECT_FOREIGN;
	if (line->books.type != JSON_OBJECT)
		return dialect_bad(line, "its data is not an object");
	dialect_member(line, "type", JSON_STRING, &type);
	answer = dialect_kind(line, &type, "delta");
	if (json_member(&line->books, "u", &value) && json_is(&value, "1"))
		line->snapshot = true;
	json_members_find(&line->members, "ts", &line->time);
	line->lists = lists;
	return answer;
}

const struct dialect dialect_bybit = {
	.name = "bybit",
	.help = "Bybit's orderbook topics, version 5",
	.looks = "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"snapshot\","
		 "\"data\":{\"b\":[[\"1\",\"2\"]],\"a\":[],\"u\":7}}",
	.read = read_line,
};
