/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define LINES 1000
/* What has blocked for so long is stuck. */
#define STUCK_S 20

/* "log_error(...); return -errno;" has to return the cause. */
static void errno_is_left_as_it_was(void **state)
{
	static const char *const stderrs[] = { "/dev/null", "/dev/full" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int kept = dup(STDERR_FILENO);
		int file = open(stderrs[i], O_WRONLY | O_CLOEXEC);
		int after;

		assert_true(kept >= 0 && file >= 0);
		dup2(file, STDERR_FILENO);
		errno = ENOENT;
		log_error("a line of the test");
		after = errno;
		dup2(kept, STDERR_FILENO);
		close(file);
		close(kept);
		assert_int_equal(after, ENOENT);
	}
}

static void an_unknown_reason_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(log_strerror(-ENOENT), "No such file or directory");
	assert_non_null(log_strerror(-99999));
}

/* A pipe or a socket in stderr's place; its other end, non-blocking. */
static int stderr_replace(bool is_socket, int *kept)
{
	int ends[2];

	if (is_socket)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	else
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*kept = dup(STDERR_FILENO);
	assert_true(*kept >= 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

static void stderr_restore(int kept)
{
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* All that waits there, at most capacity - 1 bytes. Lines in it. */
static unsigned int lines_read(int fd, char *text, size_t capacity)
{
	unsigned int lines = 0;
	size_t len = 0;
	ssize_t n;

	while (len < capacity - 1 &&
	       (n = read(fd, text + len, capacity - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static void what_nobody_reads_stops_nobody(void **state)
{
	static char text[2 << 20];
	char expected[64];

	(void)state;
	for (int is_socket = 0; is_socket < 2; is_socket++) {
		int kept, fd = stderr_replace(is_socket, &kept);
		unsigned int there, n = 0;

		alarm(STUCK_S);
		for (; n < LINES; n++)
			log_error("%1000d", n);
		there = lines_read(fd, text, sizeof(text));
		log_info("read again");
		stderr_restore(kept);
		alarm(0);
		assert_true(there > 0 && there < LINES);
		snprintf(expected, sizeof(expected),
			 "t2t: warning: %u lines lost here", LINES - there);
		assert_int_equal(lines_read(fd, text, sizeof(text)), 2);
		assert_ptr_equal(strstr(text, expected), text);
		assert_non_null(strstr(text, "\nt2t: read again\n"));
		close(fd);
	}
}

/* What a file takes late is not lost. */
static void a_file_has_all_lines(void **state)
{
	static char text[2 << 20];
	char path[] = "/tmp/base_log.XXXXXX";
	int kept = dup(STDERR_FILENO), fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(kept >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	for (unsigned int n = 0; n < LINES; n++)
		log_error("%1000d", n);
	stderr_restore(kept);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(lines_read(fd, text, sizeof(text)), LINES);
	close(fd);
	unlink(path);
}

static void what_repeats_is_counted(void **state)
{
	struct log_repeats repeats = { 0 };
	const uint64_t now_ns = UINT64_C(5) * 1000000000;
	uint64_t held = 0;
	int shown = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		shown +=
			log_repeats_pass(&repeats, now_ns + (uint64_t)i, &held);
	assert_int_equal(shown, LOG_REPEATS_SHOWN);
	assert_int_equal(held, 0);
	/* The next second tells of those it did not see. */
	assert_true(log_repeats_pass(&repeats, now_ns + LOG_REPEATS_SPAN_NS + 1,
				     &held));
	assert_int_equal(held, 100 - LOG_REPEATS_SHOWN);
	assert_true(log_repeats_pass(&repeats, now_ns + LOG_REPEATS_SPAN_NS + 2,
				     &held));
	assert_int_equal(held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errno_is_left_as_it_was),
		cmocka_unit_test(an_unknown_reason_has_a_text),
		cmocka_unit_test(what_nobody_reads_stops_nobody),
		cmocka_unit_test(a_file_has_all_lines),
		cmocka_unit_test(what_repeats_is_counted),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
