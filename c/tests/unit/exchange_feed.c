/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "exchange/feed.h"

static char path[64];

static int path_make(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/t2t-feed-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int path_remove(void **state)
{
	(void)state;
	return unlink(path);
}

static void append_bytes(const void *bytes, size_t len)
{
	FILE *file = fopen(path, "ab");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Each call adds a member. */
static void append_gzip(const char *text, size_t len)
{
	gzFile file = gzopen(path, "ab");

	assert_non_null(file);
	assert_int_equal(gzwrite(file, text, (unsigned int)len), len);
	assert_int_equal(gzclose(file), Z_OK);
}

static void append_text(const char *text)
{
	append_gzip(text, strlen(text));
}

static size_t file_len(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return (size_t)status.st_size;
}

static struct feed *open_feed(void)
{
	struct feed *feed;

	assert_int_equal(feed_open(path, &feed), 0);
	return feed;
}

static void expect_line(struct feed *feed, const char *text, uint64_t number)
{
	uint64_t found;
	const char *line;
	size_t len;

	assert_int_equal(feed_line(feed, &line, &len, &found), 1);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(line, text, len);
	assert_int_equal(found, number);
}

static void expect_end(struct feed *feed, int result)
{
	uint64_t number;
	const char *line;
	size_t len;

	assert_int_equal(feed_line(feed, &line, &len, &number), result);
	/* And it stays so. */
	assert_int_equal(feed_line(feed, &line, &len, &number), result);
	feed_close(feed);
}

/* What is said on stderr in between. */
static FILE *said;
static int stderr_before;

static void said_begin(void)
{
	said = tmpfile();
	assert_non_null(said);
	stderr_before = dup(STDERR_FILENO);
	assert_true(dup2(fileno(said), STDERR_FILENO) >= 0);
}

static void said_end(char *text, size_t size)
{
	size_t len;

	assert_true(dup2(stderr_before, STDERR_FILENO) >= 0);
	close(stderr_before);
	rewind(said);
	len = fread(text, 1, size - 1, said);
	text[len] = '\0';
	fclose(said);
}

static void lines_come_one_by_one(void **state)
{
	struct feed *feed;

	(void)state;
	append_text("one\ntwo\nthree\n");
	feed = open_feed();
	expect_line(feed, "one", 1);
	expect_line(feed, "two", 2);
	expect_line(feed, "three", 3);
	expect_end(feed, 0);
}

static void ends_of_line_are_left_out(void **state)
{
	struct feed *feed;

	(void)state;
	append_text("one\r\ntwo\n\r\n\n \t\r\nth\rree\r\nfour");
	feed = open_feed();
	expect_line(feed, "one", 1);
	expect_line(feed, "two", 2);
	expect_line(feed, "th\rree", 6);
	expect_line(feed, "four", 7);
	assert_int_equal(feed_counted(feed)->blank, 3);
	assert_int_equal(feed_counted(feed)->lines, 7);
	expect_end(feed, 0);
}

static void a_byte_order_mark_is_left_out(void **state)
{
	struct feed *feed;

	(void)state;
	append_text("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n");
	feed = open_feed();
	expect_line(feed, "one", 1);
	/* Of a file behind another. */
	expect_line(feed, "two", 2);
	expect_end(feed, 0);
}

static void members_are_one_text(void **state)
{
	struct feed *feed;

	(void)state;
	append_text("one\ntw");
	append_text("");
	append_text("o\nthree");
	append_text("\n");
	feed = open_feed();
	expect_line(feed, "one", 1);
	expect_line(feed, "two", 2);
	expect_line(feed, "three", 3);
	expect_end(feed, 0);
}

static void many_small_members_are_one_text(void **state)
{
	char text[32];
	struct feed *feed;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "line %d\n", i);
		append_text(text);
	}
	assert_true(file_len() > 65536);
	feed = open_feed();
	for (int i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		expect_line(feed, text, (uint64_t)i + 1);
	}
	expect_end(feed, 0);
}

/* A member of exactly len bytes, by an extra field in its header. */
static void append_padded(const char *text, size_t len)
{
	uint8_t header[12] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3 };
	uint8_t plain[256], *padding = calloc(1, len);
	z_stream z = { 0 };
	size_t plain_len, extra;

	assert_non_null(padding);
	assert_int_equal(
		deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
		Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)text;
	z.avail_in = (unsigned int)strlen(text);
	z.next_out = plain;
	z.avail_out = sizeof(plain);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	plain_len = sizeof(plain) - z.avail_out;
	deflateEnd(&z);
	extra = len - plain_len - 2;
	assert_true(extra <= UINT16_MAX);
	header[10] = (uint8_t)extra;
	header[11] = (uint8_t)(extra >> 8);
	append_bytes(header, sizeof(header));
	append_bytes(padding, extra);
	append_bytes(plain + 10, plain_len - 10);
	free(padding);
}

static void a_read_may_cut_a_members_start(void **state)
{
	(void)state;
	/* Reads are of 65536 bytes: the second begins around their edge. */
	for (size_t len = 65530; len <= 65536; len++) {
		struct feed *feed;

		assert_int_equal(truncate(path, 0), 0);
		append_padded("one\n", len);
		assert_int_equal(file_len(), len);
		append_text("two\n");
		feed = open_feed();
		expect_line(feed, "one", 1);
		expect_line(feed, "two", 2);
		expect_end(feed, 0);
	}
}

static void what_lies_behind_is_ignored(void **state)
{
	struct feed *feed;

	(void)state;
	append_text("one\n");
	append_bytes("\0\0\0garbage", 10);
	feed = open_feed();
	expect_line(feed, "one", 1);
	expect_end(feed, 0);
}

/* A text of count lines that hardly compress, "N:random". */
static char *random_lines(unsigned int count, size_t *len)
{
	char *text = malloc(count * 32);
	uint32_t random = 1;

	assert_non_null(text);
	*len = 0;
	for (unsigned int i = 0; i < count; i++) {
		random = random * 1664525 + 1013904223;
		*len += (size_t)sprintf(text + *len, "%u:%08x%08x\n", i, random,
					random * 2654435761U);
	}
	return text;
}

static void whole_lines_come_before_a_cut(void **state)
{
	unsigned int count = 0;
	struct feed *feed;
	uint64_t number;
	const char *line;
	char *text;
	size_t len;
	int rc;

	(void)state;
	text = random_lines(20000, &len);
	append_gzip(text, len);
	assert_int_equal(truncate(path, (off_t)file_len() / 2), 0);
	feed = open_feed();
	while ((rc = feed_line(feed, &line, &len, &number)) > 0) {
		/* None of them is cut itself. */
		assert_int_equal(strtoul(line, NULL, 10), count++);
		assert_int_equal(
			(const char *)memchr(line, ':', len) + 17 - line, len);
	}
	assert_int_equal(rc, -EBADMSG);
	assert_in_range(count, 9000, 11000);
	expect_end(feed, -EBADMSG);
	free(text);
}

static void any_cut_is_found(void **state)
{
	size_t whole;

	(void)state;
	append_text("one\ntwo\nthree\n");
	whole = file_len();
	for (size_t len = whole - 1; len >= 1; len--) {
		struct feed *feed;
		uint64_t number;
		const char *line;
		int rc;

		assert_int_equal(truncate(path, (off_t)len), 0);
		rc = feed_open(path, &feed);
		while (rc == 0) {
			size_t line_len;

			rc = feed_line(feed, &line, &line_len, &number);
			rc = rc > 0 ? 0 : rc ? rc : 1;
		}
		assert_int_equal(rc, -EBADMSG);
		feed_close(feed);
	}
}

static void a_flipped_byte_is_found(void **state)
{
	uint8_t bytes[4096];
	size_t len;
	FILE *file;

	(void)state;
	append_text("one\ntwo\nthree, and some more to have bytes to flip\n");
	len = file_len();
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof(bytes), file), len);
	fclose(file);
	/* Behind the ten bytes of header, whose flags and time are free. */
	for (size_t i = 10; i < len; i++) {
		struct feed *feed;
		uint64_t number;
		const char *line;
		size_t line_len;
		int rc;

		bytes[i] ^= 0x10;
		assert_int_equal(truncate(path, 0), 0);
		append_bytes(bytes, len);
		bytes[i] ^= 0x10;
		feed = open_feed();
		while ((rc = feed_line(feed, &line, &line_len, &number)) > 0)
			;
		assert_int_equal(rc, -EBADMSG);
		feed_close(feed);
	}
}

static void an_empty_file_is_an_error(void **state)
{
	struct feed *feed;

	(void)state;
	assert_int_equal(feed_open(path, &feed), -ENODATA);
	assert_null(feed);
}

static void a_file_without_lines_is_an_error(void **state)
{
	(void)state;
	append_text("");
	expect_end(open_feed(), -ENODATA);
	append_text("\n\r\n  \n");
	expect_end(open_feed(), -ENODATA);
}

static void what_is_no_gzip_is_an_error(void **state)
{
	struct feed *feed;

	(void)state;
	append_bytes("exchange,symbol\n", 16);
	assert_int_equal(feed_open(path, &feed), -EBADMSG);
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(feed_open(path, &feed), -EBADMSG);
}

static void what_is_no_file_is_an_error(void **state)
{
	struct feed *feed;

	(void)state;
	assert_int_equal(feed_open("/nowhere/feed.gz", &feed), -ENOENT);
	assert_int_equal(feed_open("/tmp", &feed), -EISDIR);
	assert_int_equal(feed_open("/dev/zero", &feed), -EINVAL);
	/* A pipe without a writer must not block. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(feed_open(path, &feed), -EINVAL);
}

static void a_line_may_be_as_long_as_allowed(void **state)
{
	static char text[FEED_LINE_MAX + 1];
	struct feed *feed;

	(void)state;
	memset(text, 'x', FEED_LINE_MAX);
	append_text("first\n");
	append_text(text);
	append_text("\r\n");
	append_text(text);
	append_text("\nlast\n");
	feed = open_feed();
	expect_line(feed, "first", 1);
	expect_line(feed, text, 2);
	expect_line(feed, text, 3);
	expect_line(feed, "last", 4);
	assert_int_equal(feed_counted(feed)->overlong, 0);
	expect_end(feed, 0);
}

/* What is no gzip file is called by its name; the text in it may be UTF-16,
 * which has no lines as they are read here. */
static void other_files_are_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} files[] = {
		{ "\x28\xb5\x2f\xfd\x04", 5, "zstd -dc" },
		{ "\xfd"
		  "7zXZ",
		  6, "xz -dc" },
		{ "BZh91AY", 7, "bzip2 -dc" },
		{ "PK\3\4\x14", 5, "unzip -p" },
		{ "\x04\x22\x4d\x18", 4, "lz4 -dc" },
		{ "PAR1", 4, "Parquet" },
		{ "side,price\n", 11, "plain text: gzip it" },
		{ " {\"a\":1}", 8, "plain text: gzip it" },
		{ "\x01\x02\x03\x04", 4, "not a gzip file" },
	};
	struct feed *feed;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(truncate(path, 0), 0);
		append_bytes(files[i].bytes, files[i].len);
		said_begin();
		assert_int_equal(feed_open(path, &feed), -EBADMSG);
		said_end(text, sizeof(text));
		if (!strstr(text, files[i].says))
			fail_msg("%s: %s", files[i].says, text);
	}
}

static void what_is_no_feed_is_told_by_its_first_line(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} texts[] = {
		{ "\xff\xfes\0i\0d\0e\0\n\0", 12, "iconv -f UTF-16 -t UTF-8" },
		{ "<!DOCTYPE html>\n<html>\n", 23, "it is a web page" },
		{ "<HTML>404", 9, "it is a web page" },
		{ "<?xml version=\"1.0\"?>\n<Error/>\n", 32,
		  "it is a web page" },
		{ "{\n \"bids\": []\n}\n", 17, "jq -c ." },
		{ "{ \r\n \"bids\": []\r\n}\r\n", 21, "jq -c ." },
		{ "{", 1, "jq -c ." },
		{ "side,price\rask,1\r", 17, "tr '\\r' '\\n'" },
	};
	/* They look like them. */
	static const char *const good[] = {
		"{\"bids\":[]}\n",   "{}\n",	 "[\n{\"bids\":[]}\n]\n",
		"side,price\r\n",    "< html\n", "side\r\r\n",
		"\x01noise\r\x02\n",
	};
	struct feed *feed;
	const char *line;
	uint64_t number;
	size_t len;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(truncate(path, 0), 0);
		append_gzip(texts[i].bytes, texts[i].len);
		feed = open_feed();
		said_begin();
		expect_end(feed, -EBADMSG);
		said_end(text, sizeof(text));
		if (!strstr(text, texts[i].says))
			fail_msg("%s: %s", texts[i].says, text);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(truncate(path, 0), 0);
		append_text(good[i]);
		feed = open_feed();
		assert_int_equal(feed_line(feed, &line, &len, &number), 1);
		feed_close(feed);
	}
}

static void longer_lines_are_skipped(void **state)
{
	enum { LONGEST = 2 * FEED_LINE_MAX };
	static const size_t lens[] = {
		FEED_LINE_MAX + 1,     FEED_LINE_MAX + 2,
		FEED_LINE_MAX + 65536, FEED_LINE_MAX + 65537,
		FEED_LINE_MAX * 3 / 2, LONGEST
	};
	char *text = malloc(LONGEST);
	struct feed *feed;
	uint64_t number = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONGEST);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		append_gzip(text, lens[i]);
		append_text("\nshort\n");
	}
	append_gzip(text, LONGEST); /* the last one, without an end */
	feed = open_feed();
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		expect_line(feed, "short", number += 2);
	free(text);
	{
		uint64_t last;
		const char *line;
		size_t len;

		assert_int_equal(feed_line(feed, &line, &len, &last), 0);
	}
	assert_int_equal(feed_counted(feed)->overlong, 7);
	assert_int_equal(feed_counted(feed)->lines, 13);
	expect_end(feed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, path_make, path_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_one_by_one),
		TEST(ends_of_line_are_left_out),
		TEST(a_byte_order_mark_is_left_out),
		TEST(members_are_one_text),
		TEST(many_small_members_are_one_text),
		TEST(a_read_may_cut_a_members_start),
		TEST(what_lies_behind_is_ignored),
		TEST(whole_lines_come_before_a_cut),
		TEST(any_cut_is_found),
		TEST(a_flipped_byte_is_found),
		TEST(an_empty_file_is_an_error),
		TEST(a_file_without_lines_is_an_error),
		TEST(what_is_no_gzip_is_an_error),
		TEST(what_is_no_file_is_an_error),
		TEST(a_line_may_be_as_long_as_allowed),
		TEST(other_files_are_named),
		TEST(what_is_no_feed_is_told_by_its_first_line),
		TEST(longer_lines_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
