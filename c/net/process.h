/* SPDX-License-Identifier: MIT */
/*
 * Child processes of a trial: each in a namespace, on a CPU, with its output
 * in files. A child dies with its parent (SIGKILL), whatever happens to it,
 * unless it has a connection, whose end it notices by itself.
 */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
	pid_t pid;	  /* 0: not running */
	int code;	  /* how it ended: as process_ended() tells */
	long max_rss_kib; /* the most it had in memory, once it ended; at
			     least what its parent had when it was started */
	/* How often the CPU was taken from it: getrusage(2); once it ended. */
	long involuntary_switches;
	const char *name; /* argv[0], for messages */
};

struct process_place {
	int namespace;	 /* descriptor; -1: the caller's own */
	int cpu;	 /* -1: not pinned */
	const char *in;	 /* path that gives stdin; NULL: /dev/null */
	const char *out; /* path that takes stdout; NULL: stderr's */
	const char *err; /* path that takes stderr; NULL: /dev/null */
	/* A socket that becomes stdin and stdout; stderr is the caller's. NULL:
	 * none. */
	const int *connection;
};

/* argv: NULL-terminated; argv[0] is looked up in PATH unless it has a slash.
 * The process leads a group of its own, so that Ctrl-C at the terminal
 * reaches the parent alone; one with a connection leads a session. Its output
 * files are empty on return, or hold what it wrote itself. 0 or a negative
 * errno, logged. */
int process_start(struct process *process, const char *const *argv,
		  const struct process_place *place);

/* Has it ended? -EAGAIN while it runs, else its exit code (128 + the signal
 * that killed it), as often as it is asked. 0 if it was never started. */
int process_ended(struct process *process);

/* Wait until it ends, at most timeout_ms (< 0: no limit) or until *stop.
 * Its exit code, or -ETIMEDOUT, or -EINTR. */
int process_wait(struct process *process, int timeout_ms,
		 const volatile int *stop);

/* Wait until the file holds the text. 0; -ETIMEDOUT; -EINTR; -ECHILD when
 * the process ended first. Silent. */
int process_wait_text(struct process *process, const char *path,
		      const char *text, int timeout_ms,
		      const volatile int *stop);

/* Send the signal and wait; SIGKILL after timeout_ms. What is left of its group
 * then gets SIGTERM. Its exit code, also if it had ended before. */
int process_stop(struct process *process, int signal, int timeout_ms);

/* Run to the end and keep stdout (NUL-terminated, the last newline taken
 * off). Its exit code or a negative errno; silent. */
int process_output(const char *const *argv, char *text, size_t size);

/* The CPUs it may run on, as /proc has them ("0-1"). 0 or a negative errno. */
int process_cpus(const struct process *process, char *text, size_t size);

#endif
