/* SPDX-License-Identifier: MIT */
/*
 * Feeds as venues and recorders write them, to the trader's order; and what
 * the exchange says of those that it can't publish, or not whole.
 */
#include "tests/support/oracle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lab lab;
static struct program exchange, trader;

static int clean(void **state)
{
	(void)state;
	program_end(&exchange);
	program_end(&trader);
	return 0;
}

struct feed {
	const char *name;
	const char *text;
	const char *orders; /* "buy 110, sell 5" */
	int code;	    /* the exchange's */
	const char *says;   /* it does, on stderr; NULL: whatever */
};

static void orders_are(const char *name, const char *expected)
{
	char orders[1024] = "", price[64], side[8];
	size_t len = 0;
	const char *line;

	while ((line = program_line(&exchange, PROGRAM_OUT, "order ", 0))) {
		if (sscanf(line,
			   "order recv_ns=%*u quantity=%*u price=%63s "
			   "side=%7s",
			   price, side) != 2)
			fail_msg("%s: %s", name, line);
		len += (size_t)snprintf(orders + len, sizeof(orders) - len,
					"%s%s %s", len ? ", " : "", side,
					price);
	}
	if (strcmp(orders, expected) != 0) {
		program_show(&exchange);
		fail_msg("%s: orders '%s', right: '%s'", name, orders,
			 expected);
	}
}

static void feed_run(const struct feed *feed, const char *pace)
{
	struct feed_text text = { 0 };
	char path[PATH_MAX];
	int code;

	feed_text_add(&text, "%s", feed->text);
	feed_file_take(lab_path(&lab, "feed.gz", path), &text);
	lab_exchange(&lab, &exchange, path, "--pace", pace, NULL);
	lab_trader(&lab, &trader, NULL);
	code = program_wait(&trader, LAB_SOON_MS);
	if (code != 0) {
		program_show(&trader);
		fail_msg("%s: the trader's exit code %d", feed->name, code);
	}
	lab_line(&exchange, "state HANDSHAKE");
	lab_says(&exchange, "session 1 with");
	code = program_stop(&exchange, SIGTERM, LAB_SOON_MS);
	orders_are(feed->name, feed->orders);
	if (code != feed->code ||
	    (feed->says &&
	     !program_says(&exchange, PROGRAM_ERR, feed->says, 0))) {
		program_show(&exchange);
		fail_msg("%s: exit code %d; expected %d and '%s'", feed->name,
			 code, feed->code, feed->says ? feed->says : "");
	}
	program_end(&exchange);
	program_end(&trader);
}

static void feeds_run(const struct feed *feeds, size_t count, const char *pace)
{
	for (size_t i = 0; i < count; i++)
		feed_run(&feeds[i], pace);
}

#define FEEDS_RUN(feeds, pace) feeds_run(feeds, ARRAY_SIZE(feeds), pace)

static void lives_of_books(void **state)
{
	static const struct feed feeds[] = {
		{ "a snapshot behind another",
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[],"
		  "\"asks\":[[\"101\",\"1\"]]}\n"
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[],"
		  "\"asks\":[[\"110\",\"1\"]]}\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\",\"changes\":[["
		  "\"buy\",\"105\",\"20000\"]]}\n",
		  "buy 110", 0, "the dialect is coinbase" },
		{ "an empty one",
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[],"
		  "\"asks\":[[\"101\",\"1\"]]}\n"
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[],"
		  "\"asks\":[]}\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\",\"changes\":[["
		  "\"buy\",\"100\",\"20000\"],[\"sell\",\"106\",\"1\"],["
		  "\"buy\",\"105\",\"20000\"]]}\n",
		  "buy 106", 0, NULL },
		{ "no edge of timestamps in CSV",
		  "is_snapshot,timestamp,side,price,amount\n"
		  "true,1,ask,101,1\ntrue,2,ask,110,1\n"
		  "false,3,bid,100,20000\n",
		  "buy 101", 0, NULL },
	};

	(void)state;
	FEEDS_RUN(feeds, "rate:200");
}

static void half_understood(void **state)
{
	static const struct feed feeds[] = {
		{ "OKX, two symbols",
		  "{\"arg\":{\"instId\":\"P\"},\"action\":\"snapshot\","
		  "\"data\":[{\"asks\":[[\"60001\",\"1\"]],\"bids\":[]}]}\n"
		  "{\"arg\":{\"instId\":\"Q\"},\"action\":\"snapshot\","
		  "\"data\":[{\"asks\":[[\"0.11\",\"5\"]],\"bids\":[]}]}\n"
		  "{\"arg\":{\"instId\":\"P\"},\"action\":\"update\","
		  "\"data\":[{\"asks\":[],\"bids\":[[\"60000\",\"20\"]]}]}\n",
		  "buy 60001", 0, "the dialect is okx" },
		{ "a spreadsheet's sep",
		  "sep=,\nis_snapshot,side,price,amount\n"
		  "true,ask,60001,1\ntrue,bid,60000,20\n",
		  "", 0, NULL },
		{ "no column for the symbol, and that is said",
		  "side,price,amount\nask,101,1\nbid,100,20000\n", "buy 101", 0,
		  "1 headers that name no symbol: all rows are of one book" },
		{ "thousands that a comma parts",
		  "side,price,amount\nask,101,1\nask,60,001,5\n"
		  "bid,100,20000\n",
		  "buy 101", 0, "more columns than its header" },
		{ "two files joined without a newline",
		  FEED_FILE_HEADER "x,A,1,1,true,ask,101,1\n"
				   "x,A,1,1,true,bid,100,1" FEED_FILE_HEADER
				   "x,A,1,1,false,bid,100,20000\n",
		  "buy 101", 0, "line 3 is bad" },
		{ "quoted fields",
		  "side,price,amount\n\"ask\",101,1\n\"bid\",100,20000\n",
		  "buy 101", 0, NULL },
	};

	(void)state;
	FEEDS_RUN(feeds, "rate:200");
}

static void what_is_left_out(void **state)
{
	static const struct feed feeds[] = {
		{ "one level that can't be held",
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[["
		  "\"99\",\"0.30000000000000004\"]],\"asks\":[[\"101\",\"1\"]]"
		  "}\n{\"type\":\"heartbeat\",\"product_id\":\"X\"}\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\",\"changes\":[["
		  "\"buy\",\"100\",\"20000\"]]}\n",
		  "buy 101", 0, "1 levels are left out" },
		{ "lines without a book, by kind",
		  "{\"type\":\"heartbeat\",\"product_id\":\"X\"}\n"
		  "{\"type\":\"heartbeat\",\"product_id\":\"X\"}\n"
		  "{\"type\":\"match\",\"product_id\":\"X\"}\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\",\"changes\":[["
		  "\"sell\",\"101\",\"1\"],[\"buy\",\"100\",\"20000\"]]}\n",
		  "buy 101", 0, "3 skipped: 2 heartbeats, 1 trades" },
		{ "a snapshot that is lost",
		  "{\"type\":\"snapshot\",\"product_id\":\"X\",\"bids\":[],"
		  "\"asks\":[[\"101\",\"one\"]]}\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\",\"changes\":[["
		  "\"sell\",\"102\",\"1\"],[\"buy\",\"100\",\"20000\"]]}\n",
		  "buy 102", 1,
		  "error: session 1 lost 1 snapshots: 1 an amount is not a "
		  "number" },
		{ "a venue without a dialect",
		  "{\"type\":\"l2_updates\",\"symbol\":\"X\",\"changes\":[["
		  "\"buy\",\"1\",\"2\"]]}\n",
		  "", 1,
		  "error: session 1 published nothing of 1 lines: 1 it is of "
		  "Gemini" },
		{ "a snapshot of a shape that is not known",
		  "{\"type\":\"snapshot\",\"levels\":[[\"1\",\"2\"]]}\n", "", 1,
		  "lost 1 snapshots" },
		{ "a line that is not whole",
		  "{\"type\":\"l2update\",\"changes\":[[\"buy\",\"1\"]]}\n", "",
		  1, "published nothing of 1 lines" },
		{ "nothing but acknowledgements",
		  "{\"type\":\"subscriptions\"}\n{\"type\":\"ticker\"}\n", "",
		  1,
		  "published nothing of 2 lines: 1 answers to requests, 1 "
		  "tickers" },
	};

	(void)state;
	FEEDS_RUN(feeds, "rate:200");
}

static void times(void **state)
{
	static const struct feed feeds[] = {
		{ "none at all",
		  "side,price,amount\nask,101,1\nbid,100,20000\n", "buy 101", 0,
		  "--pace file: a line has no time" },
		{ "none at all, said at the end",
		  "side,price,amount\nask,101,1\nbid,100,20000\n", "buy 101", 0,
		  "2 packets had no time of their own" },
		{ "a stray row does not make a day of it",
		  "timestamp,side,price,amount\n"
		  "1700000000000,ask,102,1\n1600000000000,ask,101,1\n"
		  "1700000000001,bid,100,20000\n",
		  "buy 101", 0, NULL },
		{ "the unit shows in the date",
		  "timestamp,side,price,amount\n"
		  "1700000000250,ask,101,1\n1700000000251,bid,100,20000\n",
		  "buy 101", 0,
		  "the first time is 2023-11-14T22:13:20.250000000Z" },
		{ "too small for a date",
		  "time,side,price,amount\n"
		  "34200000,ask,101,1\n34200001,bid,100,20000\n",
		  "buy 101", 0,
		  "the first time is 1970-01-01T00:00:34.200000000Z: so small "
		  "a number is taken as microseconds" },
		{ "the second of a day",
		  "time,side,price,amount\n"
		  "34200.5,ask,101,1\n34200.6,bid,100,20000\n",
		  "buy 101", 0, "2 packets had no time of their own" },
	};

	(void)state;
	FEEDS_RUN(feeds, "file");
}

/* 5,000 levels a side, one of them finer than can be held. */
static void deep_snapshot(void **state)
{
	struct feed_text text = { 0 };
	struct feed feed = { "a deep snapshot", NULL, "buy 101.5", 0,
			     "1 levels are left out" };

	(void)state;
	feed_text_add(&text, "{\"type\":\"snapshot\",\"product_id\":\"X\","
			     "\"bids\":[[\"1\",\"0.30000000000000004\"]");
	for (int i = 1; i < 5000; i++)
		feed_text_add(&text, ",[\"%d.%06d\",\"0.%08d\"]", 90, i, i);
	feed_text_add(&text, "],\"asks\":[[\"101.5\",\"1\"]");
	for (int i = 1; i < 5000; i++)
		feed_text_add(&text, ",[\"%d.%06d\",\"0.%08d\"]", 102, i, i);
	feed_text_add(&text, "]}\n{\"type\":\"l2update\",\"product_id\":\"X\","
			     "\"changes\":[[\"buy\",\"100\",\"20000\"]]}\n");
	/* Lines of 256 KiB were the longest once. */
	assert_true(text.len > 256 * 1024);
	feed.text = text.bytes;
	feed_run(&feed, "rate:2000");
	feed_text_free(&text);
}

#define OF_BINANCE(data)                                                     \
	"2024-08-08T23:54:15.0Z {\"stream\":\"btcusdt@depth@0ms\",\"data\":" \
	"{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"BTCUSDT\"," data "}}\n"

/* What people have who have not read what is read here. long: a table. */
static void strangers(void **state)
{
	static const struct feed feeds[] = {
		{ "a spreadsheet: its mark, ; and decimal commas, CRLF",
		  "\xef\xbb\xbfsep=;\r\nsnapshot;side;price;amount\r\n"
		  "WAHR;ask;1;1\r\n"
		  "TRUE;ask;101,5;1\r\nFALSE;bid;100,25;20000\r\n",
		  "buy 101.5", 0, "line 3 is bad: its is_snapshot" },
		{ "a JSON array, an element a line",
		  "[\n{\"type\":\"l2update\",\"product_id\":\"X\","
		  "\"changes\":[[\"sell\",\"101\",\"1\"]]},\n"
		  "{\"type\":\"l2update\",\"product_id\":\"X\","
		  "\"changes\":[[\"buy\",\"100\",\"20000\"]]}\n]\n",
		  "buy 101", 0, NULL },
		{ "a JSON array in one line",
		  "[{\"type\":\"l2update\",\"product_id\":\"X\","
		  "\"changes\":[[\"sell\",\"101\",\"1\"]]}]\n",
		  "", 1, "jq -c '.[]'" },
		{ "tardis' trades",
		  "exchange,symbol,timestamp,local_timestamp,id,side,price,"
		  "amount\nx,BTC,1,2,7,buy,100,20000\n",
		  "", 1, "of trades or single orders" },
		{ "tardis' book_snapshot_5",
		  "exchange,symbol,timestamp,local_timestamp,asks[0].price,"
		  "asks[0].amount,bids[0].price,bids[0].amount\n"
		  "x,BTC,1,2,101,1,100,20000\n",
		  "", 1, "expected side, price and amount" },
		{ "tardis' raw file of Binance, reconnected",
		  OF_BINANCE(
			  "\"U\":1,\"u\":2,\"b\":[],\"a\":[[\"99\",\"1\"]"
			  "]") "2024-08-08T23:54:16.0Z {\"stream\":\"btcusdt@"
			       "depthSnapshot\",\"generated\":true,\"data\":{"
			       "\"lastUpdateId\":5,\"bids"
			       "\":[],\"asks\":[[\"101\","
			       "\"1\"]]}}\n\n" OF_BINANCE(
				       "\"U\":3,\"u\":4,\"b\":"
				       "[[\"100\",\"20000\"]],"
				       "\"a\":[]")
				       OF_BINANCE("\"U\":6,\"u\":7,\"b\""
						  ":[[\"98\",\"20000\"]],"
						  "\"a\":[]"),
		  "buy 101", 0, "the dialect is binance" },
		{ "Bitget",
		  "{\"action\":\"snapshot\",\"arg\":{\"instType\":\"SPOT\","
		  "\"channel\":\"books\",\"instId\":\"BTCUSDT\"},\"data\":["
		  "{\"asks\":[[\"101\",\"1\"]],\"bids\":[],\"ts\":\"1\"}],"
		  "\"ts\":1}\n"
		  "{\"action\":\"update\",\"arg\":{\"instType\":\"SPOT\","
		  "\"channel\":\"books\",\"instId\":\"BTCUSDT\"},\"data\":["
		  "{\"asks\":[],\"bids\":[[\"100\",\"20000\"]]}]}\n",
		  "buy 101", 0, NULL },
		{ "Bitstamp",
		  "{\"data\":{\"microtimestamp\":\"1\",\"bids\":[[\"1\","
		  "\"2\"]],\"asks\":[]},\"channel\":\"order_book_btcusd\","
		  "\"event\":\"data\"}\n",
		  "", 1, "it is of Bitstamp, whose book lines are not read" },
	};

	(void)state;
	FEEDS_RUN(feeds, "rate:200");
}

/* Of what ends before its end the whole lines are published; of what can't be
 * read at all, nothing: and it is said what to do. */
static void strangers_files(void **state)
{
	static const struct {
		const char *says;
		const char *bytes;
		size_t len;
		bool gzip;
	} files[] = {
		{ "zstd -dc", "\x28\xb5\x2f\xfd\4\0", 6, false },
		{ "plain text: gzip it", "side,price\nbid,1\n", 17, false },
		{ "web page", "<!DOCTYPE html>", 15, false },
		{ "web page", "<html>\n<body>404</body>\n</html>\n", 32, true },
		{ "iconv -f UTF-16 -t UTF-8", "\xff\xfes\0i\0d\0e\0", 10,
		  true },
	};
	char path[PATH_MAX];

	(void)state;
	lab_path(&lab, "feed.gz", path);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct feed_text text = { 0 };

		if (files[i].gzip) {
			feed_text_bytes(&text, files[i].bytes, files[i].len);
			feed_file_take(path, &text);
		} else {
			feed_file_raw(path, files[i].bytes, files[i].len);
		}
		lab_exchange(&lab, &exchange, path, NULL);
		lab_trader(&lab, &trader, NULL);
		lab_says(&exchange, files[i].says);
		assert_int_not_equal(program_wait(&trader, LAB_SOON_MS), -1);
		program_end(&exchange);
		program_end(&trader);
	}
}

#define WIDE_FEED                         \
	"is_snapshot,side,price,amount\n" \
	"true,ask,0.000012,1\n"           \
	"false,bid,0.00001,120000000000\n"

static void wide_amounts(void **state)
{
	static const struct feed feeds[] = {
		{ "wider than 64 bits of nano", WIDE_FEED, "buy 0.000012", 0,
		  NULL },
		{ "exactly the threshold",
		  "side,price,amount\nask,0.000012,1\n"
		  "bid,0.00001,100000000000\n",
		  "", 0, NULL },
		{ "by one in nineteen digits",
		  "side,price,amount\nask,0.000012,1\n"
		  "bid,0.00001,100000000000.0000001\n",
		  "buy 0.000012", 0, NULL },
	};
	struct oracle_run run = { .pace = "rate:200" };
	struct feed_text text = { 0 };
	char path[PATH_MAX];

	(void)state;
	FEEDS_RUN(feeds, "rate:200");
	/* Both judges count it, too. */
	feed_text_add(&text, WIDE_FEED);
	feed_file_take(lab_path(&lab, "wide.gz", path), &text);
	run.feed = path;
	oracle_run(&lab, &run);
	assert_int_equal(oracle_count(run.analysis, "triggers"), 1);
	assert_int_equal(oracle_count(run.analysis, "matched"), 1);
	oracle_free(&run);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("a snapshot line begins its book, also behind another",
		 lives_of_books, clean),
	LAB_TEST("a line is understood whole, or refused", half_understood,
		 clean),
	LAB_TEST("what is left out is told, last and loudly", what_is_left_out,
		 clean),
	LAB_TEST("--pace file: times that are missing are told, and no stray "
		 "one is waited for",
		 times, clean),
	LAB_TEST("a snapshot of 5,000 levels a side, one of them left out",
		 deep_snapshot, clean),
	LAB_TEST("strangers' feeds are right, or refused with what to do",
		 strangers, clean),
	LAB_TEST("strangers' files are called by their names", strangers_files,
		 clean),
	LAB_TEST("wide amounts are exact, at both ends and for both judges",
		 wide_amounts, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_dialects", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
