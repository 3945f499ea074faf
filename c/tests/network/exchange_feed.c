/* SPDX-License-Identifier: MIT */
/* What the exchange makes of a feed: lines, the snapshot field, states, ends,
 * the formatter, the pace. */
#include "tests/support/lab.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "exchange/feed.h"

static struct lab lab;
static struct program exchange;
static struct listener listener;
static struct feed_text text;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	lab_session_end(&exchange, &listener, &client);
	feed_text_free(&text);
	return 0;
}

static void header(void)
{
	feed_text_add(&text, FEED_FILE_HEADER);
}

static void row(const char *snapshot, unsigned int price)
{
	feed_text_add(&text, "x,BTC,1,1,%s,ask,%u,1\n", snapshot, price);
}

static const char *text_path(void)
{
	return lab_path(&lab, "feed.csv.gz", lab.feed);
}

/* Publish the text from a client's connect on. */
static void publish_with(const char *option, const char *value)
{
	if (text.len > 0)
		feed_file_take(text_path(), &text);
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, text_path(), option, value, NULL);
	client = lab_connect();
}

/* ... to its end: how many datagrams the lines made. */
static size_t publish(void)
{
	size_t count;

	publish_with("--pace", "max");
	count = listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				   LAB_SOON_MS);
	if (count == SIZE_MAX) {
		program_show(&exchange);
		fail_msg("no end of feed");
	}
	for (size_t i = 0; i <= count; i++)
		assert_int_equal(listener.datagrams[i].header.sequence, i);
	return count;
}

/* What was published: "s1000 2000" for a snapshot at 1000, then an update at
 * 2000; a datagram of several messages is their prices with commas. */
static void heard_are(const char *expected)
{
	char heard[4096] = "";
	size_t len = 0;

	for (size_t i = 0; i < listener.count; i++) {
		const struct market_data_header *head =
			&listener.datagrams[i].header;

		if (head->flags & MARKET_DATA_END_OF_FEED)
			break;
		len += (size_t)snprintf(
			heard + len, sizeof(heard) - len, "%s%s", i ? " " : "",
			head->flags & MARKET_DATA_SNAPSHOT ? "s" : "");
		for (unsigned int j = 0; j < head->message_count; j++)
			len += (size_t)snprintf(
				heard + len, sizeof(heard) - len, "%s%ju",
				j ? "," : "",
				(uintmax_t)(listener_message(&listener, i, j)
						    .price /
					    (uint64_t)DECIMAL_ONE));
	}
	assert_string_equal(heard, expected);
}

static void multi_member(void **state)
{
	(void)state;
	header();
	row("true", 1);
	feed_text_add(&text, "x,BTC,1,1,fal");
	feed_file_take(text_path(), &text);
	feed_text_add(&text, "se,ask,2,1\n");
	feed_file_append(text_path(), &text);
	feed_text_free(&text);
	feed_file_append(text_path(), &text); /* an empty one */
	row("false", 3);
	feed_file_append(text_path(), &text);
	feed_text_free(&text);
	publish();
	heard_are("s1 2 3");
}

static void line_ends(void **state)
{
	(void)state;
	feed_text_add(&text, "exchange,symbol,timestamp,local_timestamp,"
			     "is_snapshot,side,price,amount\r\n"
			     "\r\n"
			     "x,BTC,1,1,true,ask,1,1\r\n"
			     "\n"
			     "   \n"
			     "x,BTC,1,1,false,ask,2,1\n"
			     "\n\n\n"
			     "x,BTC,1,1,false,ask,3,1\r\n"
			     "x,BTC,1,1,false,ask,4,1");
	publish();
	heard_are("s1 2 3 4");
}

static void no_header(void **state)
{
	(void)state;
	row("true", 1);
	row("false", 2);
	publish();
	heard_are("s1 2");
}

static void long_line(void **state)
{
	enum { LONG = FEED_LINE_MAX + 1 };
	char *junk = malloc(LONG);

	(void)state;
	assert_non_null(junk);
	memset(junk, 'x', LONG);
	header();
	row("true", 1);
	feed_text_bytes(&text, junk, LONG);
	feed_text_add(&text, "\n");
	row("false", 2);
	feed_text_bytes(&text, junk, LONG); /* to the file's end */
	free(junk);
	publish();
	heard_are("s1 2");
	lab_says(&exchange, "line 3 is longer than ");
	/* What they held is not known: it may have been a book. */
	order_client_close(client);
	client = -1;
	lab_says(&exchange, "lost 2 snapshots");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 1);
}

static void bad_lines(void **state)
{
	(void)state;
	header();
	row("true", 1);
	feed_text_add(&text, "x,BTC,1,1,false,ask,nonsense,1\n"
			     "x,BTC,1,1,false,up,5,1\n"
			     "x,BTC,1,1\n"
			     "x,BTC,1,1,false,ask,,1\n"
			     "{\"bids\":\n");
	row("false", 2);
	publish();
	heard_are("s1 2");
	lab_says(&exchange, lab.feed);
	lab_says(&exchange, "line 3");
	lab_says(&exchange, "line 7");
	order_client_close(client);
	client = -1;
	lab_says(&exchange, "5 bad");
}

/* Two sessions: a line each, in the order that they ended. */
static void sessions_written(void **state)
{
	char path[PATH_MAX];
	FILE *file;

	(void)state;
	header();
	row("true", 1);
	feed_text_add(&text, "x,BTC,1,1,false,up,5,1\n\n"
			     "{\"type\":\"snapshot\",\"product_id\":\"X\","
			     "\"bids\":[[\"1\",\"one\"]]}\n");
	row("false", 2);
	publish_with("--sessions", lab_path(&lab, "sessions.jsonl", path));
	for (int i = 0; i < 2; i++) {
		if (i > 0)
			client = lab_connect();
		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		order_client_order(client, 1, 1000000000, 0);
		lab_line(&exchange, "order ");
		order_client_close(client);
		client = -1;
		lab_states(&exchange, "INIT");
	}
	file = fopen(path, "re");
	assert_non_null(file);
	for (int i = 1; i <= 2; i++) {
		json_t *line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
		json_int_t number, orders, packets, lines, bad, blank, lost,
			kinds;
		const char *peer, *ended;
		json_t *faults;

		assert_int_equal(
			json_unpack(
				line,
				"{s:I,s:s,s:s,s:I,s:I,s:{s:I,s:I,s:I,s:I,s:o,"
				"s:{s:I}}}",
				"session", &number, "peer", &peer, "ended",
				&ended, "orders", &orders, "packets", &packets,
				"feed", "lines", &lines, "bad", &bad, "blank",
				&blank, "snapshots_lost", &lost, "faults",
				&faults, "kinds", "headers", &kinds),
			0);
		assert_int_equal(number, i);
		assert_non_null(strstr(peer, LAB_TRADER_ADDRESS ":"));
		assert_string_equal(ended, "the trader closed the connection");
		assert_int_equal(orders, 1);
		assert_in_range(packets, 2, 3); /* with the end, if it came */
		assert_int_equal(lines, 5);
		assert_int_equal(bad, 2);
		assert_int_equal(blank, 1);
		assert_int_equal(lost, 1);
		assert_int_equal(kinds, 1);
		assert_int_equal(json_object_size(faults), 2);
		json_decref(line);
	}
	fclose(file);
}

/* Where they can't be written it says so and fails, and trading goes on. */
static void sessions_unwritten(void **state)
{
	(void)state;
	header();
	row("true", 1);
	row("false", 2);
	publish_with("--sessions", "/dev/full");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
	lab_says(&exchange, "--sessions: /dev/full: No space left on device");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 1);
}

static void message_content(void **state)
{
	struct market_data_message message;

	(void)state;
	header();
	feed_text_row(&text, true, "ask", "61800.3", "1.072");
	feed_text_row(&text, false, "bid", "0.00000001", "0");
	feed_text_add(&text, "x,ETH,1,1,false,bid,2500,3\n");
	assert_int_equal(publish(), 3);
	message = listener_message(&listener, 0, 0);
	assert_int_equal(message.type, 'U');
	assert_int_equal(message.side, 'A');
	assert_int_equal(message.symbol_id, 0);
	assert_int_equal(message.price, 61800300000000);
	assert_int_equal(message.quantity, 1072000000);
	assert_int_equal(message.order_id, 0);
	assert_int_equal(listener.datagrams[0].len, 36);
	message = listener_message(&listener, 1, 0);
	assert_int_equal(message.type, 'D');
	assert_int_equal(message.side, 'B');
	assert_int_equal(message.price, 10);
	assert_int_equal(message.quantity, 0);
	assert_int_equal(listener_message(&listener, 2, 0).symbol_id, 1);
}

static void snapshot_column(void **state)
{
	(void)state;
	feed_text_add(&text, "symbol,is_snapshot,side,price,amount,note\n"
			     "BTC,true,ask,1,1,\n"
			     "BTC,TRUE,ask,2,1,\n"
			     "BTC, true ,ask,3,1,\n"
			     "BTC,false,ask,4,1,snapshot=true\n"
			     "BTC,false,ask,5,1,true\n"
			     "snapshot,,ask,6,1,is_snapshot\n"
			     "BTC,true,ask,7,1,false\n");
	publish();
	heard_are("s1 s2 s3 4 5 6 s7");
}

#define JSON_BIDS(price)                                              \
	"\"bids\":[{\"price\":" #price ",\"amount\":1}],\"asks\":[]}" \
	"\n"

/* The first five are snapshots. */
static void snapshot_json(void **state)
{
	static const char *const lines[] = {
		"{\"snapshot\": true," JSON_BIDS(1),
		"{\"is_snapshot\": true," JSON_BIDS(2),
		"{\"isSnapshot\":true," JSON_BIDS(3),
		"{ \"snapshot\"  :   true , " JSON_BIDS(4),
		"{\"type\":\"book_change\",\"isSnapshot\":true," JSON_BIDS(5),
		"{\"isSnapshot\":false," JSON_BIDS(6),
		"{\"note\":\"snapshot=true\"," JSON_BIDS(7),
		"{\"note\":\"\\\"snapshot\\\": true\"," JSON_BIDS(8),
		"{\"inner\":{\"snapshot\":true}," JSON_BIDS(9),
		"{\"snapshot\":\"truest\"," JSON_BIDS(10),
		"{" JSON_BIDS(11),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		feed_text_add(&text, "%s", lines[i]);
	publish();
	heard_are("s1 s2 s3 s4 s5 6 7 8 9 10 11");
}

static void snapshot_forms(void **state)
{
	(void)state;
	feed_text_add(
		&text,
		"{\"method\":\"subscribe\",\"result\":{\"channel\":\"book\","
		"\"snapshot\":true},\"success\":true}\n"
		"{\"type\":\"ticker\",\"snapshot\":true,\"data\":{\"a\":1}}\n"
		"{\"channel\":\"book\",\"type\":\"snapshot\",\"data\":[{"
		"\"symbol\":\"BTC/USD\",\"bids\":[{\"price\":1,\"qty\":2}],"
		"\"asks\":[{\"price\":2,\"qty\":2}]}]}\n"
		"{\"channel\":\"book\",\"type\":\"update\",\"data\":[{"
		"\"symbol\":\"BTC/USD\",\"bids\":[{\"price\":3,\"qty\":0}],"
		"\"asks\":[]}]}\n"
		"{\"type\":\"snapshot\",\"product_id\":\"BTC-USD\",\"bids\":[["
		"\"4\",\"1\"]],\"asks\":[[\"5\",\"1\"]]}\n"
		"{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":"
		"[[\"sell\",\"6\",\"1\"],[\"buy\",\"7\",\"0\"]]}\n");
	publish();
	heard_are("s1,2 3 s4,5 6,7");
	assert_int_equal(listener_message(&listener, 3, 0).side, 'A');
	assert_int_equal(listener_message(&listener, 3, 1).side, 'B');
	assert_int_equal(listener_message(&listener, 3, 1).type, 'D');
}

static void many_levels(void **state)
{
	size_t count, messages = 0;

	(void)state;
	feed_text_add(&text, "{\"isSnapshot\":true,\"bids\":[");
	for (int i = 1; i <= 200; i++)
		feed_text_add(&text, "%s{\"price\":%d,\"amount\":1}",
			      i > 1 ? "," : "", i);
	feed_text_add(&text,
		      "],\"asks\":[]}\n{\"isSnapshot\":false," JSON_BIDS(300));
	count = publish();
	assert_int_equal(count, 5); /* 52 a datagram */
	for (size_t i = 0; i < count - 1; i++) {
		unsigned int n = listener.datagrams[i].header.message_count;

		assert_int_equal(
			listener.datagrams[i].header.flags,
			MARKET_DATA_SNAPSHOT |
				(i == 0 ? MARKET_DATA_BOOK_BEGINS : 0));
		assert_true(listener.datagrams[i].len <= 1472);
		for (unsigned int j = 0; j < n; j++)
			assert_int_equal(
				listener_message(&listener, i, j).price,
				++messages * (uint64_t)DECIMAL_ONE);
	}
	assert_int_equal(messages, 200);
}

static void snapshots_in_handshake(void **state)
{
	(void)state;
	header();
	for (unsigned int i = 0; i < 20; i++)
		row("true", 100 + i);
	row("false", 200);
	row("false", 201);
	publish_with("--pace", "rate:20");
	assert_int_equal(listener_hear(&listener, 10, LAB_SOON_MS), 10);
	program_read(&exchange, 0);
	assert_int_equal(
		program_count(&exchange, PROGRAM_OUT, "state TRANSMIT"), 0);
	assert_int_equal(listener_hear(&listener, 23, LAB_SOON_MS), 23);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (size_t i = 0; i < 22; i++) {
		assert_int_equal(listener_price(&listener, i),
				 i < 20 ? 100 + i : 180 + i);
		assert_int_equal(listener.datagrams[i].header.flags,
				 i == 0 ? MARKET_DATA_SNAPSHOT |
						  MARKET_DATA_BOOK_BEGINS
				 : i < 20 ? MARKET_DATA_SNAPSHOT
					  : 0);
	}
}

static void later_snapshots(void **state)
{
	(void)state;
	header();
	row("true", 1);
	row("false", 2);
	row("true", 3);
	row("true", 4);
	row("false", 5);
	publish();
	heard_are("s1 2 s3 s4 5");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 3, 1000000000, 0);
	lab_line(&exchange, "order ");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 3);
}

static void no_snapshot(void **state)
{
	(void)state;
	header();
	row("false", 1);
	publish();
	heard_are("1");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
}

static void end_of_feed(void **state)
{
	size_t end;

	(void)state;
	header();
	row("true", 1);
	row("false", 2);
	end = publish();
	assert_int_equal(listener.datagrams[end].header.message_count, 0);
	assert_int_equal(listener.datagrams[end].len, 8);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (uint32_t i = 1; i <= 10; i++) {
		order_client_order(client, i, 1000000000, 0);
		assert_int_equal(
			lab_number(lab_line(&exchange, "order "), "quantity"),
			i);
	}
	/* It is said again, since a datagram can be lost; as the same. */
	assert_true(listener_hear(&listener, end + 3, LAB_SOON_MS) >= end + 3);
	for (size_t i = end; i < listener.count; i++) {
		assert_int_equal(listener.datagrams[i].header.sequence, end);
		assert_true(listener.datagrams[i].header.flags &
			    MARKET_DATA_END_OF_FEED);
	}
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
}

static void loop(void **state)
{
	(void)state;
	header();
	row("true", 1);
	row("false", 2);
	row("false", 3);
	feed_file_take(text_path(), &text);
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, text_path(), "--loop", "--pace",
		     "rate:2000", NULL);
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 300, LAB_SOON_MS), 300);
	for (size_t i = 0; i < 300; i++) {
		assert_int_equal(listener.datagrams[i].header.sequence, i);
		assert_int_equal(listener.datagrams[i].header.flags,
				 i % 3 == 0 ? MARKET_DATA_SNAPSHOT |
						      MARKET_DATA_BOOK_BEGINS
					    : 0);
		assert_int_equal(listener_price(&listener, i), i % 3 + 1);
	}
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 3, 1000000000, 0);
	lab_line(&exchange, "order ");
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 4);
}

static void snapshots_only(void **state)
{
	(void)state;
	header();
	row("true", 1);
	row("true", 2);
	publish();
	heard_are("s1 s2");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 5, 1000000000, 1);
	lab_line(&exchange, "order ");
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
}

static void settle(void **state)
{
	(void)state;
	header();
	row("true", 1);
	feed_file_take(text_path(), &text);
	publish_with("--settle-ms", "1000");
	lab_states(&exchange, "HANDSHAKE");
	assert_int_equal(listener_quiet(&listener, LAB_QUIET_MS), 0);
	assert_int_equal(listener_hear(&listener, 1, LAB_SOON_MS), 1);
	heard_are("s1");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.6 a file of several gzip members is one text", multi_member,
		 clean),
	LAB_TEST("A.7 CRLF, blank lines, no newline at the end", line_ends,
		 clean),
	LAB_TEST("A.7 a file without a header line", no_header, clean),
	LAB_TEST("A.7 lines of 8 MiB are left out and named", long_line, clean),
	LAB_TEST("A.7 bad lines are named and counted", bad_lines, clean),
	LAB_TEST("A.7 --sessions tells what became of each line",
		 sessions_written, clean),
	LAB_TEST("A.7 --sessions that can't be written is a failure",
		 sessions_unwritten, clean),
	LAB_TEST("A.8 snapshot is the column of that name", snapshot_column,
		 clean),
	LAB_TEST("A.8 snapshot is the member of that name, in any spacing",
		 snapshot_json, clean),
	LAB_TEST("A.8 Coinbase, Kraken: by type; acknowledgements are skipped",
		 snapshot_forms, clean),
	LAB_TEST("A.9 true lines in HANDSHAKE; the first false one moves on "
		 "and is published, once",
		 snapshots_in_handshake, clean),
	LAB_TEST("A.9 true lines later stay in TRANSMIT, flagged",
		 later_snapshots, clean),
	LAB_TEST("A.9 without a true line TRANSMIT comes at once", no_snapshot,
		 clean),
	LAB_TEST("A.10 at the end of the feed orders are still taken",
		 end_of_feed, clean),
	LAB_TEST("A.10 --loop starts over, without end", loop, clean),
	LAB_TEST("A.10 a file of snapshots only: TRANSMIT, then idle",
		 snapshots_only, clean),
	LAB_TEST("A.11 the default makes the documented bytes of a CSV row",
		 message_content, clean),
	LAB_TEST("A.11 a line of many levels makes datagrams within the MTU",
		 many_levels, clean),
	LAB_TEST("A.16 --settle-ms waits before the first datagram", settle,
		 clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_feed", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
