/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/process.h"

static const struct process_place here = { .namespace = -1, .cpu = -1 };

static void exit_codes_and_signals_are_told(void **state)
{
	static const char *const seven[] = { "sh", "-c", "exit 7", NULL };
	static const char *const killed[] = { "sh", "-c", "kill -9 $$", NULL };
	static const char *const none[] = { "/nonexistent", NULL };
	struct process process = { 0 };

	(void)state;
	assert_int_equal(process_start(&process, seven, &here), 0);
	assert_int_equal(process_wait(&process, 10000, NULL), 7);
	assert_true(process.max_rss_kib > 100);
	assert_int_equal(process_ended(&process), 7);
	assert_int_equal(process_wait(&process, -1, NULL), 7);
	assert_int_equal(process_start(&process, killed, &here), 0);
	assert_int_equal(process_wait(&process, 10000, NULL), 128 + SIGKILL);
	assert_int_equal(process_start(&process, none, &here), 0);
	assert_int_equal(process_wait(&process, 10000, NULL), 127);
}

static void waits_end_in_time_or_when_stopped(void **state)
{
	static const char *const sleeps[] = { "sleep", "30", NULL };
	struct process process = { 0 };
	volatile int stop = 1;

	(void)state;
	assert_int_equal(process_start(&process, sleeps, &here), 0);
	assert_int_equal(process_wait(&process, 20, NULL), -ETIMEDOUT);
	assert_int_equal(process_wait(&process, -1, &stop), -EINTR);
	assert_int_equal(process_stop(&process, SIGTERM, 5000), 128 + SIGTERM);
	assert_int_equal(process_stop(&process, SIGTERM, 5000), 128 + SIGTERM);
}

static void who_ignores_a_signal_is_killed(void **state)
{
	char path[] = "/tmp/process.XXXXXX";
	static const char *const stubborn[] = {
		"sh", "-c",
		"trap '' TERM; echo ready; while :; do sleep 1; done", NULL
	};
	struct process process = { 0 };
	struct process_place place = here;

	(void)state;
	close(mkstemp(path));
	place.out = path;
	assert_int_equal(process_start(&process, stubborn, &place), 0);
	assert_int_equal(
		process_wait_text(&process, path, "ready", 10000, NULL), 0);
	assert_int_equal(process_stop(&process, SIGTERM, 100), 128 + SIGKILL);
	assert_int_equal(
		process_wait_text(&process, path, "never", 10000, NULL),
		-ECHILD);
	unlink(path);
}

static void what_it_started_ends_with_it(void **state)
{
	char path[] = "/tmp/process.XXXXXX";
	static const char *const shell[] = { "sh", "-c",
					     "sleep 1000 & echo $! ready; wait",
					     NULL };
	struct process process = { 0 };
	struct process_place place = here;
	int child = 0;
	FILE *file;

	(void)state;
	close(mkstemp(path));
	place.out = path;
	assert_int_equal(process_start(&process, shell, &place), 0);
	assert_int_equal(
		process_wait_text(&process, path, "ready", 10000, NULL), 0);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &child), 1);
	fclose(file);
	assert_int_equal(process_stop(&process, SIGTERM, 5000), 128 + SIGTERM);
	/* Whose child it is now reaps it. */
	for (int i = 0; i < 1000 && kill(child, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(child, 0), -1);
	unlink(path);
}

static void an_earlier_output_is_not_taken_for_the_new_one(void **state)
{
	char path[] = "/tmp/process.XXXXXX";
	static const char *const says[] = { "sh", "-c", "echo ready", NULL };
	static const char *const silent[] = { "sleep", "30", NULL };
	struct process process = { 0 };
	struct process_place place = here;

	(void)state;
	close(mkstemp(path));
	place.out = path;
	assert_int_equal(process_start(&process, says, &place), 0);
	assert_int_equal(process_wait(&process, 10000, NULL), 0);
	assert_int_equal(process_start(&process, silent, &place), 0);
	assert_int_equal(process_wait_text(&process, path, "ready", 50, NULL),
			 -ETIMEDOUT);
	process_stop(&process, SIGKILL, 1000);
	unlink(path);
}

static void output_is_kept_without_its_last_newline(void **state)
{
	static const char *const echo[] = { "sh", "-c", "echo a b; exit 3",
					    NULL };
	static const char *const yes[] = { "head", "-c", "100000", "/dev/zero",
					   NULL };
	char text[16];

	(void)state;
	assert_int_equal(process_output(echo, text, sizeof(text)), 3);
	assert_string_equal(text, "a b");
	/* More than fits: cut, and nobody hangs. */
	process_output(yes, text, sizeof(text));
}

static void a_child_dies_with_its_parent(void **state)
{
	static const char *const sleeps[] = { "sleep", "30", NULL };
	int pipes[2], status;
	char byte;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	parent = fork();
	if (parent == 0) {
		struct process process = { 0 };

		/* The child of this process holds the pipe's end, too. */
		process_start(&process, sleeps, &here);
		if (write(pipes[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	/* End of file: nobody is left who could write. */
	alarm(10);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	alarm(0);
	close(pipes[0]);
}

static void pins_hold_and_are_read_back(void **state)
{
	static const char *const sleeps[] = { "sleep", "30", NULL };
	struct process_place place = here;
	struct process process = { 0 };
	uint64_t begin = clock_monotonic_ns();
	char cpus[64] = "";

	(void)state;
	place.cpu = 0;
	assert_int_equal(process_start(&process, sleeps, &place), 0);
	while (strcmp(cpus, "0") != 0 &&
	       clock_monotonic_ns() - begin < 10 * CLOCK_NS_PER_S)
		assert_int_equal(process_cpus(&process, cpus, sizeof(cpus)), 0);
	assert_string_equal(cpus, "0");
	process_stop(&process, SIGKILL, 1000);
	assert_true(process_cpus(&process, cpus, sizeof(cpus)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_codes_and_signals_are_told),
		cmocka_unit_test(waits_end_in_time_or_when_stopped),
		cmocka_unit_test(who_ignores_a_signal_is_killed),
		cmocka_unit_test(what_it_started_ends_with_it),
		cmocka_unit_test(
			an_earlier_output_is_not_taken_for_the_new_one),
		cmocka_unit_test(output_is_kept_without_its_last_newline),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(pins_hold_and_are_read_back),
	};

	return cmocka_run_group_tests_name("net/process", tests, NULL, NULL);
}
