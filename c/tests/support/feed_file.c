/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support/feed_file.h"

void feed_text_free(struct feed_text *text)
{
	free(text->bytes);
	*text = (struct feed_text){ 0 };
}

void feed_text_bytes(struct feed_text *text, const void *bytes, size_t len)
{
	if (text->capacity - text->len < len) {
		text->capacity = 2 * text->capacity + len + 4096;
		text->bytes = realloc(text->bytes, text->capacity);
		assert_non_null(text->bytes);
	}
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

void feed_text_add(struct feed_text *text, const char *format, ...)
{
	va_list arguments;
	char *line;
	int len;

	va_start(arguments, format);
	len = vasprintf(&line, format, arguments);
	va_end(arguments);
	assert_true(len >= 0);
	feed_text_bytes(text, line, (size_t)len);
	free(line);
}

void feed_text_row(struct feed_text *text, bool snapshot, const char *side,
		   const char *price, const char *amount)
{
	feed_text_add(text,
		      "binance-futures,BTCUSDT,1723161256493000,"
		      "1723161256493000,%s,%s,%s,%s\n",
		      snapshot ? "true" : "false", side, price, amount);
}

void feed_text_plain(struct feed_text *text, unsigned int snapshots,
		     unsigned int updates)
{
	char price[16];

	feed_text_add(text, FEED_FILE_HEADER);
	for (unsigned int i = 0; i < snapshots; i++) {
		snprintf(price, sizeof(price), "%u", 1000 + i);
		feed_text_row(text, true, "ask", price, "1");
	}
	for (unsigned int i = 0; i < updates; i++) {
		snprintf(price, sizeof(price), "%u", 2000 + i);
		feed_text_row(text, false, "ask", price, "1");
	}
}

static void member_write(const char *path, const struct feed_text *text,
			 const char *mode)
{
	gzFile file = gzopen(path, mode);

	assert_non_null(file);
	if (text->len > 0)
		assert_int_equal(
			gzwrite(file, text->bytes, (unsigned int)text->len),
			text->len);
	assert_int_equal(gzclose(file), Z_OK);
}

void feed_file_write(const char *path, const struct feed_text *text)
{
	member_write(path, text, "wb1");
}

void feed_file_append(const char *path, const struct feed_text *text)
{
	member_write(path, text, "ab1");
}

void feed_file_take(const char *path, struct feed_text *text)
{
	feed_file_write(path, text);
	feed_text_free(text);
}

void feed_file_raw(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static off_t point_in(const char *path, unsigned int permille)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size * permille / 1000;
}

/* At an odd byte: a capture's blocks end at multiples of four. */
void feed_file_truncate(const char *path, unsigned int permille)
{
	assert_int_equal(truncate(path, point_in(path, permille) | 1), 0);
}

void feed_file_corrupt(const char *path, unsigned int permille)
{
	off_t at = point_in(path, permille);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (uint8_t)~byte;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}
