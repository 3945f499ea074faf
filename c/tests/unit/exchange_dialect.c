/* SPDX-License-Identifier: MIT */
/* Each venue's published shapes, and what is made of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "exchange/formatter.h"
#include "exchange/line_format_state.h"
#include "wire/market_data.h"

static struct line_format context;
static char made[262144];
static size_t made_len;
static const char *remark; /* of the line's first part */

static int begin(void **state)
{
	(void)state;
	memset(&context, 0, sizeof(context));
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(context.state);
	return 0;
}

__attribute__((format(printf, 1, 2))) static void make(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	made_len += (size_t)vsnprintf(made + made_len, sizeof(made) - made_len,
				      format, arguments);
	va_end(arguments);
	assert_true(made_len < sizeof(made));
}

/* "s+ 0:B1x2 0:A3x4": a snapshot, the book begins, levels of symbol 0. */
static void datagram_make(const uint8_t *datagram, size_t len)
{
	struct market_data_header header;
	char price[DECIMAL_TEXT_MAX], quantity[DECIMAL_TEXT_MAX];

	assert_int_equal(market_data_decode(datagram, len, &header), 0);
	if (made_len > 0)
		make(" | ");
	make("%s%s", header.flags & MARKET_DATA_SNAPSHOT ? "s" : "u",
	     header.flags & MARKET_DATA_BOOK_BEGINS ? "+" : "");
	for (unsigned int i = 0; i < header.message_count; i++) {
		struct market_data_message message =
			market_data_read(datagram, i);

		decimal_format((int64_t)message.price, price);
		decimal_format((int64_t)message.quantity, quantity);
		make(" %u:%c%sx%s", message.symbol_id, message.side, price,
		     quantity);
	}
}

/* What a line is made into, or "skip: KIND", "bad: REASON". */
static const char *line_make(line_format_function *format, const char *line)
{
	uint8_t datagram[MARKET_DATA_DATAGRAM_MAX];
	const size_t line_len = strlen(line);
	char *copy = malloc(line_len);
	ssize_t len;

	assert_non_null(copy);
	memcpy(copy, line, line_len);
	made_len = 0;
	context.line_number++;
	context.part = 0;
	do {
		context.more = false;
		context.time_ns = 0;
		context.left_out = 0;
		context.fault = context.kind = context.remark =
			context.dialect = NULL;
		len = format(&context, copy, line_len, datagram,
			     sizeof(datagram));
		if (len > 0)
			datagram_make(datagram, (size_t)len);
		else if (len == 0)
			make("skip: %s", context.kind ? context.kind : "?");
		else
			make("bad: %s", context.fault);
		if (context.part++ == 0)
			remark = context.remark;
	} while (context.more);
	free(copy);
	return made;
}

struct shape {
	const char *line;
	const char *made; /* what it begins with */
	uint64_t time_ms; /* 0: none that is looked at */
};

static void shapes_check(const char *dialect, const struct shape *shapes,
			 size_t count)
{
	struct formatter pinned;

	/* By name, and found out. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(formatter_open(i ? "auto" : dialect, &pinned),
				 0);
		free(context.state);
		memset(&context, 0, sizeof(context));
		for (size_t j = 0; j < count; j++) {
			const char *is =
				line_make(pinned.format, shapes[j].line);

			if (strncmp(is, shapes[j].made, strlen(shapes[j].made)))
				fail_msg("%s:\n%s\nis    %s\nright %s", dialect,
					 shapes[j].line, is, shapes[j].made);
			if (shapes[j].time_ms)
				assert_int_equal(context.time_ns,
						 shapes[j].time_ms * 1000000);
			if (is[0] == 's' && is[1] != 'k')
				assert_string_equal(context.dialect, dialect);
		}
	}
}

#define SHAPES_CHECK(dialect, shapes) \
	shapes_check(dialect, shapes, sizeof(shapes) / sizeof((shapes)[0]))

static void tardis(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"type\":\"book_change\",\"symbol\":\"XBTUSD\","
		  "\"exchange\":\"bitmex\",\"isSnapshot\":true,\"bids\":["
		  "{\"price\":7633.5,\"amount\":1906067}],\"asks\":["
		  "{\"price\":7634,\"amount\":1467849}],\"timestamp\":"
		  "\"2019-10-23T11:29:53.469Z\",\"localTimestamp\":"
		  "\"2019-10-23T11:29:53.470Z\"}",
		  "s+ 0:B7633.5x1906067 0:A7634x1467849",
		  UINT64_C(1571830193470) },
		{ "{\"type\":\"book_change\",\"symbol\":\"XBTUSD\","
		  "\"exchange\":\"bitmex\",\"isSnapshot\":false,\"bids\":[],"
		  "\"asks\":[{\"price\":7634,\"amount\":0}]}",
		  "u 0:A7634x0", 0 },
		{ "{\"type\":\"book_snapshot\",\"symbol\":\"XBTUSD\","
		  "\"exchange\":\"bitmex\",\"name\":\"book_snapshot_2_50ms\","
		  "\"depth\":2,\"bids\":[{\"price\":7,\"amount\":8}],"
		  "\"asks\":[]}",
		  "s+ 0:B7x8", 0 },
		{ "{\"type\":\"trade\",\"symbol\":\"XBTUSD\",\"exchange\":"
		  "\"bitmex\",\"price\":1,\"amount\":2,\"side\":\"sell\","
		  "\"localTimestamp\":\"2019-10-23T11:29:53.469Z\"}",
		  "skip: trades", 0 },
		{ "{\"type\":\"disconnect\",\"exchange\":\"deribit\","
		  "\"localTimestamp\":\"2019-10-23T11:29:53.469Z\"}",
		  "skip: disconnects", 0 },
		/* What is written like them has other words for a symbol. */
		{ "{\"market\":\"P\",\"isSnapshot\":true,\"bids\":[{\"price\":"
		  "1,\"amount\":2}]}",
		  "s+ 1:B1x2", 0 },
		{ "{\"contract\":\"Q\",\"asks\":[{\"price\":1,\"amount\":2}]}",
		  "u 2:A1x2", 0 },
		{ "{\"coin\":\"P\",\"asks\":[{\"price\":1,\"amount\":2}]}",
		  "u 1:A1x2", 0 },
	};

	(void)state;
	SHAPES_CHECK("tardis-json", shapes);
}

static void binance(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"result\":null,\"id\":1}", "skip: ", 0 },
		/* The snapshot as REST answers it: of the only symbol. */
		{ "{\"lastUpdateId\":1027024,\"bids\":[[\"4.00000000\","
		  "\"431.00000000\"]],\"asks\":[[\"4.00000200\","
		  "\"12.00000000\"]]}",
		  "s+ 0:B4x431 0:A4.000002x12", 0 },
		{ "{\"e\":\"depthUpdate\",\"E\":1672515782136,\"s\":\"BNBBTC\","
		  "\"U\":1027020,\"u\":1027024,\"b\":[[\"9\",\"9\"]],"
		  "\"a\":[]}",
		  "skip: changes that the snapshot has already", 0 },
		{ "{\"e\":\"depthUpdate\",\"E\":1672515782136,\"s\":\"BNBBTC\","
		  "\"U\":1027025,\"u\":1027026,\"b\":[[\"0.0024\",\"10\"]],"
		  "\"a\":[[\"0.0026\",\"100\"]]}",
		  "u 0:B0.0024x10 0:A0.0026x100", UINT64_C(1672515782136) },
		/* Futures tell more. */
		{ "{\"e\":\"depthUpdate\",\"E\":123456789000,\"T\":1,\"s\":"
		  "\"BNBBTC\",\"U\":1027027,\"u\":1027030,\"pu\":1027026,"
		  "\"b\":[[\"0.0024\",\"0\"]],\"a\":[]}",
		  "u 0:B0.0024x0", 0 },
		{ "{\"stream\":\"bnbbtc@depth@100ms\",\"data\":{\"e\":"
		  "\"depthUpdate\",\"E\":1672515782136,\"s\":\"BNBBTC\",\"U\":"
		  "1027031,\"u\":1027031,\"b\":[],\"a\":[[\"1\",\"2\"]]}}",
		  "u 0:A1x2", 0 },
		{ "{\"stream\":\"bnbbtc@depthSnapshot\",\"generated\":true,"
		  "\"data\":{\"lastUpdateId\":1027032,\"bids\":[[\"4\",\"5\"]],"
		  "\"asks\":[]}}",
		  "s+ 0:B4x5", 0 },
		/* The best levels are another book, whole each time. */
		{ "{\"stream\":\"bnbbtc@depth5\","
		  "\"data\":{\"lastUpdateId\":160,"
		  "\"bids\":[[\"4\",\"5\"]],\"asks\":[]}}",
		  "s+ 1:B4x5", 0 },
		{ "{\"stream\":\"bnbbtc@depth20@100ms\",\"data\":{\"e\":"
		  "\"depthUpdate\",\"E\":1,\"s\":\"BNBBTC\",\"U\":1,\"u\":2,"
		  "\"b\":[[\"4\",\"5\"]],\"a\":[]}}",
		  "s+ 2:B4x5", 0 },
		{ "{\"stream\":\"ethbtc@aggTrade\""
		  ",\"data\":{\"e\":\"aggTrade\","
		  "\"E\":1,\"s\":\"ETHBTC\",\"p\":\"1\",\"q\":\"2\"}}",
		  "skip: trades", 0 },
		{ "{\"e\":\"24hrTicker\",\"E\":1,\"s\":\"BNBBTC\"}",
		  "skip: tickers", 0 },
		/* Now there are two. */
		{ "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"ETHBTC\",\"U\":1,"
		  "\"u\":2,\"b\":[[\"1\",\"2\"]],\"a\":[]}",
		  "bad: a line before named no symbol", 0 },
		{ "{\"e\":\"depthUpdate\",\"E\":1,\"U\":1,\"u\":2,\"b\":[["
		  "\"1\",\"2\"]],\"a\":[]}",
		  "bad: its depthUpdate has no symbol", 0 },
	};

	(void)state;
	SHAPES_CHECK("binance", shapes);
}

/* Without a symbol a snapshot is of the only one, or refused. */
static void binance_symbols(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"ETHBTC\",\"U\":8,"
		  "\"u\":9,\"b\":[[\"1\",\"2\"]],\"a\":[]}",
		  "u 0:B1x2", 0 },
		{ "{\"lastUpdateId\":9,\"bids\":[[\"4\",\"5\"]],\"asks\":[]}",
		  "s+ 0:B4x5", 0 },
		{ "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"BNBBTC\",\"U\":1,"
		  "\"u\":2,\"b\":[[\"1\",\"2\"]],\"a\":[]}",
		  "u 1:B1x2", 0 },
		{ "{\"lastUpdateId\":160,\"bids\":[[\"4\",\"5\"]],\"asks\":[]}",
		  "bad: it names no symbol, and the feed has several", 0 },
	};

	(void)state;
	SHAPES_CHECK("binance", shapes);
}

#define CHANGE(id, price)                                           \
	"{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"ETHBTC\",\"U\":" id \
	",\"u\":" id ",\"b\":[[\"" price "\",\"1\"]],\"a\":[]}"

/* An answer comes later than it was true: what has changed since is made
 * again, as a part of the snapshot. */
static void binance_late_snapshot(void **state)
{
	static const struct shape shapes[] = {
		{ CHANGE("5", "50"), "u 0:B50x1", 0 },
		{ CHANGE("6", "60"), "u 0:B60x1", 0 },
		{ CHANGE("7", "70"), "u 0:B70x1", 0 },
		{ "{\"lastUpdateId\":5,\"bids\":[[\"4\",\"5\"]],\"asks\":[]}",
		  "s+ 0:B4x5 0:B60x1 0:B70x1", 0 },
		{ CHANGE("8", "80"), "u 0:B80x1", 0 },
	};
	char line[256];

	(void)state;
	SHAPES_CHECK("binance", shapes);
	/* More than are kept: it is told. */
	for (unsigned int i = 10; i < 10010; i++) {
		snprintf(line, sizeof(line),
			 "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"ETHBTC\","
			 "\"U\":%u,"
			 "\"u\":%u,\"b\":[[\"%u\",\"1\"]],\"a\":[]}",
			 i, i, i);
		line_make(line_format_auto, line);
		assert_null(remark);
	}
	line_make(line_format_auto, "{\"lastUpdateId\":9900,\"bids\":[[\"4\","
				    "\"5\"]],\"asks\":[]}");
	assert_null(remark);
	assert_int_equal(context.part, 3);
	line_make(line_format_auto, "{\"lastUpdateId\":9,\"bids\":[],"
				    "\"asks\":[]}");
	assert_non_null(remark);
}

static void bybit(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"success\":true,\"ret_msg\":\"\",\"conn_id\":\"a\","
		  "\"req_id\":\"\",\"op\":\"subscribe\"}",
		  "skip: answers to requests", 0 },
		{ "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"snapshot\","
		  "\"ts\":1672304484978,\"data\":{\"s\":\"BTCUSDT\",\"b\":[["
		  "\"16493.50\",\"0.006\"]],\"a\":[[\"16611.00\",\"0.029\"]],"
		  "\"u\":18521288,\"seq\":7961638724},\"cts\":1672304484976}",
		  "s+ 0:B16493.5x0.006 0:A16611x0.029",
		  UINT64_C(1672304484978) },
		{ "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"delta\","
		  "\"ts\":1687940967466,\"data\":{\"s\":\"BTCUSDT\",\"b\":[["
		  "\"30240.30\",\"0\"]],\"a\":[],\"u\":177400507}}",
		  "u 0:B30240.3x0", 0 },
		/* The venue has started over. */
		{ "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"delta\","
		  "\"ts\":1,\"data\":{\"s\":\"BTCUSDT\",\"b\":[],\"a\":[[\"3\","
		  "\"4\"]],\"u\":1}}",
		  "s+ 0:A3x4", 0 },
		{ "{\"topic\":\"orderbook.1.BTCUSDT\",\"type\":\"snapshot\","
		  "\"data\":{\"s\":\"BTCUSDT\",\"b\":[[\"1\",\"2\"]],\"a\":[],"
		  "\"u\":7}}",
		  "s+ 1:B1x2", 0 },
		{ "{\"topic\":\"publicTrade.BTCUSDT\",\"type\":\"snapshot\","
		  "\"ts\":1,\"data\":[{\"p\":\"1\",\"v\":\"2\"}]}",
		  "skip: trades", 0 },
		{ "{\"topic\":\"orderbook.50.BTCUSDT\",\"data\":{\"s\":"
		  "\"BTCUSDT\",\"b\":[[\"1\",\"2\"]],\"a\":[],\"u\":7}}",
		  "bad: it says neither that it is a whole book", 0 },
	};

	(void)state;
	SHAPES_CHECK("bybit", shapes);
}

static void okx(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"event\":\"subscribe\",\"arg\":{\"channel\":\"books\","
		  "\"instId\":\"BTC-USDT\"},\"connId\":\"a\"}",
		  "skip: answers to requests", 0 },
		{ "{\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USDT\"},"
		  "\"action\":\"snapshot\",\"data\":[{\"asks\":[[\"8476.98\","
		  "\"415\",\"0\",\"13\"]],\"bids\":[[\"8476.97\",\"256\",\"0\","
		  "\"12\"]],\"ts\":\"1597026383085\",\"checksum\":-855196043,"
		  "\"prevSeqId\":-1,\"seqId\":123456}]}",
		  "s+ 0:B8476.97x256 0:A8476.98x415", UINT64_C(1597026383085) },
		{ "{\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USDT\"},"
		  "\"action\":\"update\",\"data\":[{\"asks\":[[\"8476.98\","
		  "\"0\",\"0\",\"0\"]],\"bids\":[],\"ts\":\"1597026383085\"}]}",
		  "u 0:A8476.98x0", 0 },
		{ "{\"arg\":{\"channel\":\"bbo-tbt\",\"instId\":\"BTC-USDT\"},"
		  "\"data\":[{\"asks\":[[\"111.06\",\"55154\",\"0\",\"2\"]],"
		  "\"bids\":[[\"111.05\",\"57745\",\"0\",\"2\"]],\"ts\":\"1\"}]"
		  "}",
		  "s+ 1:B111.05x57745 1:A111.06x55154", 0 },
		{ "{\"arg\":{\"channel\":\"trades\",\"instId\":\"BTC-USDT\"},"
		  "\"data\":[{\"px\":\"1\",\"sz\":\"2\"}]}",
		  "skip: trades", 0 },
		/* Neither the channel nor the action is all that is told. */
		{ "{\"arg\":{\"instId\":\"P\"},\""
		  "action\":\"snapshot\",\"data\":"
		  "[{\"asks\":[[\"60001\",\"1\"]],\"bids\":[]}]}",
		  "s+ 2:A60001x1", 0 },
		{ "{\"arg\":{\"instId\":\"P\"},\"data\":[{\"asks\":[[\"1\","
		  "\"2\"]],\"bids\":[]}]}",
		  "bad: it has neither a channel nor an action", 0 },
		{ "{\"arg\":{\"channel\":\"books\"},\"action\":\"update\","
		  "\"data\":[{\"asks\":[[\"1\",\"2\"]],\"bids\":[]}]}",
		  "bad: its arg has no instId", 0 },
		{ "{\"arg\":{\"channel\":\"books\",\"instId\":\"P\"},\"data\":["
		  "{\"asks\":[[\"1\",\"2\"]],\"bids\":[]}]}",
		  "bad: it has no action", 0 },
	};

	(void)state;
	SHAPES_CHECK("okx", shapes);
}

static void coinbase(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"type\":\"subscriptions\",\"channels\":[]}",
		  "skip: answers to requests", 0 },
		{ "{\"type\":\"snapshot\",\"product_id\":\"BTC-USD\",\"bids\":["
		  "[\"10101.10\",\"0.45054140\"]],\"asks\":[[\"10102.55\","
		  "\"0.57753524\"]]}",
		  "s+ 0:B10101.1x0.4505414 0:A10102.55x0.57753524", 0 },
		{ "{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"time\":"
		  "\"2019-08-14T20:42:27.265Z\",\"changes\":[[\"buy\","
		  "\"10101.80000000\",\"0.162567\"]]}",
		  "u 0:B10101.8x0.162567", UINT64_C(1565815347265) },
		{ "{\"type\":\"l2update\",\"produc"
		  "t_id\":\"ETH-USD\",\"changes\":"
		  "[[\"sell\",\"5\",\"0\"]]}",
		  "u 1:A5x0", 0 },
		{ "{\"type\":\"heartbeat\",\"sequence\":90,\"product_id\":"
		  "\"BTC-USD\"}",
		  "skip: heartbeats", 0 },
	};

	(void)state;
	SHAPES_CHECK("coinbase", shapes);
}

static void coinbase_advanced(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"channel\":\"l2_data\",\"client_id\":\"\",\"timestamp\":"
		  "\"2023-02-09T20:32:50.714Z\",\"sequence_num\":0,"
		  "\"events\":[{\"type\":\"snapshot\",\"product_id\":\"BTC-USD"
		  "\",\"updates\":[{\"side\":\"bid\",\"event_time\":"
		  "\"1970-01-01T00:00:00Z\",\"price_level\":\"21921.73\","
		  "\"new_quantity\":\"0.06317902\"},{\"side\":\"offer\","
		  "\"price_level\":\"21922\",\"new_quantity\":\"1\"}]}]}",
		  "s+ 0:B21921.73x0.06317902 0:A21922x1",
		  UINT64_C(1675974770714) },
		{ "{\"channel\":\"l2_data\",\"sequence_num\":1,\"events\":[{"
		  "\"type\":\"update\",\"product_id\":\"BTC-USD\",\"updates\":["
		  "{\"side\":\"bid\",\"price_level\":\"21921.73\","
		  "\"new_quantity\":\"0\"}]}]}",
		  "u 0:B21921.73x0", 0 },
		{ "{\"channel\":\"heartbeats\",\"client_id\":\"\",\"events\":[{"
		  "\"heartbeat_counter\":3049}]}",
		  "skip: heartbeats", 0 },
		{ "{\"channel\":\"l2_data\",\"events\":[{\"type\":\"update\","
		  "\"updates\":[]},{\"type\":\"snapshot\",\"updates\":[]}]}",
		  "bad: it has a snapshot and an update in one message", 0 },
	};

	(void)state;
	SHAPES_CHECK("coinbase-advanced", shapes);
}

static void kraken(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"method\":\"subscribe\",\"result\":{\"channel\":\"book\","
		  "\"snapshot\":true,\"symbol\":\"BTC/USD\"},\"success\":true}",
		  "skip: answers to requests", 0 },
		{ "{\"channel\":\"status\",\"type\":\"update\",\"data\":[{"
		  "\"system\":\"online\"}]}",
		  "skip: notices", 0 },
		{ "{\"channel\":\"book\",\"type\":\"snapshot\",\"data\":[{"
		  "\"symbol\":\"MATIC/USD\",\"bid"
		  "s\":[{\"price\":0.5666,\"qty\":"
		  "4831.75496356}],\"asks\":[{\"price\":0.5668,\"qty\":"
		  "4410.79769741}],\"checksum\":2439117997}]}",
		  "s+ 0:B0.5666x4831.75496356 0:A0.5668x4410.79769741", 0 },
		/* A double would not hold it. */
		{ "{\"channel\":\"book\",\"type\":\"update\",\"data\":[{"
		  "\"symbol\":\"MATIC/USD\",\"bid"
		  "s\":[{\"price\":0.5657,\"qty\":"
		  "1234567890.123456789}],\"asks\":[],\"checksum\":114074,"
		  "\"timestamp\":\"2023-10-06T17:35:55.440Z\"}]}",
		  "u 0:B0.5657x1234567890.123456789", UINT64_C(1696613755440) },
		{ "{\"channel\":\"heartbeat\"}", "skip: heartbeats", 0 },
		{ "{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{"
		  "\"price\":1,\"qty\":2}]}",
		  "skip: trades", 0 },
		{ "{\"channel\":\"book\",\"type\":\"update\",\"data\":[5]}",
		  "bad: a book in it is not an object", 0 },
		{ "{\"channel\":\"book\",\"type\":\"update\",\"data\":[{"
		  "\"symbol\":\"X\"}]}",
		  "bad: one of its books has no levels where", 0 },
	};

	(void)state;
	SHAPES_CHECK("kraken", shapes);
}

#define DERIBIT(data)                                                   \
	"{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{" \
	"\"data\":{" data "},\"channel\":\"book.BTC-PERPETUAL.100ms\"}}"

static void deribit(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[\"book.X.raw\"]}",
		  "skip: ", 0 },
		{ DERIBIT("\"type\":\"snapshot\",\"timestamp\":1554373962454,"
			  "\"instrument_name\":\"BTC-PERPETUAL\",\"change_id\":"
			  "297217,\"bids\":[[\"new\",5042.34,30]],\"asks\":[["
			  "\"new\",5042.64,40]]"),
		  "s+ 0:B5042.34x30 0:A5042.64x40", UINT64_C(1554373962454) },
		{ DERIBIT("\"type\":\"change\",\"timestamp\":1554373911330,"
			  "\"prev_change_id\":297217,\"instrument_name\":"
			  "\"BTC-PERPETUAL\",\"change_id\":297218,\"bids\":[["
			  "\"delete\",5041.94,0.0],[\"change\",5042.34,50]],"
			  "\"asks\":[]"),
		  "u 0:B5041.94x0 0:B5042.34x50", 0 },
		/* Grouped: a book of its own, whole each time. */
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":"
		  "{\"channel\":\"book.BTC-PERPETUAL.none.1.100ms\",\"data\":{"
		  "\"timestamp\":1,\"instrument_name\":\"BTC-PERPETUAL\","
		  "\"change_id\":1,\"bids\":[[161,100]],\"asks\":[]}}}",
		  "s+ 1:B161x100", 0 },
		{ "{\"jsonrpc\":\"2.0\",\"result\":{\"instrument_name\":"
		  "\"BTC-PERPETUAL\",\"bids\":[[5,6]],\"asks\":[[7,8]]}}",
		  "s+ 0:B5x6 0:A7x8", 0 },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"heartbeat\",\"params\":{"
		  "\"type\":\"test_request\"}}",
		  "skip: heartbeats", 0 },
		{ DERIBIT("\"type\":\"whole\",\"bids\":[],\"asks\":[]"),
		  "bad: it says neither", 0 },
	};

	(void)state;
	SHAPES_CHECK("deribit", shapes);
}

/* Venues without a dialect are refused by name, and told what to do. */
static void others_are_refused_by_name(void **state)
{
	static const struct shape shapes[] = {
		{ "[17470,[[7254.7,3,3.3],[7254.6,1,-2]]]",
		  "bad: it is of Bitfinex", 0 },
		{ "[17470,[7254.5,0,1]]", "bad: it is of Bitfinex", 0 },
		{ "{\"event\":\"subscribed\",\"channel\":\"book\",\"chanId\":"
		  "17470,\"symbol\":\"tBTCUSD\",\"prec\":\"P0\"}",
		  "skip: answers to requests", 0 },
		{ "[336,{\"as\":[[\"5541.3\",\"2."
		  "5\",\"1534614248.1\"]],\"bs\":["
		  "]},\"book-100\",\"XBT/USD\"]",
		  "bad: it is of Kraken's version 1", 0 },
		{ "{\"type\":\"l2_updates\",\"symbol\":\"BTCUSD\",\"changes\":["
		  "[\"buy\",\"9122.04\",\"0.00121425\"]],\"trades\":[]}",
		  "bad: it is of Gemini", 0 },
		{ "{\"type\":\"update\",\"eventId\":5375547,\"events\":[{"
		  "\"type\":\"change\",\"price\":\"1\",\"remaining\":\"2\","
		  "\"side\":\"bid\"}]}",
		  "bad: it is of Gemini", 0 },
		{ "{\"type\":\"message\",\"topic\":\"/market/level2:BTC-USDT\","
		  "\"subject\":\"trade.l2update\",\"data\":{\"changes\":{"
		  "\"asks\":[[\"18906\",\"0.00331\",\"14103845\"]],\"bids\":[]"
		  "}}}",
		  "bad: it is of KuCoin", 0 },
		{ "{\"time\":1606294781,\"channel\":\"spot.order_book_update\","
		  "\"event\":\"update\",\"result\""
		  ":{\"e\":\"depthUpdate\",\"E\":"
		  "1,\"s\":\"BTC_USDT\",\"U\":1,\"u\":2,\"b\":[[\"1\",\"2\"]],"
		  "\"a\":[]}}",
		  "bad: it is of Gate", 0 },
		{ "{\"ch\":\"market.btcusdt.depth.step0\",\"ts\":1572362902027,"
		  "\"tick\":{\"bids\":[[3.7721,344.86]],\"asks\":[]}}",
		  "bad: it is of HTX", 0 },
		{ "{\"ch\":\"market.btcusdt.mbp.150\",\"ts\":1573199608679,"
		  "\"tick\":{\"seqNum\":1,\"bids\":[[618.37,71.594]]}}",
		  "bad: it is of HTX", 0 },
		{ "{\"table\":\"orderBookL2\",\"action\":\"partial\",\"data\":["
		  "{\"symbol\":\"XBTUSD\",\"id\":17999992000,\"side\":\"Sell\","
		  "\"size\":100,\"price\":80}]}",
		  "bad: it is of BitMEX", 0 },
		{ "{\"data\":{\"timestamp\":\"1\",\"bids\":[[\"1\",\"2\"]],"
		  "\"asks\":[]},\"channel\":\"order_book_btcusd\",\"event\":"
		  "\"data\"}",
		  "bad: it is of Bitstamp", 0 },
		{ "{\"event\":\"bts:subscription_succeeded\",\"channel\":"
		  "\"order_book_btcusd\",\"data\":{}}",
		  "skip: answers to requests", 0 },
		{ "{\"channel\":\"l2Book\",\"data\""
		  ":{\"coin\":\"BTC\",\"levels\":"
		  "[[{\"px\":\"1\",\"sz\":\"2\",\"n\":1}],[]]}}",
		  "bad: it is of Hyperliquid", 0 },
	};

	(void)state;
	SHAPES_CHECK("auto", shapes);
}

static void further_ones_are_refused_by_name(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"feed\":\"book_snapshot\",\"product_id\":\"PI_XBTUSD\","
		  "\"seq\":1,\"bids\":[{\"price\":59999,\"qty\":1}],\"asks\":"
		  "[]}",
		  "bad: it is of Kraken Futures", 0 },
		{ "{\"feed\":\"book\",\"product_id\":\"PI_XBTUSD\",\"side\":"
		  "\"sell\",\"seq\":2,\"price\":60001,\"qty\":0}",
		  "bad: it is of Kraken Futures", 0 },
		{ "{\"event\":\"subscribed\",\"feed\":\"book\",\"product_ids\":"
		  "[\"PI_XBTUSD\"]}",
		  "skip: answers to requests", 0 },
		{ "{\"type\":\"orderbook\",\"code\":\"KRW-BTC\","
		  "\"orderbook_units\":[{\"ask_price\":2,\"bid_price\":1,"
		  "\"ask_size\":1,\"bid_size\":20}]}",
		  "bad: it is of Upbit", 0 },
	};

	(void)state;
	SHAPES_CHECK("auto", shapes);
}

static void unknown_shapes_with_levels_are_refused(void **state)
{
	static const struct shape shapes[] = {
		{ "{\"ts\":1,\"bids\":[[\"1\",\"2\"]],\"asks\":[]}",
		  "bad: it holds levels of a book in a shape", 0 },
		{ "{\"id\":-1,\"result\":{\"channel\":\"book\",\"data\":[{"
		  "\"bids\":[[\"1\",\"2\",\"1\"]],\"asks\":[]}]}}",
		  "bad: it holds levels of a book in a shape", 0 },
		{ "{\"topic\":\"SPOT_BTC_USDT@orderbook\",\"ts\":1,\"data\":{"
		  "\"asks\":[[1,2]],\"bids\":[]}}",
		  "bad: it holds levels of a book in a shape", 0 },
		/* A venue that is known, a kind of message that is not. */
		{ "{\"arg\":{\"channel\":\"sprd-depth\",\"instId\":\"P\"},"
		  "\"data\":[{\"asks\":[[\"1\",\"2\"]],\"bids\":[]}]}",
		  "bad: it holds levels of a book in a kind", 0 },
		{ "[{\"channel\":\"heartbeat\"},{\"channel\":\"heartbeat\"}]",
		  "bad: it is an array of messages: put each on a line", 0 },
		{ "{\"hello\":\"world\"}", "skip: other messages", 0 },
		/* No list, but by its words or its fields a book's. */
		{ "{\"channel\":\"marketDepth\",\"ask0\":1,\"bid0\":2}",
		  "bad: it seems to be of a book", 0 },
		{ "{\"op\":\"level2\",\"p\":1,\"q\":2}",
		  "bad: it seems to be of a book", 0 },
		{ "{\"sym\":\"B\",\"side\":\"buy\",\"price\":1,\"qty\":2}",
		  "bad: it seems to be of a book", 0 },
		{ "{\"op\":\"trade\",\"side\":\"buy\",\"price\":1,\"qty\":2}",
		  "skip: trades", 0 },
		{ "{\"stream\":\"btcusdt@bookTicker\",\"b\":1,\"B\":2}",
		  "skip: tickers", 0 },
		{ "{\"op\":\"subscribe\",\"args\":[\"books\"],\"channel\":"
		  "\"books\"}",
		  "skip: answers to requests", 0 },
		{ "{\"e\":\"x\"", "bad: it is not a JSON object", 0 },
	};

	(void)state;
	SHAPES_CHECK("auto", shapes);
}

static void a_pinned_dialect_takes_no_other(void **state)
{
	struct formatter formatter;

	(void)state;
	assert_int_equal(formatter_open("kraken", &formatter), 0);
	assert_memory_equal(
		line_make(formatter.format,
			  "{\"type\":\"l2update\",\"product_id\":\"X\","
			  "\"changes\":[[\"buy\",\"1\",\"2\"]]}"),
		"bad: it holds levels of a book, and is not of the dialect",
		57);
	assert_memory_equal(line_make(formatter.format, "{\"e\":\"trade\"}"),
			    "skip: trades", 12);
}

/* tardis' raw files: a time, a blank, the message as the venue wrote it. */
static void a_time_may_stand_in_front(void **state)
{
	(void)state;
	assert_string_equal(
		line_make(line_format_auto,
			  "2019-08-01T00:08:02.5323285Z {\"type\":\"l2update\","
			  "\"product_id\":\"X\",\"time\":\"2019-08-01T00:00:00Z"
			  "\",\"changes\":[[\"buy\",\"1\",\"2\"]]}"),
		"u 0:B1x2");
	assert_int_equal(context.time_ns, UINT64_C(1564618082532328500));
	assert_string_equal(context.dialect, "coinbase");
	assert_memory_equal(line_make(line_format_auto,
				      "2019-08-01T00:08:02.5323285Z [1,[1,2]]"),
			    "bad: it is of Bitfinex", 22);
}

/* A file that is one JSON array, an element a line. */
static void elements_of_an_array_are_lines(void **state)
{
	(void)state;
	assert_string_equal(line_make(line_format_auto, "["),
			    "skip: brackets of an array");
	assert_string_equal(
		line_make(line_format_auto,
			  "  {\"type\":\"l2update\",\"product_id\":\"X\","
			  "\"changes\":[[\"buy\",\"1\",\"2\"]]},"),
		"u 0:B1x2");
	assert_string_equal(line_make(line_format_auto, "]"),
			    "skip: brackets of an array");
}

/* Each has a row, and a wrong name has none. */
static void dialects_are_found_by_name(void **state)
{
	size_t count = 0;

	(void)state;
	for (; dialects[count]; count++) {
		assert_ptr_equal(dialect_find(dialects[count]->name),
				 dialects[count]);
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(dialects[i]->name,
						dialects[count]->name);
	}
	assert_true(count > 0 && count <= LINE_FORMAT_DIALECTS);
	assert_null(dialect_find("krakens"));
	assert_null(dialect_find(""));
}

/* Where the feed starts over, its end has taught nothing. */
static void a_feed_that_starts_over_begins_its_books(void **state)
{
	static const char row[] = "x,BTC,1,2,true,bid,1,2";

	(void)state;
	context.line_number = 5;
	assert_string_equal(line_make(line_format_auto, row), "s+ 0:B1x2");
	assert_string_equal(line_make(line_format_auto, row), "s 0:B1x2");
	context.line_number = 0;
	assert_string_equal(line_make(line_format_auto, row), "s+ 0:B1x2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tardis),
		TEST(binance),
		TEST(binance_symbols),
		TEST(binance_late_snapshot),
		TEST(bybit),
		TEST(okx),
		TEST(coinbase),
		TEST(coinbase_advanced),
		TEST(kraken),
		TEST(deribit),
		TEST(others_are_refused_by_name),
		TEST(further_ones_are_refused_by_name),
		TEST(unknown_shapes_with_levels_are_refused),
		TEST(a_pinned_dialect_takes_no_other),
		TEST(a_time_may_stand_in_front),
		TEST(elements_of_an_array_are_lines),
		TEST(dialects_are_found_by_name),
		TEST(a_feed_that_starts_over_begins_its_books),
	};

	return cmocka_run_group_tests_name("exchange/dialect", tests, NULL,
					   NULL);
}
