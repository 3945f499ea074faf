/* SPDX-License-Identifier: MIT */
#include "agent/agent_standby.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_command.h"
#include "base/clock.h"
#include "base/json_get.h"
#include "base/log.h"

#define LOOK_MS 100  /* how often a wait looks whether to stop */
#define END_MS	5000 /* for it to end at the end of its input */

void agent_standby_set(struct agent_standby *standby, const json_t *words)
{
	agent_standby_close(standby);
	standby->words = json_deep_copy(words);
}

/* Does argv begin with the words, and go on? */
static bool is_for(const struct agent_standby *standby, const json_t *argv)
{
	size_t words = json_array_size(standby->words);

	if (words == 0 || json_array_size(argv) <= words)
		return false;
	for (size_t i = 0; i < words; i++)
		if (!json_equal(json_array_get(argv, i),
				json_array_get(standby->words, i)))
			return false;
	return true;
}

/* Of two pipes, since by a socket's path in /proc it can't be opened again. */
static int standby_start(struct agent_standby *standby, const int in[2],
			 const int out[2], int namespace)
{
	const char *argv[AGENT_ARGUMENTS_MAX];
	char in_path[32], out_path[32];
	const struct process_place place = { .namespace = namespace,
					     .cpu = -1,
					     .in = in_path,
					     .out = out_path };
	size_t words = json_array_size(standby->words);

	if (words + 1 >= AGENT_ARGUMENTS_MAX ||
	    !agent_argv(standby->words, argv))
		return -EINVAL;
	argv[words] = "serve";
	argv[words + 1] = NULL;
	snprintf(in_path, sizeof(in_path), "/proc/self/fd/%d", in[0]);
	snprintf(out_path, sizeof(out_path), "/proc/self/fd/%d", out[1]);
	return process_start(&standby->process, argv, &place);
}

static int standby_open(struct agent_standby *standby, int namespace)
{
	int in[2], out[2], err;

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC) < 0) {
		err = -errno;
		close(in[0]);
		close(in[1]);
		return err;
	}
	err = standby_start(standby, in, out, namespace);
	close(in[0]);
	close(out[1]);
	standby->to = in[1];
	standby->lines = (struct json_lines){ .fd = out[0] };
	if (err)
		agent_standby_close(standby);
	return err;
}

/* What it says next. 0; -ETIMEDOUT; -EINTR; another negative errno. */
static int answer_wait(struct agent_standby *standby, int timeout_ms,
		       const volatile int *stop, json_t **answer)
{
	struct pollfd readable = { .fd = standby->lines.fd, .events = POLLIN };
	const uint64_t begin_ns = clock_monotonic_ns();
	int taken, err;

	while (!(taken = json_lines_take(&standby->lines, answer))) {
		uint64_t ms = (clock_monotonic_ns() - begin_ns) / 1000000;

		if (stop && *stop)
			return -EINTR;
		if (timeout_ms >= 0 && ms > (uint64_t)timeout_ms)
			return -ETIMEDOUT;
		if (poll(&readable, 1, LOOK_MS) <= 0)
			continue;
		err = json_lines_fill(&standby->lines);
		if (err)
			return err;
	}
	return taken < 0 ? taken : 0;
}

static int command_say(struct agent_standby *standby, const json_t *argv)
{
	json_t *rest = json_array(), *request;
	int err;

	for (size_t i = json_array_size(standby->words);
	     i < json_array_size(argv); i++)
		json_array_append(rest, json_array_get(argv, i));
	request = json_pack("{s:o}", "argv", rest);
	err = json_lines_write(standby->to, request);
	json_decref(request);
	return err;
}

/* NULL: it can't be started, or has ended. */
static json_t *command_ask(struct agent_standby *standby, const json_t *argv,
			   int namespace, int timeout_ms,
			   const volatile int *stop)
{
	json_t *answer = NULL;
	int err = standby->to ? 0 : standby_open(standby, namespace);

	if (!err)
		err = command_say(standby, argv);
	if (!err)
		err = answer_wait(standby, timeout_ms, stop, &answer);
	if (!err)
		return answer;
	/* It may be amidst the command: that ends with it. */
	agent_standby_close(standby);
	if (err == -ETIMEDOUT || err == -EINTR)
		return json_pack("{s:i,s:s,s:s}", "code", err, "out", "", "err",
				 log_strerror(err));
	log_warning("%s serve: %s", json_string_value(json_array_get(argv, 0)),
		    log_strerror(err));
	return NULL;
}

json_t *agent_standby_run(struct agent_standby *standby, const json_t *argv,
			  int namespace, int timeout_ms,
			  const volatile int *stop)
{
	json_t *answer = NULL;

	if (standby && is_for(standby, argv))
		answer =
			command_ask(standby, argv, namespace, timeout_ms, stop);
	return answer ? answer
		      : agent_command(argv, namespace, timeout_ms, stop);
}

void agent_standby_close(struct agent_standby *standby)
{
	if (standby->to) {
		close(standby->to);
		close(standby->lines.fd);
		json_lines_close(&standby->lines);
		process_stop(&standby->process, SIGTERM, END_MS);
	}
	json_decref(standby->words);
	*standby = (struct agent_standby){ 0 };
}
