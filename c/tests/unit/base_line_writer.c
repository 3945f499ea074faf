/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/line_writer.h"

/* Send stderr to a file while body runs and give what came. */
static size_t stderr_of(void (*body)(void), char *text, size_t size)
{
	char path[] = "/tmp/line_writer.XXXXXX";
	int file = mkstemp(path), before = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(file >= 0 && before >= 0);
	unlink(path);
	dup2(file, STDERR_FILENO);
	body();
	dup2(before, STDERR_FILENO);
	close(before);
	n = pread(file, text, size - 1, 0);
	close(file);
	assert_true(n >= 0);
	text[n] = '\0';
	return (size_t)n;
}

static void all_lines_arrive_in_order(void **state)
{
	struct line_writer *writer;
	char line[32], got[65536];
	size_t sent = 0, len = 0;
	ssize_t n;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(line_writer_open(pipes[1], "pipe", 65536, &writer), 0);
	for (int i = 0; i < 2000; i++) {
		int size = snprintf(line, sizeof(line), "line %d\n", i);

		assert_int_equal(line_writer_put(writer, line, (size_t)size),
				 0);
		sent += (size_t)size;
	}
	assert_int_equal(line_writer_close(writer, 2000), 0);
	close(pipes[1]);
	while ((n = read(pipes[0], got + len, sizeof(got) - len)) > 0)
		len += (size_t)n;
	close(pipes[0]);
	assert_int_equal(len, sent);
	assert_memory_equal(got, "line 0\nline 1\n", 14);
	assert_memory_equal(got + len - 10, "line 1999\n", 10);
}

static void a_pipe_nobody_reads_never_blocks(void **state)
{
	struct line_writer *writer;
	char line[100];
	uint64_t begin;
	int pipes[2], put = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[99] = '\n';
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(line_writer_open(pipes[1], "pipe", 4096, &writer), 0);
	/* Until the pipe and both halves are full: nothing went in for long. */
	for (begin = clock_monotonic_ns();
	     clock_monotonic_ns() - begin < CLOCK_NS_PER_S / 4;) {
		if (line_writer_put(writer, line, sizeof(line)) < 0)
			continue;
		put++;
		begin = clock_monotonic_ns();
	}
	assert_in_range(put, 80, 740);
	begin = clock_monotonic_ns();
	for (int i = 0; i < 100000; i++)
		put += line_writer_put(writer, line, sizeof(line)) == 0;
	assert_true(clock_monotonic_ns() - begin < 5 * CLOCK_NS_PER_S);
	assert_in_range(put, 80, 740);
	assert_false(line_writer_has_room(writer, 4096));
	assert_int_equal(line_writer_close(writer, 100), -ETIMEDOUT);
	close(pipes[0]);
	close(pipes[1]);
}

static void write_to_closed_pipe(void)
{
	struct line_writer *writer;
	int pipes[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	assert_int_equal(line_writer_open(pipes[1], "stdout", 4096, &writer),
			 0);
	assert_int_equal(line_writer_put(writer, "order 1\n", 8), 0);
	assert_int_equal(line_writer_put(writer, "order 2\n", 8), 0);
	assert_int_equal(line_writer_close(writer, 2000), -EIO);
	close(pipes[1]);
}

static void what_is_refused_goes_to_stderr(void **state)
{
	char text[4096];

	(void)state;
	stderr_of(write_to_closed_pipe, text, sizeof(text));
	assert_non_null(strstr(text, "stdout refuses lines (Broken pipe)"));
	assert_non_null(strstr(text, "order 1\norder 2\n"));
}

static void write_to_full_disk(void)
{
	struct line_writer *writer;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(full >= 0);
	assert_int_equal(line_writer_open(full, "stdout", 4096, &writer), 0);
	assert_int_equal(line_writer_put(writer, "order 1\n", 8), 0);
	assert_int_equal(line_writer_close(writer, 2000), -EIO);
	close(full);
}

static void a_full_disk_loses_nothing(void **state)
{
	char text[4096];

	(void)state;
	stderr_of(write_to_full_disk, text, sizeof(text));
	assert_non_null(strstr(text, "No space left on device"));
	assert_non_null(strstr(text, "order 1\n"));
}

struct numbered {
	uint64_t number;
};

static size_t numbered_print(char *line, const void *record)
{
	const struct numbered *numbered = record;

	return (size_t)snprintf(line, LINE_WRITER_LINE_MAX, "%0200lu\n",
				numbered->number);
}

static const struct line_writer_form numbered_form = {
	.record_len = sizeof(struct numbered),
	.print = numbered_print,
};

/* More of them than there is room for lines at once. */
static void records_become_lines(void **state)
{
	char path[] = "/tmp/line_writer.XXXXXX", line[256], expected[256];
	int file = mkstemp(path);
	struct line_writer *writer;
	FILE *stream;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(line_writer_open_records(file, "file", 1 << 16,
						  &numbered_form, &writer),
			 0);
	for (uint64_t i = 0; i < 2000; i++)
		assert_int_equal(
			line_writer_put(writer, (const char *)&i, sizeof(i)),
			0);
	assert_int_equal(line_writer_close(writer, 60000), 0);
	stream = fopen(path, "re");
	unlink(path);
	assert_non_null(stream);
	for (uint64_t i = 0; i < 2000; i++) {
		numbered_print(expected, &i);
		assert_non_null(fgets(line, sizeof(line), stream));
		assert_string_equal(line, expected);
	}
	assert_null(fgets(line, sizeof(line), stream));
	fclose(stream);
	close(file);
}

/* The end is not put off for each piece that nobody takes. */
static void records_nobody_reads_are_counted(void **state)
{
	struct line_writer *writer;
	uint64_t begin_ns;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(line_writer_open_records(pipes[1], "pipe", 1 << 20,
						  &numbered_form, &writer),
			 0);
	for (uint64_t i = 0; i < 1 << 16; i++)
		assert_int_equal(
			line_writer_put(writer, (const char *)&i, sizeof(i)),
			0);
	begin_ns = clock_monotonic_ns();
	assert_int_equal(line_writer_close(writer, 100), -ETIMEDOUT);
	/* 200 pieces of 64 KiB: a look for each would be 10 s. */
	assert_true(clock_monotonic_ns() - begin_ns < 5 * CLOCK_NS_PER_S);
	close(pipes[0]);
	close(pipes[1]);
}

static void number_written(void *context, const void *record)
{
	const struct numbered *numbered = record;
	uint64_t *written = context;

	assert_true(numbered->number == *written);
	__atomic_store_n(written, *written + 1, __ATOMIC_RELEASE);
}

/* A record is written when its line has been taken, and not before. */
static void written_is_told_behind_the_line(void **state)
{
	enum { LINE = 201, ALL = 1000 };
	uint64_t written = 0, seen = 0;
	struct line_writer_form form = numbered_form;
	static char bytes[LINE * ALL];
	struct line_writer *writer;
	size_t len = 0, pipe_len;
	int pipes[2];

	(void)state;
	form.written = number_written;
	form.context = &written;
	assert_int_equal(pipe(pipes), 0);
	pipe_len = (size_t)fcntl(pipes[1], F_GETPIPE_SZ);
	assert_int_equal(line_writer_open_records(pipes[1], "pipe", 1 << 16,
						  &form, &writer),
			 0);
	for (uint64_t i = 0; i < ALL; i++)
		assert_int_equal(
			line_writer_put(writer, (const char *)&i, sizeof(i)),
			0);
	line_writer_settle(writer, 100);
	seen = __atomic_load_n(&written, __ATOMIC_ACQUIRE);
	assert_true(seen > 0 && seen * LINE <= pipe_len);
	while (len < sizeof(bytes)) {
		ssize_t n = read(pipes[0], bytes + len, sizeof(bytes) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	line_writer_settle(writer, 60000);
	assert_int_equal(__atomic_load_n(&written, __ATOMIC_ACQUIRE), ALL);
	assert_int_equal(line_writer_close(writer, 60000), 0);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_lines_arrive_in_order),
		cmocka_unit_test(a_pipe_nobody_reads_never_blocks),
		cmocka_unit_test(records_become_lines),
		cmocka_unit_test(records_nobody_reads_are_counted),
		cmocka_unit_test(written_is_told_behind_the_line),
		cmocka_unit_test(what_is_refused_goes_to_stderr),
		cmocka_unit_test(a_full_disk_loses_nothing),
	};

	return cmocka_run_group_tests_name("base/line_writer", tests, NULL,
					   NULL);
}
