/* SPDX-License-Identifier: MIT */
/*
 * A program under test: started in a namespace, its output kept and looked
 * through with a deadline. It dies with the test. What can't be started fails
 * the test.
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum program_stream { PROGRAM_OUT, PROGRAM_ERR, PROGRAM_STREAMS };

struct program_text {
	int fd;	     /* -1: at its end, or not read at all */
	char *bytes; /* all there was, NUL-terminated */
	size_t len, capacity;
	size_t cursor; /* where program_line() goes on */
};

/* All zero: not running. */
struct program {
	pid_t pid;
	int code; /* once it has ended */
	struct program_text text[PROGRAM_STREAMS];
};

enum program_out {
	PROGRAM_OUT_READ = 0, /* a pipe that is read */
	PROGRAM_OUT_IDLE,     /* a pipe that is not read before
			     program_out_resume() */
	PROGRAM_OUT_CLOSED,
	PROGRAM_OUT_FULL, /* /dev/full */
};

struct program_place {
	int space; /* namespace to run in; -1: the caller's */
	enum program_out out;
};

/* Run $BUILD/argv[0] ("build" by default), or a program by its whole path. */
void program_start(struct program *program, const struct program_place *place,
		   const char *const *argv);

/* SIGKILL if it still runs, and forget what it said. Safe at any time. */
void program_end(struct program *program);

/* Read what is there; wait at most timeout_ms for something to come. False
 * when nothing came. */
bool program_read(struct program *program, int timeout_ms);

void program_out_resume(struct program *program);

/*
 * The next line that begins with prefix, without its newline, behind the one
 * of the last call; the lines between are left out. It lies there until the
 * next call that reads. NULL: it did not come in time, or the stream ended.
 */
const char *program_line(struct program *program, enum program_stream stream,
			 const char *prefix, int timeout_ms);

/* Does the stream hold the text, anywhere, within timeout_ms? */
bool program_says(struct program *program, enum program_stream stream,
		  const char *text, int timeout_ms);

/* Lines of all so far that begin with prefix. */
size_t program_count(const struct program *program, enum program_stream stream,
		     const char *prefix);

/* Its exit code, 128 + signal, or -1 while it still runs. Reads meanwhile. */
int program_wait(struct program *program, int timeout_ms);

/* Signal, then program_wait(). */
int program_stop(struct program *program, int signal, int timeout_ms);

/* Descriptors that it has open. */
size_t program_descriptors(const struct program *program);

/* Does it have this file open? */
bool program_has_open(const struct program *program, const char *path);

/* VmRSS, VmHWM ... of /proc/PID/status, KiB. */
long program_memory_kib(const struct program *program, const char *key);

/* Show what it said, as diagnostics of the test. */
void program_show(const struct program *program);

#endif
