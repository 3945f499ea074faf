/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics, to stderr, one line each: "program: error: text".
 *
 * The cause of an error is logged once, where it is known; above that only
 * the negative errno travels. A line is one write(2), so that lines of
 * several threads do not mix. Colours only on a terminal. errno is left as it
 * was. Never call this from HOT code.
 *
 * It does not block: where stderr is a pipe, a socket or a terminal that has
 * no room, the line is dropped, and the next one that finds room is preceded
 * by how many were lost.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Name the program in each line and set the most detailed level shown.
 * Before the call: the name is "t2t", the level LOG_INFO. */
void log_open(const char *program, enum log_level max);

__attribute__((format(printf, 2, 3))) void log_write(enum log_level level,
						     const char *format, ...);

#define log_error(...)	 log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)

/* A message that strangers can cause: so many lines of it in such a span, and
 * then how many more there were. All zero: none yet. Of one thread. */
#define LOG_REPEATS_SHOWN   5
#define LOG_REPEATS_SPAN_NS UINT64_C(1000000000)

struct log_repeats {
	uint64_t since_ns; /* CLOCK_MONOTONIC: the span's begin */
	uint64_t count;	   /* in this span */
};

/* Is the message to be shown at now_ns (CLOCK_MONOTONIC)? *held: how many were
 * not in the spans before, to be told with it; else 0. */
bool log_repeats_pass(struct log_repeats *repeats, uint64_t now_ns,
		      uint64_t *held);

/* As log_write(), when it is to be shown now; what was held is a line of its
 * own before it. */
__attribute__((format(printf, 3, 4))) void log_write_repeats(
	struct log_repeats *repeats, enum log_level level, const char *format,
	...);

#define log_warning_repeats(repeats, ...) \
	log_write_repeats(repeats, LOG_WARNING, __VA_ARGS__)

/* The text of a negative errno: log_strerror(-ENOENT) is "No such file or
 * directory". Thread-safe, never NULL. */
const char *log_strerror(int negative_errno);

#endif
