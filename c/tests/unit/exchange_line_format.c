/* SPDX-License-Identifier: MIT */
/* The shipped formatters: rows and JSON lines to datagrams. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange/datagram_source.h"
#include "exchange/line_format_state.h"
#include "wire/market_data.h"

#define NANO UINT64_C(1000000000)
#define HEADER                                                              \
	"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price," \
	"amount"

static struct line_format context;
static uint8_t datagram[MARKET_DATA_DATAGRAM_MAX];

static bool begins; /* the last datagram's flag */

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

/* The line in memory of its own, so that reading past it is found out. */
static ssize_t format_with(line_format_function *format, const char *line)
{
	size_t len = strlen(line);
	char *copy = malloc(len);
	ssize_t result;

	assert_non_null(copy);
	memcpy(copy, line, len);
	context.part = 0;
	context.more = false;
	context.time_ns = 0;
	context.fault = context.remark = context.kind = NULL;
	context.left_out = 0;
	result = format(&context, copy, len, datagram, sizeof(datagram));
	context.sequence += result > 0;
	free(copy);
	return result;
}

static ssize_t format(const char *line)
{
	return format_with(line_format_auto, line);
}

/* A datagram of count messages comes of it. */
static void expect_count(const char *line, unsigned int count)
{
	uint32_t sequence = context.sequence;
	struct market_data_header header;
	ssize_t len = format(line);

	if (len != (ssize_t)market_data_len(count))
		fail_msg("%s: %zd bytes (%s)", line, len,
			 context.fault ? context.fault : "no fault");
	assert_int_equal(market_data_decode(datagram, (size_t)len, &header), 0);
	assert_int_equal(header.sequence, sequence);
	assert_int_equal(header.message_count, count);
	begins = header.flags & MARKET_DATA_BOOK_BEGINS;
	assert_int_equal(header.flags & ~MARKET_DATA_BOOK_BEGINS,
			 context.snapshot ? MARKET_DATA_SNAPSHOT : 0);
	assert_true(context.snapshot || !begins);
}

static void expect_message(unsigned int i, char type, char side,
			   unsigned int symbol_id, uint64_t price,
			   uint64_t quantity)
{
	struct market_data_message message = market_data_read(datagram, i);

	assert_int_equal(message.type, type);
	assert_int_equal(message.side, side);
	assert_int_equal(message.symbol_id, symbol_id);
	assert_int_equal(message.price, price);
	assert_int_equal(message.quantity, quantity);
	assert_int_equal(message.order_id, 0);
}

static void expect_bad(const char *line)
{
	ssize_t result = format(line);

	if (result >= 0)
		fail_msg("%s: %zd bytes", line, result);
	assert_non_null(context.fault);
}

static void expect_skipped(const char *line)
{
	ssize_t result = format(line);

	if (result != 0)
		fail_msg("%s: %zd (%s)", line, result,
			 context.fault ? context.fault : "no fault");
	assert_false(context.more);
}

static void a_row_is_one_message(void **state)
{
	(void)state;
	expect_skipped(HEADER);
	expect_count("binance-futures,BTCUSDT,1723161256493000,"
		     "1723161255319702,false,ask,61800.3,1.072",
		     1);
	expect_message(0, 'U', 'A', 0, UINT64_C(61800300000000), 1072000000);
	assert_int_equal(context.time_ns, UINT64_C(1723161255319702000));
	expect_count("binance-futures,BTCUSDT,1,2,false,bid,0.000000001,0", 1);
	expect_message(0, 'D', 'B', 0, 1, 0);
}

static void a_snapshot_row_is_flagged(void **state)
{
	(void)state;
	context.snapshot = true;
	expect_count("x,BTC,1,2,true,bid,1,1", 1);
	context.snapshot = false;
	expect_count("x,BTC,1,2,false,bid,1,1", 1);
}

static void sides_have_two_names(void **state)
{
	static const struct {
		const char *name;
		char side;
	} sides[] = {
		{ "bid", 'B' }, { "buy", 'B' }, { "ask", 'A' }, { "sell", 'A' }
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char line[64];

		snprintf(line, sizeof(line), "x,BTC,1,2,false,%s,1,1",
			 sides[i].name);
		expect_count(line, 1);
		expect_message(0, 'U', sides[i].side, 0, NANO, NANO);
	}
}

static void columns_are_found_by_name(void **state)
{
	(void)state;
	expect_skipped("amount,more,price,symbol,side,\"timestamp\"");
	expect_count("2.5,x,100,ETH,sell,7", 1);
	expect_message(0, 'U', 'A', 0, 100 * NANO, 2500000000);
	assert_int_equal(context.time_ns, 7000);
	expect_count("2.5,,100,BTC,sell,8,", 1);
	expect_message(0, 'U', 'A', 1, 100 * NANO, 2500000000);
}

static void a_header_may_come_again(void **state)
{
	(void)state;
	expect_skipped(HEADER);
	expect_count("x,BTC,1,2,false,ask,3,4", 1);
	expect_skipped("side,price,amount");
	expect_count("ask,5,6", 1);
	expect_message(0, 'U', 'A', 1, 5 * NANO, 6 * NANO);
}

static void no_header_is_needed(void **state)
{
	(void)state;
	expect_count("x,BTC,1,2,false,ask,3,4", 1);
	expect_message(0, 'U', 'A', 0, 3 * NANO, 4 * NANO);
}

/* {"isSnapshot":..,"bids":[{"price":1,"amount":1},...]} */
static char *many_levels(unsigned int count, const char *last)
{
	char *line = malloc(count * 32 + 128);
	size_t len = (size_t)sprintf(line, "{\"isSnapshot\":%s,\"bids\":[",
				     context.snapshot ? "true" : "false");

	for (unsigned int i = 1; i <= count; i++)
		len += (size_t)sprintf(line + len,
				       "%s{\"price\":%u,\"amount\":1}",
				       i > 1 ? "," : "", i);
	sprintf(line + len, "]%s}", last);
	return line;
}

/* A part of a line, in place: a datagram of count messages. */
static void expect_part(const char *line, unsigned int part, unsigned int count)
{
	struct market_data_header header;
	ssize_t len;

	context.part = part;
	context.more = false;
	len = line_format_json(&context, line, strlen(line), datagram,
			       sizeof(datagram));
	assert_int_equal(len, market_data_len(count));
	assert_int_equal(market_data_decode(datagram, (size_t)len, &header), 0);
	begins = header.flags & MARKET_DATA_BOOK_BEGINS;
}

static bool snapshot_of(const char *line)
{
	context.snapshot = false;
	expect_count(line, 1);
	return context.snapshot;
}

static void the_snapshot_column_is_read_by_its_name(void **state)
{
	(void)state;
	/* As a spreadsheet says what parts its columns. */
	expect_skipped("sep=,");
	expect_skipped("is_snapshot,side,price,amount");
	assert_true(snapshot_of("true,ask,60001,1"));
	assert_true(snapshot_of("TRUE,bid,60000,20"));
	assert_true(snapshot_of("1,bid,60000,20"));
	assert_true(snapshot_of(" True ,bid,60000,20"));
	assert_false(snapshot_of("FALSE,bid,60000,20"));
	assert_false(snapshot_of("0,bid,60000,20"));
	assert_false(snapshot_of(",bid,60000,20"));
	expect_bad("maybe,bid,60000,20");
	/* Another file behind it. */
	expect_skipped("side,price,amount,isSnapshot");
	assert_true(snapshot_of("ask,60001,1,true"));
	expect_skipped("side,price,amount");
	assert_false(snapshot_of("ask,60001,1"));
}

/* A symbol's book begins where its rows go from update to snapshot: a later
 * timestamp in between begins none. */
static void a_book_begins_at_its_first_snapshot_row(void **state)
{
	(void)state;
	expect_skipped(HEADER);
	expect_count("x,BTC,1,1,true,bid,1,1", 1);
	assert_true(begins);
	expect_count("x,BTC,2,2,true,bid,2,1", 1);
	assert_false(begins);
	expect_count("x,ETH,2,2,true,bid,2,1", 1);
	assert_true(begins);
	expect_count("x,BTC,3,3,false,bid,3,1", 1);
	assert_false(begins);
	expect_count("x,ETH,4,4,true,bid,2,1", 1);
	assert_false(begins);
	expect_count("x,BTC,5,5,true,bid,3,1", 1);
	assert_true(begins);
}

/* Each JSON snapshot line is a whole book, also straight after another; of
 * several datagrams the first begins it. */
static void a_json_snapshot_begins_a_book(void **state)
{
	static const char books[] =
		"{\"channel\":\"book\",\"type\":\"snapshot\",\"data\":["
		"{\"symbol\":\"A\",\"bids\":[{\"price\":1,\"qty\":1}]},"
		"{\"symbol\":\"B\",\"bids\":[{\"price\":2,\"qty\":1}]}]}";
	char *many;

	(void)state;
	context.snapshot = true;
	many = many_levels(MARKET_DATA_MESSAGES_MAX + 1, "");
	for (int i = 0; i < 2; i++) {
		expect_count("{\"type\":\"snapshot\",\"product_id\":\"X\","
			     "\"asks\":[[\"101\",\"1\"]]}",
			     1);
		assert_true(begins);
	}
	expect_part(many, 0, MARKET_DATA_MESSAGES_MAX);
	assert_true(begins);
	assert_true(context.more);
	expect_part(many, 1, 1);
	assert_false(begins);
	/* A datagram each, since the flag speaks of all symbols in it. */
	expect_part(books, 0, 1);
	assert_true(begins);
	assert_true(context.more);
	expect_part(books, 1, 1);
	assert_true(begins);
	assert_false(context.more);
	free(many);
	context.snapshot = false;
	many = many_levels(MARKET_DATA_MESSAGES_MAX + 1, "");
	expect_part(many, 0, MARKET_DATA_MESSAGES_MAX);
	assert_false(begins);
	free(many);
}

static void a_header_in_a_row_is_none(void **state)
{
	(void)state;
	expect_skipped(HEADER);
	/* Two files joined without a newline. */
	expect_bad("x,BTC,1,2,true,bid,100,1" HEADER);
	expect_count("x,BTC,1,2,true,bid,100,1", 1);
	expect_message(0, 'U', 'B', 0, 100 * NANO, NANO);
}

static void fields_may_be_quoted(void **state)
{
	(void)state;
	expect_skipped("\"side\",\"price\",\"amount\",\"symbol\"");
	expect_count("\"bid\",1,1,\"BTC,PERP\"", 1);
	expect_message(0, 'U', 'B', 0, NANO, NANO);
	expect_count("\"ask\",\"2.5\",\"3\",BTC", 1);
	expect_message(0, 'U', 'A', 1, 2 * NANO + NANO / 2, 3 * NANO);
	expect_count("\"ask\", \"2.5\",  \"3\", \"BTC\"", 1);
	expect_message(0, 'U', 'A', 1, 2 * NANO + NANO / 2, 3 * NANO);
	expect_skipped("\"price\", \"side\", \"amount\"");
	expect_count("\"1\", \"bid\", \"2\"", 1);
	expect_message(0, 'U', 'B', 2, NANO, 2 * NANO);
	expect_skipped("\"side\",\"price\",\"amount\",\"symbol\"");
	expect_bad("\"bid,1,1,BTC");
	expect_bad("\"bid\"x,1,1,BTC");
}

static void columns_may_be_parted_otherwise(void **state)
{
	(void)state;
	expect_skipped("side;price;amount");
	expect_count("bid;1.5;2", 1);
	expect_message(0, 'U', 'B', 0, NANO + NANO / 2, 2 * NANO);
	/* Where ; parts columns a comma may part decimals, but not here. */
	expect_bad("ask;60001,5;0,25");
	expect_count("bid;1;2", 1);
	expect_skipped("side;price;amount");
	expect_count("bid;1;2", 1);
	expect_count("ask;60001,5;0,25", 1);
	expect_message(0, 'U', 'A', 0, 60001 * NANO + NANO / 2, NANO / 4);
	/* And here a point is thousands'. */
	expect_bad("ask;60.001;1");
	expect_bad("ask;60001;1.000");
	expect_count("ask;60001;1,000", 1);
	expect_message(0, 'U', 'A', 0, 60001 * NANO, NANO);
	/* One of both is thousands', and which is not known. */
	expect_bad("bid;1.000,5;2");
	expect_bad("bid;1,000,5;2");
	expect_skipped("side\tprice\tamount");
	expect_count("ask\t1.5\t2", 1);
	/* Here it could be either. */
	expect_bad("ask\t1,500\t2");
	expect_skipped("side,price,amount");
	expect_bad("ask,\"1,5\",2");
}

/* Other recorders' names of the columns. */
static void columns_have_other_names(void **state)
{
	(void)state;
	expect_skipped("ts,product_id,Side,Px,Size");
	expect_count("1700000000000,BTC,b,1.5,2", 1);
	expect_message(0, 'U', 'B', 0, NANO + NANO / 2, 2 * NANO);
	assert_int_equal(context.time_ns, UINT64_C(1700000000000000000));
	expect_count("1700000000000,BTC,a,1.5,2", 1);
	expect_message(0, 'U', 'A', 0, NANO + NANO / 2, 2 * NANO);
	expect_skipped("datetime,instrument,side,price,qty");
	expect_count("2024-08-08 23:54:16.493,BTC,SELL,1.5,2", 1);
	assert_int_equal(context.time_ns, UINT64_C(1723161256493000000));
	expect_skipped("ticker,Is Snapshot,Side,Price,Amount");
	expect_count("BTC,TRUE,Ask,1.5,2", 1);
	assert_true(context.snapshot);
	expect_skipped("action,is_snapshot,side,price,amount");
	expect_count("new,false,bid,1,2", 1);
	/* The name that says it best counts. */
	expect_skipped("quantity,side,price,amount");
	expect_count("7,sell,1,2", 1);
	expect_message(0, 'U', 'A', 1, NANO, 2 * NANO);
}

/* A header of columns that are not known is told, and so are its rows. */
static void unknown_columns_are_told(void **state)
{
	(void)state;
	expect_bad("exchange,symbol,timestamp,local_timestamp,asks[0].price,"
		   "asks[0].amount,bids[0].price,bids[0].amount");
	assert_non_null(strstr(context.fault, "side, price and amount"));
	expect_bad("binance,BTC,1,2,60000,1,59999,2");
	assert_non_null(strstr(context.fault, "side, price and amount"));
	/* Trades are no levels. */
	expect_bad("exchange,symbol,timestamp,local_timestamp,id,side,price,"
		   "amount");
	assert_non_null(strstr(context.fault, "of trades"));
	expect_bad("binance,BTC,1,2,7,buy,60000,1");
	assert_non_null(strstr(context.fault, "of trades"));
	expect_bad("timestamp,symbol,side,size,price,trdMatchID");
	assert_non_null(strstr(context.fault, "of trades"));
	/* Nor is a row whose meaning stands in a column of its own. */
	expect_bad("symbol,action,side,price,size");
	assert_non_null(strstr(context.fault, "action"));
	expect_bad("BTC,delete,Sell,60001,1");
	assert_non_null(strstr(context.fault, "action"));
	expect_bad("symbol,type,side,price,amount");
	/* Until there is one that is known. */
	expect_skipped("side,price,amount");
	expect_count("bid,1,2", 1);
}

static void bad_rows_are_told(void **state)
{
	static const char *const lines[] = {
		"x",
		"x,BTC,1,2,false,ask,3",
		"x,BTC,1,2,false,,3,4",
		"x,BTC,1,2,false,asks,3,4",
		"x,BTC,1,2,false,ask,,4",
		"x,BTC,1,2,false,ask,3,",
		"x,BTC,1,2,false,ask,3,4x",
		"x,BTC,1,2,false,ask,.,4",
		"x,BTC,1,2,false,ask,1..2,4",
		"x,BTC,1,2,false,ask,nan,4",
		",,,,,,,",
		"\x01\x02\xff\xfe,,,",
		("x,a-symbol-of-more-than-63-bytes-a-symbol-of-more-than-63-"
		 "bytes!,1,2,false,ask,3,4"),
	};

	(void)state;
	expect_skipped(HEADER);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_bad(lines[i]);
	/* Thousands that a comma parts make more columns; an empty one at the
	 * end is none, nor is the longest symbol. */
	expect_bad("x,BTC,1,2,false,ask,60,001.5,4");
	expect_bad("x,BTC,1,2,false,ask,3,4,5");
	expect_bad("x,BTC,1,2,false,ask,3,4,,");
	expect_count("x,BTC,1,2,false,ask,3,4,", 1);
	expect_count("x,a-symbol-of-more-than-63-bytes-a-symbol-of-more-than-63"
		     "-bytes,1,2,false,ask,3,4",
		     1);
	assert_int_equal(context.sequence, 2);
}

/* A level that can't be held is left out and told: no number is made up. */
static void what_cannot_be_held_is_left_out(void **state)
{
	static const char *const lines[] = {
		"x,BTC,1,2,false,ask,-3,4",
		"x,BTC,1,2,false,ask,3,-4",
		"x,BTC,1,2,false,ask,0.0000000001,4",
		"x,BTC,1,2,false,ask,99999999999,4",
		"x,BTC,1,2,false,ask,9223372036.854775808,4",
		"x,BTC,1,2,false,ask,1,0.30000000000000004",
		"x,BTC,1,2,false,ask,1,99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		expect_skipped(lines[i]);
		assert_int_equal(context.left_out, 1);
		assert_non_null(context.remark);
		assert_non_null(context.kind);
	}
	/* The others of the line stand. */
	expect_count("{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":["
		     "[\"1\",\"0.30000000000000004\"],[\"2\",\"3\"]],"
		     "\"asks\":[[\"5\",\"-1\"],[\"6\",\"1\"]]}",
		     2);
	expect_message(0, 'U', 'B', 0, 2 * NANO, 3 * NANO);
	expect_message(1, 'U', 'A', 0, 6 * NANO, NANO);
	assert_int_equal(context.left_out, 2);
	assert_true(begins);
	expect_skipped("{\"type\":\"l2update\",\"product_id\":\"X\","
		       "\"changes\":[[\"buy\",\"1e-10\",\"1\"]]}");
	assert_int_equal(context.left_out, 1);
}

/* What is wider than 64 bits of nano has its unit. */
static void wide_amounts_are_exact(void **state)
{
	struct market_data_message message;

	(void)state;
	expect_count("x,BTC,1,2,false,bid,0.00001,120000000000", 1);
	message = market_data_read(datagram, 0);
	assert_int_equal(message.type, MARKET_DATA_WIDE);
	assert_int_equal(message.price, 10000);
	assert_int_equal(message.quantity, UINT64_C(12000000000000000000));
	assert_int_equal(message.order_id, 1);
	/* As wide as 64 bits are it is an update. */
	expect_count("x,BTC,1,2,false,bid,1,18446744073.709551615", 1);
	expect_message(0, 'U', 'B', 0, NANO, UINT64_MAX);
}

/* A whole book without a level is one, too. */
static void an_empty_snapshot_empties_the_book(void **state)
{
	(void)state;
	expect_count("{\"type\":\"snapshot\",\"product_id\":\"X\","
		     "\"bids\":[],\"asks\":[]}",
		     1);
	assert_true(begins);
	expect_message(0, 'D', 'B', 0, 0, 0);
	expect_skipped("{\"type\":\"l2update\",\"product_id\":\"X\","
		       "\"changes\":[]}");
}

static void prices_are_exact(void **state)
{
	static const struct {
		const char *text;
		uint64_t nano;
	} prices[] = {
		{ "0", 0 },
		{ "0.1", 100000000 },
		{ "61800.30", UINT64_C(61800300000000) },
		{ "61800.300000000000", UINT64_C(61800300000000) },
		{ "123456789.123456789", UINT64_C(123456789123456789) },
		{ "9223372036.854775807", INT64_MAX },
		{ "9223372036", UINT64_C(9223372036000000000) },
		{ "0.00000001", 10 },
		{ "1e-8", 10 },
		{ ".5", 500000000 },
		{ "5.", 5 * NANO },
		{ "+5", 5 * NANO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		char line[96];

		snprintf(line, sizeof(line), "x,BTC,1,2,false,ask,%s,1",
			 prices[i].text);
		expect_count(line, 1);
		expect_message(0, 'U', 'A', 0, prices[i].nano, NANO);
	}
}

static void symbols_are_numbered_as_they_come(void **state)
{
	char line[96];

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 1000; i++) {
			snprintf(line, sizeof(line), "x,S%u,1,2,false,ask,3,4",
				 i);
			expect_count(line, 1);
			expect_message(0, 'U', 'A', i, 3 * NANO, 4 * NANO);
		}
	}
	/* The same name at another exchange is another symbol. */
	expect_count("y,S0,1,2,false,ask,3,4", 1);
	expect_message(0, 'U', 'A', 1000, 3 * NANO, 4 * NANO);
}

static void symbols_beyond_16_bits_are_bad(void **state)
{
	char line[96];

	(void)state;
	for (unsigned int i = 0; i < 65536; i++) {
		snprintf(line, sizeof(line), "x,S%u,1,2,false,ask,3,4", i);
		assert_int_equal(format(line), market_data_len(1));
	}
	expect_bad("x,one-more,1,2,false,ask,3,4");
	expect_count("x,S65535,1,2,false,ask,3,4", 1);
	expect_message(0, 'U', 'A', 65535, 3 * NANO, 4 * NANO);
}

static void times_come_from_the_local_clock(void **state)
{
	(void)state;
	expect_count("x,BTC,1000,,false,ask,3,4", 1);
	assert_int_equal(context.time_ns, 1000000);
	expect_count("x,BTC,1000,x,false,ask,3,4", 1);
	assert_int_equal(context.time_ns, 1000000);
	expect_count("x,BTC,,,false,ask,3,4", 1);
	assert_int_equal(context.time_ns, 0);
	expect_count("x,BTC,99999999999999999999,,false,ask,3,4", 1);
	assert_int_equal(context.time_ns, 0);
}

static void tardis_json_is_read(void **state)
{
	(void)state;
	context.snapshot = true;
	expect_count("{\"type\":\"book_change\",\"symbol\":\"XBTUSD\","
		     "\"exchange\":\"bitmex\",\"isSnapshot\":true,\"bids\":["
		     "{\"price\":7633.5,\"amount\":1906067},"
		     "{\"price\":7633,\"amount\":0}],\"asks\":["
		     "{\"price\":7634,\"amount\":1.25}],"
		     "\"timestamp\":\"2019-10-23T11:29:53.469Z\","
		     "\"localTimestamp\":\"2019-10-23T11:29:53.469123456Z\"}",
		     3);
	expect_message(0, 'U', 'B', 0, UINT64_C(7633500000000), 1906067 * NANO);
	expect_message(1, 'D', 'B', 0, 7633 * NANO, 0);
	expect_message(2, 'U', 'A', 0, 7634 * NANO, 1250000000);
	assert_int_equal(context.time_ns, UINT64_C(1571830193469123456));
}

static void coinbase_json_is_read(void **state)
{
	(void)state;
	context.snapshot = true;
	expect_count("{\"type\":\"snapshot\",\"product_id\":\"BTC-USD\","
		     "\"bids\":[[\"10101.10\",\"0.45054140\"]],"
		     "\"asks\":[[\"10102.55\",\"0.57753524\"]]}",
		     2);
	expect_message(0, 'U', 'B', 0, UINT64_C(10101100000000), 450541400);
	expect_message(1, 'U', 'A', 0, UINT64_C(10102550000000), 577535240);
	assert_int_equal(context.time_ns, 0);
	context.snapshot = false;
	expect_count("{\"type\":\"l2update\",\"product_id\":\"BTC-USD\","
		     "\"time\":\"2019-08-14T20:42:27.265Z\",\"changes\":["
		     "[\"buy\",\"10101.80000000\",\"0.162567\"],"
		     "[\"sell\",\"10102.5\",\"0\"]]}",
		     2);
	expect_message(0, 'U', 'B', 0, UINT64_C(10101800000000), 162567000);
	expect_message(1, 'D', 'A', 0, UINT64_C(10102500000000), 0);
	assert_int_equal(context.time_ns, UINT64_C(1565815347265000000));
}

static void kraken_json_is_read(void **state)
{
	(void)state;
	context.snapshot = true;
	expect_count("{\"channel\":\"book\",\"type\":\"snapshot\",\"data\":["
		     "{\"symbol\":\"MATIC/USD\",\"bids\":[{\"price\":0.5666,"
		     "\"qty\":4831.75496356}],\"asks\":[{\"price\":0.5668,"
		     "\"qty\":4410.79769741}],\"checksum\":2439117997}]}",
		     2);
	expect_message(0, 'U', 'B', 0, 566600000, UINT64_C(4831754963560));
	expect_message(1, 'U', 'A', 0, 566800000, UINT64_C(4410797697410));
	context.snapshot = false;
	/* Several books in one line. */
	expect_count("{\"channel\":\"book\",\"type\":\"update\",\"data\":["
		     "{\"symbol\":\"BTC/USD\",\"bids\":[],\"asks\":["
		     "{\"price\":2,\"qty\":1}]},"
		     "{\"symbol\":\"MATIC/USD\",\"bids\":[{\"price\":0.5657,"
		     "\"qty\":1098.3947558}],\"asks\":[],"
		     "\"timestamp\":\"2023-10-06T17:35:55.440295Z\"}]}",
		     2);
	expect_message(0, 'U', 'A', 1, 2 * NANO, NANO);
	expect_message(1, 'U', 'B', 0, 565700000, UINT64_C(1098394755800));
	assert_int_equal(context.time_ns, UINT64_C(1696613755440295000));
}

static void json_without_levels_is_skipped(void **state)
{
	static const char *const lines[] = {
		"{\"type\":\"ticker\",\"snapshot\":true,\"data\":{\"bid\":1}}",
		"{\"type\":\"ticker\",\"bids\":\"x\"}",
		"{\"type\":\"subscriptions\",\"channels\":[]}",
		("{\"method\":\"subscribe\",\"result\":{\"channel\":\"book\","
		 "\"snapshot\":true,\"symbol\":\"BTC/USD\"},\"success\":true}"),
		"{\"channel\":\"heartbeat\"}",
		"{\"channel\":\"status\",\"data\":[{\"system\":\"online\"}]}",
		"{\"channel\":\"trade\",\"data\":[{\"price\":1,\"qty\":2}]}",
		"{\"bids\":[],\"asks\":[]}",
		"{\"bids\":null}",
		"{\"bids\":5}",
		"{\"data\":[1,[],null]}",
		"{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_skipped(lines[i]);
}

#define BOOK_CHANGE   "{\"type\":\"book_change\",\"bids\":"
#define BOOK_SNAPSHOT "{\"type\":\"snapshot\",\"bids\":"
#define BOOK_UPDATE   "{\"type\":\"l2update\",\"changes\":"

static void bad_json_is_told(void **state)
{
	static const char *const lines[] = {
		"{",
		BOOK_CHANGE "[{\"price\":1,\"amount\":2}]",
		BOOK_CHANGE "[{\"price\":1,\"amount\":2}]} {}",
		BOOK_CHANGE "5}",
		BOOK_CHANGE "[5]}",
		BOOK_SNAPSHOT "[[]]}",
		BOOK_SNAPSHOT "[[\"1\"]]}",
		BOOK_SNAPSHOT "[[\"1\",\"x\"]]}",
		BOOK_SNAPSHOT "[[true,2]]}",
		BOOK_SNAPSHOT "[[[1],2]]}",
		BOOK_CHANGE "[{\"price\":1}]}",
		BOOK_CHANGE "[{\"amount\":1}]}",
		BOOK_CHANGE "[{\"price\":1,\"amount\":null}]}",
		BOOK_UPDATE "[[\"1\",\"2\"]]}",
		BOOK_UPDATE "[[\"none\",\"1\",\"2\"]]}",
		BOOK_UPDATE "[{\"price\":1,\"amount\":2}]}",
		BOOK_SNAPSHOT "[[1,2]],\"asks\":[[1,\"\"]]}",
		"{\"type\":\"book_change\"}",
		"{\"bids\":[[1,2]]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_bad(lines[i]);
}

/* Which times there are: tests/unit/exchange_line_time.c. */
static void json_times_are_texts_or_numbers(void **state)
{
	(void)state;
	expect_count("{\"time\":\"2024-08-08T23:54:16.493Z\","
		     "\"bids\":["
		     "{\"price\":1,\"amount\":2}]}",
		     1);
	assert_int_equal(context.time_ns, UINT64_C(1723161256493000000));
	expect_count("{\"timestamp\":1700000000123,\"bi"
		     "ds\":[{\"price\":1,\"amount\":2}]}",
		     1);
	assert_int_equal(context.time_ns, UINT64_C(1700000000123000000));
	expect_count("{\"timestamp\":\"1700000000123\",\""
		     "bids\":[{\"price\":1,\"amount\":2}]}",
		     1);
	assert_int_equal(context.time_ns, UINT64_C(1700000000123000000));
	expect_count(
		"{\"time\":\"soon\",\"bids\":[{\"price\":1,\"amount\":2}]}", 1);
	assert_int_equal(context.time_ns, 0);
}

static void what_fits_is_one_datagram(void **state)
{
	char *line = many_levels(MARKET_DATA_MESSAGES_MAX, "");

	(void)state;
	expect_count(line, MARKET_DATA_MESSAGES_MAX);
	assert_false(context.more);
	free(line);
}

static void more_levels_are_more_datagrams(void **state)
{
	const unsigned int count = MARKET_DATA_MESSAGES_MAX * 2 + 3;
	char *line =
		many_levels(count, ",\"asks\":[{\"price\":9,\"amount\":9}]");
	unsigned int seen = 0;
	ssize_t len;

	(void)state;
	for (;;) {
		len = line_format_auto(&context, line, strlen(line), datagram,
				       sizeof(datagram));
		assert_true(len > 0);
		for (unsigned int i = 0; market_data_len(i) < (size_t)len; i++)
			if (++seen <= count)
				expect_message(i, 'U', 'B', 0, seen * NANO,
					       NANO);
			else
				expect_message(i, 'U', 'A', 0, 9 * NANO,
					       9 * NANO);
		if (!context.more)
			break;
		assert_int_equal(len,
				 market_data_len(MARKET_DATA_MESSAGES_MAX));
		context.more = false;
		context.part++;
		context.sequence++;
	}
	assert_int_equal(context.part, 2);
	assert_int_equal(seen, count + 1);
	free(line);
}

static void nothing_of_a_bad_line_goes_out(void **state)
{
	/* The fault lies where the third datagram would be made. */
	char *line = many_levels(MARKET_DATA_MESSAGES_MAX * 2 + 3,
				 ",\"asks\":[{\"price\":9,\"amount\":\"\"}]");

	(void)state;
	expect_bad(line);
	free(line);
}

static void small_buffers_are_kept_to(void **state)
{
	char *line = many_levels(5, "");

	(void)state;
	context.sequence = 7;
	memset(datagram, 0x55, sizeof(datagram));
	assert_int_equal(line_format_json(&context, line, strlen(line),
					  datagram, market_data_len(2) + 27),
			 market_data_len(2));
	assert_true(context.more);
	assert_int_equal(datagram[market_data_len(2)], 0x55);
	free(line);
}

/* The real data lies beside the checkout, if anywhere. */
static const char *real_file(void)
{
	static const char name[] =
		"binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz";
	static char path[4096];
	const char *folder = getenv("T2T_DATA");

	snprintf(path, sizeof(path), "%s/%s",
		 folder ? folder : "../../shared/data", name);
	return access(path, R_OK) == 0 ? path : NULL;
}

static void real_data_is_read_whole(void **state)
{
	static struct datagram_source source;
	const char *path = real_file();
	uint64_t snapshots = 0, count = 0;
	struct source_datagram made;

	(void)state;
	if (!path) {
		print_message("# skipped: the real file is not here: "
			      "set T2T_DATA\n");
		skip();
	}
	assert_int_equal(datagram_source_open(&source, path, line_format_auto),
			 0);
	while (datagram_source_next(&source, &made) > 0) {
		struct market_data_message message =
			market_data_read(made.bytes, 0);

		assert_int_equal(made.len, market_data_len(1));
		assert_int_equal(made.sequence, count++);
		/* All snapshot lines come first. */
		assert_int_equal(made.snapshot, count <= 2000);
		assert_in_range(message.price, NANO, 1000000 * NANO);
		assert_int_equal(message.type == 'D', message.quantity == 0);
		assert_int_equal(message.symbol_id, 0);
		snapshots += made.snapshot;
		assert_true(made.time_ns > UINT64_C(1723161255) * NANO);
	}
	assert_int_equal(count, 445262);
	assert_int_equal(snapshots, 2000);
	assert_int_equal(source.counts.bad, 0);
	assert_int_equal(source.counts.skipped, 1);
	assert_int_equal(source.counts.passes, 1);
	datagram_source_close(&source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_is_one_message),
		TEST(a_snapshot_row_is_flagged),
		TEST(sides_have_two_names),
		TEST(columns_are_found_by_name),
		TEST(a_header_may_come_again),
		TEST(no_header_is_needed),
		TEST(the_snapshot_column_is_read_by_its_name),
		TEST(a_book_begins_at_its_first_snapshot_row),
		TEST(a_json_snapshot_begins_a_book),
		TEST(a_header_in_a_row_is_none),
		TEST(fields_may_be_quoted),
		TEST(columns_may_be_parted_otherwise),
		TEST(columns_have_other_names),
		TEST(unknown_columns_are_told),
		TEST(bad_rows_are_told),
		TEST(what_cannot_be_held_is_left_out),
		TEST(wide_amounts_are_exact),
		TEST(an_empty_snapshot_empties_the_book),
		TEST(prices_are_exact),
		TEST(symbols_are_numbered_as_they_come),
		TEST(symbols_beyond_16_bits_are_bad),
		TEST(times_come_from_the_local_clock),
		TEST(tardis_json_is_read),
		TEST(coinbase_json_is_read),
		TEST(kraken_json_is_read),
		TEST(json_without_levels_is_skipped),
		TEST(bad_json_is_told),
		TEST(json_times_are_texts_or_numbers),
		TEST(what_fits_is_one_datagram),
		TEST(more_levels_are_more_datagrams),
		TEST(nothing_of_a_bad_line_goes_out),
		TEST(small_buffers_are_kept_to),
		TEST(real_data_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
