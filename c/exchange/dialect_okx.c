/* SPDX-License-Identifier: MIT */
/*
 * OKX, and Bitget, which writes the same. Channels of the best levels have no
 * action, and each message is all of them. Each channel is a book of its own.
 *
 *   {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot",
 *    "data":[{"asks":[["8476.98","415","0","13"]],"bids":[],"ts":"1"}]}
 *   {"arg":{"channel":"bbo-tbt","instId":"BCH-USDT-SWAP"},
 *    "data":[{"asks":[["111.06","55154","0","2"]],"bids":[],"ts":"1"}]}
 *
 * www.okx.com/docs-v5: WS / Order book channel
 */
#include "exchange/dialect.h"

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value argument, value, channel = { .len = 0 };

	if (!dialect_member(line, "arg", JSON_OBJECT, &argument))
		return DIALECT_FOREIGN;
	if (dialect_member(line, "event", JSON_STRING, &value))
		return dialect_skip(line, &value);
	if (!json_member(&argument, "channel", &channel))
		channel.len = 0;
	if (!dialect_member(line, "data", JSON_ARRAY, &line->books))
		return DIALECT_FOREIGN;
	if (channel.len > 0 && !dialect_begins(&channel, "books") &&
	    !dialect_begins(&channel, "bbo"))
		return dialect_skip(line, &channel);
	if (!json_member(&argument, "instId", &line->symbol) ||
	    line->symbol.type != JSON_STRING || line->symbol.len == 0)
		return dialect_bad(line, "its arg has no instId");
	line->exchange = channel;
	line->lists = dialect_pairs;
	if (dialect_member(line, "action", JSON_STRING, &value))
		return dialect_kind(line, &value, "update");
	if (channel.len == 0)
		return dialect_bad(line, "it has neither a channel nor an "
					 "action");
	/* "books" and its like always say which. */
	if (json_is(&channel, "books") || json_is(&channel, "books-l2-tbt") ||
	    json_is(&channel, "books50-l2-tbt"))
		return dialect_bad(line, "it has no action");
	line->snapshot = true;
	return DIALECT_BOOKS;
}

const struct dialect dialect_okx = {
	.name = "okx",
	.help = "OKX: books, books5, bbo-tbt; Bitget's books",
	.looks = "{\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USDT\"},"
		 "\"action\":\"update\",\"data\":[{\"asks\":[[\"1\",\"2\",.."
		 "]],\"bids\":[]}]}",
	.time_name = "ts",
	.read = read_line,
};
