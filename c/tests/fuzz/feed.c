/* SPDX-License-Identifier: MIT */
/*
 * The bytes as a gzip file: lines, then an end or a fault. And the bytes as
 * the text of one: the same lines that a plain reader finds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "exchange/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What a text of zeros may inflate to, at most. */
#define LINES_MAX(size) ((size)*1100 + 1)

static int memory;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	/* Its errors are the point, not to be read. */
	log_open("fuzz", (enum log_level) - 1);
	memory = memfd_create("feed", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	return 0;
}

static void file_set(const uint8_t *data, size_t size)
{
	if (ftruncate(memory, 0) < 0 ||
	    pwrite(memory, data, size, 0) != (ssize_t)size)
		abort();
}

static void check_any(const uint8_t *data, size_t size)
{
	uint64_t number, last = 0, count = 0;
	struct feed *feed;
	const char *line;
	size_t len;
	int rc;

	file_set(data, size);
	rc = feed_open(path, &feed);
	if (rc < 0)
		return;
	while ((rc = feed_line(feed, &line, &len, &number)) > 0) {
		if (len == 0 || len > FEED_LINE_MAX || number <= last ||
		    memchr(line, '\n', len) || ++count > LINES_MAX(size))
			abort();
		last = number;
	}
	if (rc != 0 && rc != -EBADMSG && rc != -ENODATA)
		abort();
	feed_close(feed);
}

static size_t deflated(const uint8_t *data, size_t size, uint8_t *out,
		       size_t out_size)
{
	z_stream z = { 0 };

	if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		abort();
	z.next_in = (uint8_t *)(uintptr_t)data;
	z.avail_in = (unsigned int)size;
	z.next_out = out;
	z.avail_out = (unsigned int)out_size;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return out_size - z.avail_out;
}

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t')
			return false;
	return true;
}

/* Text of 16 bits a character is refused by its first line. */
static bool is_utf16(const char *text, size_t size)
{
	const char *newline = memchr(text, '\n', size);
	size_t len = newline ? (size_t)(newline - text) : size;

	if (len < 2)
		return false;
	if (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))
		return true;
	return len >= 4 && ((text[0] && !text[1] && text[2] && !text[3]) ||
			    (!text[0] && text[1] && !text[2] && text[3]));
}

/* ... and so are web pages, JSON spread over lines, and CR in the place of
 * newlines. */
static bool is_refused(const char *text, size_t size)
{
	static const char *const begins[] = { "<!doctype", "<html", "<?xml" };
	const char *newline = memchr(text, '\n', size);
	size_t len = newline ? (size_t)(newline - text) : size;
	size_t brace = len;

	for (size_t i = 0; i < 3; i++)
		if (len >= strlen(begins[i]) &&
		    !strncasecmp(text, begins[i], strlen(begins[i])))
			return true;
	while (brace > 1 && (text[brace - 1] == '\r' || text[brace - 1] == ' '))
		brace--;
	if (brace == 1 && *text == '{')
		return true;
	while (len > 0 && text[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < ' ' && text[i] != '\r' &&
		    text[i] != '\t')
			return is_utf16(text, size);
	return memchr(text, '\r', len) || is_utf16(text, size);
}

static void check_text(const char *text, size_t size, size_t cut)
{
	static uint8_t file[2 * 65536 + 1024];
	uint64_t number, expected = 0;
	const char *line, *end = text + size;
	struct feed *feed;
	size_t len, split = size ? cut % size : 0;

	/* Two members, cut anywhere. */
	len = deflated((const uint8_t *)text, split, file, sizeof(file));
	len += deflated((const uint8_t *)text + split, size - split, file + len,
			sizeof(file) - len);
	file_set(file, len);
	if (feed_open(path, &feed) < 0)
		abort();
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *last = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;

		expected++;
		/* Of a second file as well, behind the first. */
		if (last - text >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
			text += 3;
		if (last > text && last[-1] == '\r')
			last--;
		if (!is_blank(text, (size_t)(last - text)) &&
		    (feed_line(feed, &line, &len, &number) != 1 ||
		     len != (size_t)(last - text) || number != expected ||
		     memcmp(line, text, len) != 0))
			abort();
		text = next;
	}
	if (feed_line(feed, &line, &len, &number) > 0)
		abort();
	feed_close(feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_any(data, size);
	if (size <= 65536 && !is_refused((const char *)data, size))
		check_text((const char *)data, size, size ? data[0] * 257 : 0);
	return 0;
}
