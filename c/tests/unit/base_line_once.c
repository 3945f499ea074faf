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
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/line_once.h"

#define LINES 20000 /* more than a file of lines has room for */

static int pipes[2];
static struct line_once once;

static int pipe_open(void **state)
{
	(void)state;
	if (pipe(pipes) < 0)
		return -1;
	line_once_open(&once, pipes[1]);
	return 0;
}

static int pipe_close(void **state)
{
	(void)state;
	line_once_close(&once);
	close(pipes[0]);
	close(pipes[1]);
	return 0;
}

static size_t line_make(char line[64], unsigned int number)
{
	return (size_t)sprintf(line, "line %u of more than there is room for\n",
			       number);
}

/* Until the pipe is full; where nothing is noted; and then on: what lies in it
 * stays as it was. */
static void lines_and_notes(void **state)
{
	struct line_note note = { .value = 7 };
	unsigned int out = 0, in = 0;
	char line[64], got[64];

	(void)state;
	while (in < LINES) {
		size_t len = line_make(line, out);
		ssize_t n = line_once_write(&once, &note, out, line, len);

		if (n == -EAGAIN) {
			assert_false(line_note_is_out(&note));
			assert_true(out > in);
		} else {
			assert_int_equal(n, len);
			assert_true(line_note_is_out(&note));
			assert_int_equal(note.next, out);
			out++;
			if (out - in < 3)
				continue;
		}
		for (unsigned int half = (out + in + 1) / 2; in < half; in++) {
			len = line_make(line, in);
			assert_int_equal(read(pipes[0], got, len), len);
			assert_memory_equal(got, line, len);
		}
	}
	assert_int_equal(note.value, 7);
}

/* A file takes them where it stands, one that is appended to does not. */
static void files(void **state)
{
	char path[] = "/tmp/line_once.XXXXXX", got[16] = "";
	struct line_note note = { .value = 0 };
	struct line_once file;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, "head\n", 5), 5);
	line_once_open(&file, fd);
	assert_int_equal(line_once_write(&file, &note, 1, "one\n", 4), 4);
	assert_int_equal(line_once_write(&file, &note, 2, "two\n", 4), 4);
	assert_true(line_note_is_out(&note));
	assert_int_equal(pread(fd, got, sizeof(got), 0), 13);
	assert_memory_equal(got, "head\none\ntwo\n", 13);
	line_once_close(&file);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	line_once_open(&file, fd);
	assert_int_equal(line_once_write(&file, &note, 3, "x\n", 2),
			 -EOPNOTSUPP);
	close(fd);
}

static void nobody_reads(void **state)
{
	struct line_note note = { .value = 0 };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(pipes[0]);
	pipes[0] = -1;
	assert_int_equal(line_once_write(&once, &note, 1, "x\n", 2), -EPIPE);
	assert_false(line_note_is_out(&note));
}

/* As the mapped file of a program that is killed at any time: so many lines
 * are out as it says. */
static void killed(void **state)
{
	struct line_note *note =
		mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int lines = 0;
	char byte;
	pid_t pid;

	(void)state;
	assert_true(note != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		for (unsigned int i = 1;; i++) {
			while (line_once_write(&once, note, i, "x\n", 2) < 0)
				usleep(10);
			note->value = i;
		}
	}
	close(pipes[1]);
	pipes[1] = -1;
	while (read(pipes[0], &byte, 1) == 1) {
		lines += byte == '\n';
		if (lines == 1000)
			kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_in_range(lines, 1000, UINT32_MAX);
	assert_int_equal(lines,
			 line_note_is_out(note) ? note->next : note->value);
	munmap(note, sizeof(*note));
}

static void killed_often(void **state)
{
	for (int i = 0; i < 50; i++) {
		if (i > 0)
			pipe_open(state);
		killed(state);
		if (i < 49)
			pipe_close(state);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_and_notes, pipe_open,
						pipe_close),
		cmocka_unit_test(files),
		cmocka_unit_test_setup_teardown(nobody_reads, pipe_open,
						pipe_close),
		cmocka_unit_test_setup_teardown(killed_often, pipe_open,
						pipe_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
