/* SPDX-License-Identifier: MIT */
#include "exchange/dialect.h"

#define NOT_READ(venue)                                            \
	"it is of " venue ", whose book lines are not read here: " \
	"--format FILE.so takes a formatter of yours (c/exchange/" \
	"line_format_example.c), or make tardis' book_change of them"

/* A string member that begins so: a channel's name. */
static const struct {
	const char *name, *begins, *why;
} channels[] = {
	{ "type", "l2_updates", NOT_READ("Gemini") },
	{ "type", "orderbook", NOT_READ("Upbit") },
	{ "ty", "orderbook", NOT_READ("Upbit") },
	{ "feed", "book", NOT_READ("Kraken Futures") },
	{ "topic", "/market/level2", NOT_READ("KuCoin") },
	{ "topic", "/spotMarket/level2", NOT_READ("KuCoin") },
	{ "topic", "/contractMarket/level2", NOT_READ("KuCoin") },
	{ "topic", "orderBook", NOT_READ("Bybit's old interfaces") },
	{ "channel", "spot.order_book", NOT_READ("Gate") },
	{ "channel", "spot.obu", NOT_READ("Gate") },
	{ "channel", "futures.order_book", NOT_READ("Gate") },
	{ "channel", "order_book", NOT_READ("Bitstamp") },
	{ "channel", "diff_order_book", NOT_READ("Bitstamp") },
	{ "channel", "detail_order_book", NOT_READ("Bitstamp") },
	{ "channel", "level3", NOT_READ("Kraken's single orders") },
	{ "channel", "l2Book", NOT_READ("Hyperliquid") },
	{ "table", "orderBook", NOT_READ("BitMEX") },
};

static bool array_has_number_first(const struct json_value *array,
				   struct json_value *second)
{
	struct json_value first;
	const char *at = NULL;

	return json_element(array, &at, &first) && first.type == JSON_NUMBER &&
	       json_element(array, &at, second);
}

/* [17470,[[7254.7,3,3.3], ...]], or [336,{"as":[["5541.3",...]]},...]. */
static const char *array_absent(const struct json_value *array)
{
	struct json_value second;

	if (!array_has_number_first(array, &second))
		return NULL;
	if (second.type == JSON_ARRAY)
		return NOT_READ("Bitfinex");
	return second.type == JSON_OBJECT ? NOT_READ("Kraken's version 1")
					  : NULL;
}

/* {"ch":"market.btcusdt.depth.step0","tick":{...}} */
static bool is_htx(const struct dialect_line *line)
{
	struct json_value channel, tick;

	if (!dialect_member(line, "ch", JSON_STRING, &channel) ||
	    !dialect_begins(&channel, "market.") ||
	    !dialect_member(line, "tick", JSON_OBJECT, &tick))
		return false;
	for (; channel.len > 0; channel.text++, channel.len--)
		if (dialect_begins(&channel, ".depth") ||
		    dialect_begins(&channel, ".mbp"))
			return true;
	return false;
}

/* {"type":"update","eventId":1,"events":[{"type":"change",...}]} */
static bool is_gemini(const struct dialect_line *line)
{
	struct json_value ignored;

	return dialect_member(line, "eventId", JSON_NUMBER, &ignored) &&
	       dialect_member(line, "events", JSON_ARRAY, &ignored);
}

/* An answer to a subscription names the channel, too, but holds no book. */
static bool is_answer(const struct dialect_line *line)
{
	struct json_value event;

	return dialect_member(line, "event", JSON_STRING, &event) &&
	       (dialect_begins(&event, "subscri") ||
		dialect_begins(&event, "unsubscri") ||
		dialect_begins(&event, "bts:"));
}

const char *dialect_absent(const struct dialect_line *line)
{
	struct json_value value;

	if (line->object.type == JSON_ARRAY)
		return array_absent(&line->object);
	if (is_gemini(line))
		return NOT_READ("Gemini");
	if (is_htx(line))
		return NOT_READ("HTX");
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
		if (dialect_member(line, channels[i].name, JSON_STRING,
				   &value) &&
		    dialect_begins(&value, channels[i].begins) &&
		    !is_answer(line))
			return channels[i].why;
	return NULL;
}
