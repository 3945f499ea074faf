/* SPDX-License-Identifier: MIT */
/* Feeds that are no feeds: each is named, ends the session, and leaves an
 * exchange that still serves. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lab lab;
static struct program exchange;
static struct listener listener;
static struct feed_text text;
static char path[PATH_MAX];

static int clean(void **state)
{
	(void)state;
	program_end(&exchange);
	listener_close(&listener);
	feed_text_free(&text);
	return 0;
}

static void start(void)
{
	lab_path(&lab, "bad.csv.gz", path);
	unlink(path);
	rmdir(path);
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, path, NULL);
}

/* A session over what lies at the path ends by itself, with its name on
 * stderr; how many datagrams there were. */
static size_t session_fails(bool transmits)
{
	int client = lab_connect();
	size_t heard;

	lab_states(&exchange, "HANDSHAKE");
	if (transmits)
		lab_states(&exchange, "TRANSMIT");
	lab_states(&exchange, "INIT");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	order_client_close(client);
	lab_says(&exchange, path);
	heard = listener_hear(&listener, SIZE_MAX, LAB_QUIET_MS);
	listener_forget(&listener);
	return heard;
}

/* With a good feed in its place all is well, and the end is clean: the exit
 * code is that of all sessions. */
static void still_serves_to(int code)
{
	int client;

	unlink(path);
	rmdir(path);
	feed_text_free(&text);
	feed_text_plain(&text, 2, 3);
	feed_file_take(path, &text);
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 6, LAB_SOON_MS), 6);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 9, 1000000000, 0);
	assert_int_equal(lab_number(lab_line(&exchange, "order "), "quantity"),
			 9);
	order_client_close(client);
	lab_states(&exchange, "INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), code);
}

static void still_serves(void)
{
	still_serves_to(0);
}

static void missing(void **state)
{
	(void)state;
	start();
	assert_int_equal(session_fails(false), 0);
	lab_says(&exchange, "No such file");
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void directory(void **state)
{
	(void)state;
	start();
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void fifo(void **state)
{
	(void)state;
	start();
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void empty(void **state)
{
	(void)state;
	start();
	feed_file_raw(path, "", 0);
	assert_int_equal(session_fails(false), 0);
	feed_file_write(path, &text); /* gzip of nothing */
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void plain_text(void **state)
{
	(void)state;
	start();
	feed_text_plain(&text, 2, 2);
	feed_file_raw(path, text.bytes, text.len);
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void large(void)
{
	feed_text_free(&text);
	feed_text_plain(&text, 10, 20000);
	feed_file_write(path, &text);
}

static void truncated(void **state)
{
	size_t heard;

	(void)state;
	start();
	large();
	feed_file_truncate(path, 500);
	heard = session_fails(true);
	print_message("# half a file made %zu datagrams\n", heard);
	assert_in_range(heard, 5000, 16000);
	/* Cut in its tail: all lines are there, the checksum is not. */
	large();
	feed_file_truncate(path, 999);
	assert_in_range(session_fails(true), 15000, 20011);
	/* Cut in its head. */
	large();
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void corrupt(void **state)
{
	(void)state;
	start();
	large();
	feed_file_corrupt(path, 500);
	assert_true(session_fails(true) < 20011);
	large();
	feed_file_corrupt(path, 0);
	assert_int_equal(session_fails(false), 0);
	still_serves_to(1);
}

static void truncated_member(void **state)
{
	(void)state;
	start();
	feed_text_plain(&text, 1, 50);
	feed_file_write(path, &text);
	feed_file_append(path, &text);
	feed_file_truncate(path, 900);
	assert_true(session_fails(true) >= 51);
	still_serves_to(1);
}

/* What lies behind the last member is no reason to fail. */
static void trailing_junk(void **state)
{
	FILE *file;
	int client;

	(void)state;
	start();
	feed_text_plain(&text, 1, 1);
	feed_file_write(path, &text);
	file = fopen(path, "ae");
	assert_non_null(file);
	fputs("junk behind the end", file);
	fclose(file);
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 2);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_says(&exchange, path);
	order_client_close(client);
	lab_states(&exchange, "INIT");
	listener_forget(&listener);
	still_serves();
}

/* A megabyte of noise as lines, and one of a single line: nothing of it is
 * worth a datagram, all of it is counted, and nothing breaks. */
static void binary_junk(void **state)
{
	static uint8_t noise[1 << 20];
	int client;

	(void)state;
	start();
	srandom(4711);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random();
	feed_text_bytes(&text, noise, sizeof(noise));
	feed_text_add(&text, "\n");
	memset(noise, 0, sizeof(noise));
	feed_text_bytes(&text, noise, sizeof(noise));
	feed_text_add(&text, "\n" FEED_FILE_HEADER);
	feed_text_row(&text, false, "ask", "77", "1");
	feed_file_take(path, &text);
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 1);
	assert_int_equal(listener_price(&listener, 0), 77);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_says(&exchange, "line 1 ");
	order_client_close(client);
	lab_states(&exchange, "INIT");
	listener_forget(&listener);
	still_serves();
}

static void only_long_line(void **state)
{
	char *line = malloc(4 << 20);
	int client;

	(void)state;
	assert_non_null(line);
	start();
	memset(line, '{', 4 << 20);
	feed_text_bytes(&text, line, 4 << 20);
	feed_file_take(path, &text);
	free(line);
	client = lab_connect();
	lab_says(&exchange, path);
	lab_says(&exchange, "line 1 ");
	order_client_close(client);
	lab_line(&exchange, "state INIT");
	listener_quiet(&listener, LAB_QUIET_MS);
	listener_forget(&listener);
	program_line(&exchange, PROGRAM_OUT, "state ", 0);
	/* Nothing of it was published. */
	lab_says(&exchange, "session 1 published nothing of 1 lines");
	still_serves_to(1);
}

/* A gzip bomb: 200 MB that were 200 KB. */
static void memory_stays(void **state)
{
	struct feed_text block = { 0 };
	int client;

	(void)state;
	start();
	feed_text_plain(&text, 0, 1);
	feed_file_write(path, &text);
	for (int i = 0; i < 40000; i++)
		feed_text_add(&block, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
				      "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
				      "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
				      "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
				      "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
	for (int i = 0; i < 50; i++)
		feed_file_append(path, &block);
	feed_text_free(&block);
	client = lab_connect();
	assert_int_equal(listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
					    LAB_SOON_MS),
			 1);
	if (!SANITIZED)
		assert_in_range(program_memory_kib(&exchange, "VmHWM"), 1,
				64 * 1024);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_close(client);
	lab_states(&exchange, "INIT");
	listener_forget(&listener);
	still_serves();
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.6 a missing feed is named, INIT, and it still serves",
		 missing, clean),
	LAB_TEST("A.6 a directory in place of the feed", directory, clean),
	LAB_TEST("A.6 a pipe in place of the feed does not hang it", fifo,
		 clean),
	LAB_TEST("A.6 an empty feed, and gzip of nothing", empty, clean),
	LAB_TEST("A.6 a feed that is no gzip", plain_text, clean),
	LAB_TEST("A.6 a truncated feed: its whole lines first, then INIT",
		 truncated, clean),
	LAB_TEST("A.6 a corrupt feed", corrupt, clean),
	LAB_TEST("A.6 a feed whose second member is truncated",
		 truncated_member, clean),
	LAB_TEST("A.6 junk behind the last member is passed over",
		 trailing_junk, clean),
	LAB_TEST("A.7 binary junk", binary_junk, clean),
	LAB_TEST("A.7 a single line of 4 MB and nothing else", only_long_line,
		 clean),
	LAB_TEST("A.7 memory does not grow with the file", memory_stays, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "bad_input", tests, ARRAY_SIZE(tests), argc, argv);
}
