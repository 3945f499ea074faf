/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

static const char *log_program = "t2t";
static _Atomic int log_max = LOG_INFO;
static _Atomic unsigned long lines_lost;

void log_open(const char *program, enum log_level max)
{
	log_program = program;
	atomic_store(&log_max, (int)max);
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

/*
 * poll() promises a pipe's writer room for a line, but another process may be
 * the one who uses it; a kernel that knows RWF_NOWAIT of pipes (6.4) shuts that
 * gap. Not so for a file, which would refuse what it need only wait a moment
 * for.
 */
static ssize_t write_without_blocking(const char *bytes, size_t len)
{
	const struct iovec line = { .iov_base = (void *)(uintptr_t)bytes,
				    .iov_len = len };
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct stat status;
	ssize_t n;

	if (fstat(STDERR_FILENO, &status) == 0 && !S_ISREG(status.st_mode)) {
		if (poll(&ready, 1, 0) == 0)
			return -EAGAIN;
		if (S_ISSOCK(status.st_mode)) {
			n = send(STDERR_FILENO, bytes, len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			return n < 0 ? -errno : n;
		}
		if (S_ISFIFO(status.st_mode)) {
			n = pwritev2(STDERR_FILENO, &line, 1, -1, RWF_NOWAIT);
			if (n >= 0 || errno == EAGAIN)
				return n < 0 ? -EAGAIN : n;
		}
	}
	n = write(STDERR_FILENO, bytes, len);
	return n < 0 ? -errno : n;
}

/* "program: error: " */
static size_t head_write(enum log_level level, char *line, size_t capacity)
{
	const char *colour = log_colour(level);
	int n = snprintf(line, capacity, "%s: %s%s%s", log_program, colour,
			 log_label(level), *colour ? "\033[0m" : "");

	return (size_t)n < capacity ? (size_t)n : capacity - 1;
}

/* True when there was room for it, or nothing to tell. */
static bool lost_say(void)
{
	char line[128];
	unsigned long lost = atomic_exchange(&lines_lost, 0);
	size_t len;

	if (!lost)
		return true;
	len = head_write(LOG_WARNING, line, sizeof(line) / 2);
	len += (size_t)snprintf(line + len, sizeof(line) - len,
				"%lu lines lost here: stderr is not read\n",
				lost);
	if (write_without_blocking(line, len) != -EAGAIN)
		return true;
	atomic_fetch_add(&lines_lost, lost);
	return false;
}

__attribute__((format(printf, 2, 0))) static void line_write(
	enum log_level level, const char *format, va_list arguments)
{
	const int kept = errno; /* isatty(3) sets it where stderr is a file */
	char line[1024];
	size_t len;
	int n;

	if ((int)level > atomic_load(&log_max))
		return;
	len = head_write(level, line, sizeof(line) / 2);
	n = vsnprintf(line + len, sizeof(line) - len, format, arguments);
	if (n >= 0) {
		len += (size_t)n;
		if (len > sizeof(line) - 2)
			len = sizeof(line) - 2;
		line[len++] = '\n';
		/* Nowhere is left to complain when stderr itself is gone. */
		if (!lost_say() || write_without_blocking(line, len) == -EAGAIN)
			atomic_fetch_add(&lines_lost, 1);
	}
	errno = kept;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line_write(level, format, arguments);
	va_end(arguments);
}

bool log_repeats_pass(struct log_repeats *repeats, uint64_t now_ns,
		      uint64_t *held)
{
	*held = 0;
	if (!repeats->count ||
	    now_ns - repeats->since_ns > LOG_REPEATS_SPAN_NS) {
		if (repeats->count > LOG_REPEATS_SHOWN)
			*held = repeats->count - LOG_REPEATS_SHOWN;
		*repeats = (struct log_repeats){ .since_ns = now_ns };
	}
	return ++repeats->count <= LOG_REPEATS_SHOWN;
}

void log_write_repeats(struct log_repeats *repeats, enum log_level level,
		       const char *format, ...)
{
	va_list arguments;
	uint64_t held;

	if (!log_repeats_pass(repeats, clock_monotonic_ns(), &held))
		return;
	if (held)
		log_write(level, "%llu more messages like the next one",
			  (unsigned long long)held);
	va_start(arguments, format);
	line_write(level, format, arguments);
	va_end(arguments);
}

const char *log_strerror(int negative_errno)
{
	const char *text = strerrordesc_np(-negative_errno);

	return text ? text : "unknown error";
}
