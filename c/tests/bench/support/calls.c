/* SPDX-License-Identifier: MIT */
/* Which system calls the trader's hot loop makes, as strace sees them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tests/bench/support/bench.h"

#define NAMES_MAX 64

struct call {
	char name[32];
	unsigned long count; /* up to the last receive */
	unsigned long after; /* since the last receive */
};

struct calls {
	struct call call[NAMES_MAX];
	size_t count;
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

/* "123 recvmsg(4, {...}, MSG_DONTWAIT) = 36" */
static bool is_datagram(const char *line, const char *name)
{
	const char *equals = strrchr(line, '=');

	return !strncmp(name, "recv", 4) && equals && atoi(equals + 1) >= 8;
}

/* From the first datagram received to the last. */
static int calls_read(struct calls *calls, const char *path)
{
	FILE *file = fopen(path, "re");
	bool started = false;
	char line[4096];

	if (!file) {
		log_error("can't open %s: %s", path, log_reason(-errno));
		return -errno;
	}
	while (fgets(line, sizeof(line), file)) {
		char name[32];

		if (sscanf(line, "%*d %31[a-z0-9_](", name) != 1)
			continue;
		if (is_datagram(line, name)) {
			if (started)
				calls_settle(calls);
			started = true;
		}
		if (started)
			call_add(calls, name);
	}
	fclose(file);
	return started ? 0 : -ENODATA;
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
	fprintf(file, "#!/bin/sh\nexec strace -f -o '%s' '%s' \"$@\"\n", trace,
		whole);
	fclose(file);
	free(whole);
	return chmod(path, 0755) < 0 ? -errno : 0;
}

int bench_calls(struct bench *bench)
{
	char folder[PATH_MAX], wrapper[PATH_MAX], trace[PATH_MAX];
	struct trial_config slow = bench->trial;
	struct calls calls = { 0 };
	double others = 0;
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
	err = trial_run(&slow,
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
	bench_figure(bench, "hot loop: calls but receive and send", "calls",
		     &others, NULL, NULL, 1, BENCH_AT_MOST, 0);
	for (size_t i = 0; i < calls.count; i++)
		if (calls.call[i].count)
			bench_note(bench, "%-12s %lu", calls.call[i].name,
				   calls.call[i].count);
	return 0;
}
