/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics, to stderr, one line each: "program: error: text".
 *
 * The cause of an error is logged once, where it is known; above that only
 * the negative errno travels. A line is one write(2), so that lines of
 * several threads do not mix. Colours only on a terminal. errno is left as it
 * was. Never call this from HOT code.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Name the program in each line and set the most detailed level shown.
 * Before the call: the name is "t2t", the level LOG_INFO. */
void log_open(const char *program, enum log_level most);

__attribute__((format(printf, 2, 3))) void log_write(enum log_level level,
						     const char *format, ...);

#define log_error(...)	 log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)

/* The text of a negative errno: log_reason(-ENOENT) is "No such file or
 * directory". Thread-safe, never NULL. */
const char *log_reason(int negative_errno);

#endif
