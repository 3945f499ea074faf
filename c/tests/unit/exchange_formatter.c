/* SPDX-License-Identifier: MIT */
/* Finding and loading formatters, and what becomes of faulty ones. */
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
#include <zlib.h>

#include "exchange/datagram_source.h"
#include "exchange/dialect.h"

static char path[64];

static int feed_make(void **state)
{
	static const char text[] =
		"#\nbid 61800.1 2.5\nsnapshot=true\nask 1 0\n";
	gzFile file;
	int fd;

	(void)state;
	strcpy(path, "/tmp/t2t-formatter-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	file = gzdopen(fd, "wb");
	gzwrite(file, text, sizeof(text) - 1);
	return gzclose(file);
}

static int feed_remove(void **state)
{
	(void)state;
	return unlink(path);
}

static void shipped_names_are_known(void **state)
{
	static const char *const names[] = { "auto", "tardis-csv",
					     "json-lines" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct formatter formatter;

		assert_int_equal(formatter_open(names[i], &formatter), 0);
		assert_non_null(formatter.format);
		formatter_close(&formatter);
	}
}

/* --format help has them all, and each of it is taken. */
static void the_list_has_them_all(void **state)
{
	struct formatter formatter;
	char *list = NULL, name[32];
	size_t len, names = 0, count = 0;
	FILE *stream = open_memstream(&list, &len);

	(void)state;
	assert_non_null(stream);
	formatter_print_list(stream);
	assert_int_equal(fclose(stream), 0);
	for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n")) {
		if (*line < 'a' || *line > 'z' ||
		    sscanf(line, "%31s", name) < 1)
			continue;
		assert_int_equal(formatter_open(name, &formatter), 0);
		assert_true(formatter_is_shipped(formatter.format));
		formatter_close(&formatter);
		names++;
	}
	free(list);
	while (dialects[count])
		count++;
	assert_int_equal(names, count + 3);
}

static void other_names_are_refused(void **state)
{
	static const char *const names[] = { "",      "csv", "Auto",
					     "auto ", ".so", "krakens" };
	struct formatter formatter;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(formatter_open(names[i], &formatter), -EINVAL);
	assert_int_equal(formatter_open("./missing.so", &formatter), -ELIBACC);
	assert_int_equal(formatter_open("missing.so", &formatter), -ELIBACC);
	/* A file, but no shared object. */
	assert_int_equal(formatter_open(path, &formatter), -ELIBACC);
	/* A shared object, but no formatter. */
	assert_int_equal(formatter_open("/proc/self/exe", &formatter),
			 -ELIBACC);
}

static void the_example_loads_and_formats(void **state)
{
	static struct datagram_source source;
	const char *build = getenv("BUILD");
	char library[4096];
	struct formatter formatter;
	struct market_data_message message;
	struct source_datagram datagram;

	(void)state;
	snprintf(library, sizeof(library), "%s/exchange/line_format_example.so",
		 build ? build : "build");
	if (access(library, R_OK) < 0) {
		print_message("# skipped: %s is not built\n", library);
		skip();
	}
	assert_int_equal(formatter_open(library, &formatter), 0);
	assert_int_equal(datagram_source_open(&source, path, formatter.format),
			 0);
	assert_int_equal(datagram_source_next(&source, &datagram), 1);
	message = market_data_read(datagram.bytes, 0);
	assert_int_equal(datagram.len, market_data_len(1));
	assert_int_equal(message.type, 'U');
	assert_int_equal(message.side, 'B');
	assert_int_equal(message.price, UINT64_C(61800100000000));
	assert_int_equal(message.quantity, UINT64_C(2500000000));
	assert_int_equal(datagram_source_next(&source, &datagram), 1);
	message = market_data_read(datagram.bytes, 0);
	assert_int_equal(message.type, 'D');
	assert_int_equal(datagram.sequence, 1);
	assert_int_equal(datagram_source_next(&source, &datagram), 0);
	assert_int_equal(source.counts.bad, 1);
	assert_int_equal(source.counts.skipped, 1);
	datagram_source_close(&source);
	formatter_close(&formatter);
}

static ssize_t too_long(struct line_format *context, const char *line,
			size_t line_len, uint8_t *datagram, size_t size)
{
	(void)context, (void)line, (void)line_len;
	/* It may even write what it should not. */
	memset(datagram, 0, size + 4096);
	return (ssize_t)size + 4096;
}

static ssize_t never_done(struct line_format *context, const char *line,
			  size_t line_len, uint8_t *datagram, size_t size)
{
	(void)line, (void)line_len, (void)datagram, (void)size;
	context->more = true;
	return 0;
}

static ssize_t always_bad(struct line_format *context, const char *line,
			  size_t line_len, uint8_t *datagram, size_t size)
{
	(void)context, (void)line, (void)line_len, (void)datagram, (void)size;
	context->more = true; /* means nothing with a fault */
	return -EINVAL;
}

static void a_formatter_that_goes_wrong_is_stopped(void **state)
{
	static struct datagram_source source;
	struct source_datagram datagram;

	(void)state;
	assert_int_equal(datagram_source_open(&source, path, too_long), 0);
	assert_int_equal(datagram_source_next(&source, &datagram), -EMSGSIZE);
	datagram_source_close(&source);
	assert_int_equal(datagram_source_open(&source, path, never_done), 0);
	assert_int_equal(datagram_source_next(&source, &datagram), -ELOOP);
	datagram_source_close(&source);
	assert_int_equal(datagram_source_open(&source, path, always_bad), 0);
	assert_int_equal(datagram_source_next(&source, &datagram), 0);
	assert_int_equal(source.counts.bad, 4);
	datagram_source_close(&source);
}

/* Says what it was told: part, snapshot, sequence, line number; two datagrams
 * a line. */
static ssize_t telling(struct line_format *context, const char *line,
		       size_t line_len, uint8_t *datagram, size_t size)
{
	(void)line, (void)line_len, (void)size;
	if (!context->state)
		context->state = calloc(1, 16); /* freed by the caller */
	datagram[0] = (uint8_t)context->part;
	datagram[1] = context->snapshot;
	datagram[2] = (uint8_t)context->sequence;
	datagram[3] = (uint8_t)context->line_number;
	context->time_ns = context->line_number * 10;
	context->more = context->part == 0;
	return 4;
}

static void a_formatter_is_told_what_it_needs(void **state)
{
	static struct datagram_source source;
	struct source_datagram datagram;

	(void)state;
	assert_int_equal(datagram_source_open(&source, path, telling), 0);
	for (uint8_t pass = 0; pass < 2; pass++) {
		for (uint8_t i = 0; i < 8; i++) {
			uint8_t line = i / 2 + 1, number = pass * 8 + i;
			const uint8_t told[] = { i % 2, line == 3, number,
						 line };

			assert_int_equal(
				datagram_source_next(&source, &datagram), 1);
			assert_int_equal(datagram.len, 4);
			assert_memory_equal(datagram.bytes, told, 4);
			assert_int_equal(datagram.sequence, number);
			assert_int_equal(datagram.snapshot, line == 3);
			assert_int_equal(datagram.time_ns, line * 10);
		}
		assert_int_equal(datagram_source_next(&source, &datagram), 0);
		assert_int_equal(datagram_source_rewind(&source), 0);
	}
	assert_int_equal(source.counts.lines, 8);
	assert_int_equal(source.counts.datagrams, 16);
	assert_int_equal(source.counts.passes, 2);
	datagram_source_close(&source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_make, feed_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shipped_names_are_known),
		TEST(the_list_has_them_all),
		TEST(other_names_are_refused),
		TEST(the_example_loads_and_formats),
		TEST(a_formatter_that_goes_wrong_is_stopped),
		TEST(a_formatter_is_told_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
