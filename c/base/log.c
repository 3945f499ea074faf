/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "t2t";
static _Atomic int log_most = LOG_INFO;

void log_open(const char *program, enum log_level most)
{
	log_program = program;
	atomic_store(&log_most, (int)most);
}

static const char *log_label(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error: ";
	case LOG_WARNING:
		return "warning: ";
	case LOG_INFO:
		return "";
	case LOG_DEBUG:
		return "debug: ";
	}
	return "";
}

static const char *log_colour(enum log_level level)
{
	if (level > LOG_WARNING || !isatty(STDERR_FILENO))
		return "";
	return level == LOG_ERROR ? "\033[31m" : "\033[33m";
}

void log_write(enum log_level level, const char *format, ...)
{
	const int kept = errno; /* isatty(3) sets it where stderr is a file */
	char line[1024];
	const char *colour;
	va_list arguments;
	size_t len;
	int n;

	if ((int)level > atomic_load(&log_most))
		return;
	colour = log_colour(level);
	n = snprintf(line, sizeof(line), "%s: %s%s%s", log_program, colour,
		     log_label(level), *colour ? "\033[0m" : "");
	len = (size_t)n;
	va_start(arguments, format);
	n = vsnprintf(line + len, sizeof(line) - len, format, arguments);
	va_end(arguments);
	if (n >= 0) {
		len += (size_t)n;
		if (len > sizeof(line) - 2)
			len = sizeof(line) - 2;
		line[len++] = '\n';
		/* Nowhere is left to complain when stderr itself is gone. */
		if (write(STDERR_FILENO, line, len) < 0)
			len = 0;
	}
	errno = kept;
}

const char *log_reason(int negative_errno)
{
	const char *text = strerrordesc_np(-negative_errno);

	return text ? text : "unknown error";
}
