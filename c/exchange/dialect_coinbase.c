/* SPDX-License-Identifier: MIT */
/*
 * Coinbase Exchange: level2.
 *
 *   {"type":"snapshot","product_id":"BTC-USD","bids":[["1","2"]],"asks":[]}
 *   {"type":"l2update","product_id":"BTC-USD","time":"2019-08-14T..Z",
 *    "changes":[["buy","10101.8","0.162567"]]}
 *
 * docs.cdp.coinbase.com: Exchange, WebSocket channels, level2
 */
#include "exchange/dialect.h"

static const struct dialect_list changes[] = {
	{ .name = "changes", .side_at = 0, .price_at = 1, .amount_at = 2 },
	{ .name = NULL },
};

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value type, value;

	if (!dialect_member(line, "type", JSON_STRING, &type) ||
	    json_members_find(&line->members, "channel", &value) ||
	    json_members_find(&line->members, "topic", &value))
		return DIALECT_FOREIGN;
	line->books = line->object;
	dialect_member(line, "product_id", JSON_STRING, &line->symbol);
	json_members_find(&line->members, "time", &line->time);
	if (json_is(&type, "l2update")) {
		line->lists = changes;
		return DIALECT_BOOKS;
	}
	if (!json_is(&type, "snapshot"))
		return line->symbol.len > 0 ? dialect_skip(line, &type)
					    : DIALECT_FOREIGN;
	if (!dialect_member(line, "bids", JSON_ARRAY, &value) &&
	    !dialect_member(line, "asks", JSON_ARRAY, &value))
		return DIALECT_FOREIGN;
	line->snapshot = true;
	line->lists = dialect_pairs;
	return DIALECT_BOOKS;
}

const struct dialect dialect_coinbase = {
	.name = "coinbase",
	.help = "Coinbase Exchange: level2",
	.looks = "{\"type\":\"l2update\",\"product_id\":\"BTC-USD\","
		 "\"changes\":[[\"buy\",\"1\",\"2\"]]}; {\"type\":"
		 "\"snapshot\",\"product_id\":..,\"bids\":..}",
	.read = read_line,
};
