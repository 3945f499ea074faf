/* SPDX-License-Identifier: MIT */
/*
 * Deribit: book.INSTRUMENT.INTERVAL, whose levels say new, change or delete;
 * book.INSTRUMENT.GROUP.DEPTH.INTERVAL, each message of which is a whole book
 * of its own; and answers to public/get_order_book.
 *
 *   {"jsonrpc":"2.0","method":"subscription","params":{
 *    "channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change",
 *    "timestamp":1,"instrument_name":"BTC-PERPETUAL","change_id":2,
 *    "bids":[["delete",5042.34,0]],"asks":[]}}}
 *
 * docs.deribit.com: subscriptions, order book
 */
#include "exchange/dialect.h"
#include "wire/market_data.h"

static const struct dialect_list changes[] = {
	{ .name = "bids",
	  .side = MARKET_DATA_BID,
	  .price_at = 1,
	  .amount_at = 2 },
	{ .name = "asks",
	  .side = MARKET_DATA_ASK,
	  .price_at = 1,
	  .amount_at = 2 },
	{ .name = NULL },
};

static enum dialect_answer answer_read(struct dialect_line *line)
{
	struct json_value value;

	if (!dialect_member(line, "result", JSON_OBJECT, &line->books) ||
	    !json_member(&line->books, "bids", &value)) {
		value.len = 0;
		dialect_member(line, "method", JSON_STRING, &value);
		return dialect_skip(line, &value);
	}
	line->snapshot = true;
	line->lists = dialect_pairs;
	return DIALECT_BOOKS;
}

static enum dialect_answer read_line(struct dialect_line *line)
{
	struct json_value params, channel, type;

	if (!dialect_member(line, "jsonrpc", JSON_STRING, &params))
		return DIALECT_FOREIGN;
	if (!dialect_member(line, "params", JSON_OBJECT, &params) ||
	    !json_member(&params, "channel", &channel))
		return answer_read(line);
	if (!dialect_begins(&channel, "book."))
		return dialect_skip(line, &channel);
	if (!json_member(&params, "data", &line->books) ||
	    line->books.type != JSON_OBJECT)
		return dialect_bad(line, "its data is not an object");
	if (!json_member(&line->books, "type", &type)) {
		line->symbol = channel;
		line->snapshot = true;
		line->lists = dialect_pairs;
		return DIALECT_BOOKS;
	}
	line->lists = changes;
	return dialect_kind(line, &type, "change");
}

const struct dialect dialect_deribit = {
	.name = "deribit",
	.help = "Deribit's book channels",
	.looks = "{\"jsonrpc\":\"2.0\",\"params\":{\"channel\":\"book.X.raw\","
		 "\"data\":{\"type\":\"change\",\"instrument_name\":\"X\","
		 "\"bids\":[[\"new\",1,2]],\"asks\":[]}}}",
	.symbol_name = "instrument_name",
	.time_name = "timestamp",
	.read = read_line,
};
