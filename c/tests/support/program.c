/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/namespace.h"
#include "tests/support/program.h"

#define SHOWN_MAX 3000 /* bytes at the end of each stream */

static int ms_left(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= deadline_ns
		       ? 0
		       : (int)((deadline_ns - now_ns) / 1000000 + 1);
}

static uint64_t deadline_after(int timeout_ms)
{
	return clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
}

/* In the child: never returns. */
static void child_run(const struct program_place *place,
		      const char *const *argv, const int ends[PROGRAM_STREAMS],
		      pid_t parent)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX];
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (*argv[0] == '/')
		build = "";
	snprintf(path, sizeof(path), "%s/%s", build ? build : "build", argv[0]);
	dup2(null, STDIN_FILENO);
	close(null);
	dup2(ends[PROGRAM_ERR], STDERR_FILENO);
	if (place->out == PROGRAM_OUT_CLOSED)
		close(STDOUT_FILENO);
	else
		dup2(ends[PROGRAM_OUT], STDOUT_FILENO);
	if (place->space >= 0 && namespace_enter(place->space) < 0)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	execv(path, (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "can't run %s: %s\n", path, strerror(errno));
	_exit(127);
}

void program_start(struct program *program, const struct program_place *place,
		   const char *const *argv)
{
	int out[2], err[2], ends[PROGRAM_STREAMS];
	pid_t parent = getpid();

	program_end(program);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	if (place->out == PROGRAM_OUT_FULL) {
		close(out[1]);
		out[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
		assert_true(out[1] >= 0);
	}
	ends[PROGRAM_OUT] = out[1];
	ends[PROGRAM_ERR] = err[1];
	fflush(NULL);
	program->pid = fork();
	assert_true(program->pid >= 0);
	if (program->pid == 0)
		child_run(place, argv, ends, parent);
	program->code = -1;
	close(out[1]);
	close(err[1]);
	program->text[PROGRAM_OUT].fd = out[0];
	program->text[PROGRAM_ERR].fd = err[0];
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		fcntl(program->text[i].fd, F_SETFL, O_NONBLOCK);
		program->text[i].bytes = calloc(1, 1);
		assert_non_null(program->text[i].bytes);
	}
	/* Not polled: a negative descriptor. Its bits come back by ~. */
	if (place->out == PROGRAM_OUT_IDLE)
		program->text[PROGRAM_OUT].fd = ~program->text[PROGRAM_OUT].fd;
}

void program_end(struct program *program)
{
	if (program->pid > 0 && program->code == -1) {
		kill(program->pid, SIGKILL);
		waitpid(program->pid, NULL, 0);
	}
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		if (program->pid > 0 && program->text[i].fd >= 0)
			close(program->text[i].fd);
		free(program->text[i].bytes);
	}
	*program = (struct program){ 0 };
}

/* True when something came. */
static bool text_read(struct program_text *text)
{
	bool came = false;
	ssize_t n;

	for (;;) {
		if (text->capacity - text->len < 65536) {
			text->capacity = 2 * text->capacity + 131072;
			text->bytes = realloc(text->bytes, text->capacity);
			assert_non_null(text->bytes);
		}
		n = read(text->fd, text->bytes + text->len,
			 text->capacity - text->len - 1);
		if (n <= 0)
			break;
		text->len += (size_t)n;
		text->bytes[text->len] = '\0';
		came = true;
	}
	if (n == 0) {
		close(text->fd);
		text->fd = -1;
	}
	return came;
}

bool program_read(struct program *program, int timeout_ms)
{
	struct pollfd poller[PROGRAM_STREAMS];
	bool came = false;

	for (int i = 0; i < PROGRAM_STREAMS; i++)
		poller[i] = (struct pollfd){ .fd = program->text[i].fd,
					     .events = POLLIN };
	if (poller[PROGRAM_OUT].fd < 0 && poller[PROGRAM_ERR].fd < 0)
		return false;
	if (poll(poller, PROGRAM_STREAMS, timeout_ms) <= 0)
		return false;
	for (int i = 0; i < PROGRAM_STREAMS; i++)
		if (poller[i].revents)
			came |= text_read(&program->text[i]);
	return came;
}

void program_out_resume(struct program *program)
{
	if (program->text[PROGRAM_OUT].fd < -1)
		program->text[PROGRAM_OUT].fd = ~program->text[PROGRAM_OUT].fd;
}

/* The next whole line with the prefix, of what was read. */
static const char *line_find(struct program_text *text, const char *prefix)
{
	char *end;

	while ((end = memchr(text->bytes + text->cursor, '\n',
			     text->len - text->cursor))) {
		const char *line = text->bytes + text->cursor;

		text->cursor = (size_t)(end - text->bytes) + 1;
		if (!strncmp(line, prefix, strlen(prefix)))
			return line;
	}
	return NULL;
}

const char *program_line(struct program *program, enum program_stream stream,
			 const char *prefix, int timeout_ms)
{
	struct program_text *text = &program->text[stream];
	uint64_t deadline_ns = deadline_after(timeout_ms);
	static char line[4096];
	const char *found;
	bool more = true;

	while (!(found = line_find(text, prefix)) && more) {
		int left = ms_left(deadline_ns);

		program_read(program, left);
		more = left > 0 && text->fd >= 0;
	}
	if (!found)
		found = line_find(text, prefix);
	if (!found)
		return NULL;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	return line;
}

bool program_says(struct program *program, enum program_stream stream,
		  const char *text, int timeout_ms)
{
	uint64_t deadline_ns = deadline_after(timeout_ms);

	for (;;) {
		int left = ms_left(deadline_ns);

		if (strstr(program->text[stream].bytes, text))
			return true;
		if (!program_read(program, left) &&
		    (left == 0 || program->text[stream].fd < 0))
			return strstr(program->text[stream].bytes, text);
	}
}

size_t program_count(const struct program *program, enum program_stream stream,
		     const char *prefix)
{
	const char *line = program->text[stream].bytes;
	size_t count = 0;

	while (*line) {
		count += !strncmp(line, prefix, strlen(prefix));
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return count;
}

int program_wait(struct program *program, int timeout_ms)
{
	uint64_t deadline_ns = deadline_after(timeout_ms);
	int status;

	while (program->pid > 0 && program->code == -1) {
		int left = ms_left(deadline_ns);
		pid_t ended = waitpid(program->pid, &status, WNOHANG);

		assert_true(ended >= 0);
		if (ended == 0) {
			if (left == 0)
				return -1;
			if (!program_read(program, 5))
				usleep(2000);
			continue;
		}
		program->code = WIFEXITED(status) ? WEXITSTATUS(status)
						  : 128 + WTERMSIG(status);
	}
	while (program_read(program, 0))
		;
	return program->code;
}

int program_stop(struct program *program, int signal, int timeout_ms)
{
	if (program->pid > 0 && program->code == -1)
		kill(program->pid, signal);
	return program_wait(program, timeout_ms);
}

/* Calls for each descriptor, with what it leads to; how many. */
static size_t descriptors_walk(const struct program *program, const char *path,
			       bool *found)
{
	char folder[64], name[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)program->pid);
	directory = opendir(folder);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		ssize_t n;

		if (entry->d_name[0] == '.')
			continue;
		count++;
		snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
		n = readlink(name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (path && !strcmp(target, path))
			*found = true;
	}
	closedir(directory);
	return count;
}

size_t program_descriptors(const struct program *program)
{
	return descriptors_walk(program, NULL, NULL);
}

bool program_has_open(const struct program *program, const char *path)
{
	bool found = false;

	descriptors_walk(program, path, &found);
	return found;
}

long program_memory_kib(const struct program *program, const char *key)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)program->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)) &&
		    line[strlen(key)] == ':')
			kib = strtol(line + strlen(key) + 1, NULL, 10);
	fclose(file);
	return kib;
}

void program_show(const struct program *program)
{
	static const char *const names[] = { "stdout", "stderr" };

	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		const struct program_text *text = &program->text[i];
		size_t skip = text->len > SHOWN_MAX ? text->len - SHOWN_MAX : 0;
		const char *line = text->bytes;

		if (!line || text->len == 0)
			continue;
		print_message("# %s:\n", names[i]);
		for (line += skip; *line; line += *line == '\n') {
			size_t len = strcspn(line, "\n");

			print_message("#   %.*s\n", (int)len, line);
			line += len;
		}
	}
}
