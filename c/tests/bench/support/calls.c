/* SPDX-License-Identifier: MIT */
/*
 * Which system calls the trader's hot loop makes, as strace sees them: none but
 * the two between a datagram and its order; and how often it looks at the rest
 * of the world, in the pauses between datagrams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tests/bench/support/bench.h"

#define NAMES_MAX 64
#define FDS_MAX	  64
/* Has the exchange acknowledged what was sent? Asked four times a second. */
#define CALLS_A_SECOND 4

struct call {
	char name[32];
	unsigned long count; /* up to the last datagram */
	unsigned long after; /* since the last datagram */
};

struct calls {
	struct call call[NAMES_MAX];
	size_t count;
	bool is_udp[FDS_MAX]; /* by descriptor */
	unsigned long orders;
	unsigned long before_order; /* others, from datagram to order */
	unsigned long others;	    /* since the last datagram */
	double first_s, last_s;	    /* of the datagrams */
};

/* Receiving, in each of the kernel's ways, and sending. */
static bool allowed(const char *name)
{
	static const char *const names[] = { "recvmsg",	    "recvfrom",
					     "recvmmsg",    "epoll_wait",
					     "epoll_pwait", "sendto",
					     "sendmsg" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void call_add(struct calls *calls, const char *name)
{
	size_t i;

	for (i = 0; i < calls->count; i++)
		if (!strcmp(calls->call[i].name, name))
			break;
	if (i == NAMES_MAX)
		return;
	if (i == calls->count)
		snprintf(calls->call[calls->count++].name,
			 sizeof(calls->call[0].name), "%s", name);
	calls->call[i].after++;
}

static void calls_settle(struct calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		calls->call[i].count += calls->call[i].after;
		calls->call[i].after = 0;
	}
}

/* A line of the trace, "PID SECONDS NAME(ARGUMENTS) = RESULT". */
struct line {
	char name[32];
	double at_s;
	int fd; /* the first argument, if it is a number */
	int result;
};

static bool line_read(const char *text, struct line *line)
{
	const char *equals = strrchr(text, '=');

	line->fd = -1;
	line->result = equals ? atoi(equals + 1) : -1;
	return sscanf(text, "%*d %lf %31[a-z0-9_](%d", &line->at_s, line->name,
		      &line->fd) >= 2;
}

/* Not what netlink says, nor what comes over TCP. */
static bool is_datagram(const struct calls *calls, const struct line *line)
{
	return !strncmp(line->name, "recv", 4) && line->fd >= 0 &&
	       line->fd < FDS_MAX && calls->is_udp[line->fd] &&
	       line->result > 0;
}

static void line_count(struct calls *calls, const struct line *line)
{
	if (is_datagram(calls, line)) {
		calls_settle(calls);
		calls->others = 0;
		calls->last_s = line->at_s;
		if (calls->first_s == 0)
			calls->first_s = line->at_s;
	}
	if (calls->first_s == 0)
		return;
	call_add(calls, line->name);
	if (!allowed(line->name)) {
		calls->others++;
	} else if (!strncmp(line->name, "send", 4)) {
		calls->orders++;
		calls->before_order += calls->others;
		calls->others = 0;
	}
}

/* From the first datagram received to the last. */
static int calls_read(struct calls *calls, const char *path)
{
	FILE *file = fopen(path, "re");
	char text[4096];

	if (!file) {
		log_error("can't open %s: %s", path, log_strerror(-errno));
		return -errno;
	}
	while (fgets(text, sizeof(text), file)) {
		struct line line;

		if (!line_read(text, &line))
			continue;
		if (!strcmp(line.name, "socket") && line.result >= 0 &&
		    line.result < FDS_MAX)
			calls->is_udp[line.result] =
				strstr(text, "AF_INET, SOCK_DGRAM") != NULL;
		line_count(calls, &line);
	}
	fclose(file);
	return calls->orders > 0 ? 0 : -ENODATA;
}

/* A program that runs the trader under strace, for a trial to start. */
static int wrapper_write(const struct bench *bench, const char *path,
			 const char *trace)
{
	char trader[PATH_MAX], *whole;
	FILE *file;

	whole = realpath(bench_program(bench, "t2t-trader", trader), NULL);
	file = fopen(path, "we");
	if (!whole || !file)
		return -errno;
	fprintf(file, "#!/bin/sh\nexec strace -f -ttt -o '%s' '%s' \"$@\"\n",
		trace, whole);
	fclose(file);
	free(whole);
	return chmod(path, 0755) < 0 ? -errno : 0;
}

int bench_calls(struct bench *bench)
{
	char folder[PATH_MAX], wrapper[PATH_MAX], trace[PATH_MAX];
	struct trial_config slow = bench->trial;
	struct calls calls = { 0 };
	double before_order, others = 0;
	json_t *result;
	int err;

	snprintf(folder, sizeof(folder), "%s/calls", bench->folder);
	snprintf(wrapper, sizeof(wrapper), "%s/traced", bench->folder);
	snprintf(trace, sizeof(trace), "%s/trace", bench->folder);
	err = wrapper_write(bench, wrapper, trace);
	if (err)
		return err;
	/* At a rate that a traced program keeps up with, and with a buffer for
	 * when it does not: telling of a gap takes calls, too. */
	slow.pace = "rate:4000";
	err = trial_run(&slow, NULL,
			&(const struct arm){ .receive = "spin:rcvbuf=64m",
					     .program = wrapper },
			folder, &result);
	if (err)
		return err;
	json_decref(result);
	err = calls_read(&calls, trace);
	if (err)
		return err;
	for (size_t i = 0; i < calls.count; i++)
		if (!allowed(calls.call[i].name))
			others += (double)calls.call[i].count;
	before_order = (double)calls.before_order;
	others /= calls.last_s - calls.first_s;
	bench_figure(bench, "datagram to order: calls but these two", "calls",
		     &before_order, NULL, NULL, 1, BENCH_AT_MOST, 0);
	bench_figure(bench, "hot loop: calls but receive and send", "a second",
		     &others, NULL, NULL, 1, BENCH_AT_MOST, CALLS_A_SECOND);
	for (size_t i = 0; i < calls.count; i++)
		if (calls.call[i].count)
			bench_note(bench, "%-12s %lu", calls.call[i].name,
				   calls.call[i].count);
	return 0;
}
