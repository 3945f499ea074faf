/* SPDX-License-Identifier: MIT */
#include "agent/machine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/json_get.h"
#include "base/log.h"

#define GREETING_MS 60000  /* on a busy machine */
#define LATE_MS	    60000  /* beyond what the agent was given */
#define LOOK_MS	    100	   /* how often a wait looks whether to stop */
#define CLOSE_MS    180000 /* to end programs and put back */

static int gone(const struct machine *machine, const char *what)
{
	log_error("the agent of %s %s", machine->name, what);
	return -EPIPE;
}

/* The next line. limit_ms: < 0: none. */
static int line_wait(struct machine *machine, int limit_ms, json_t **object)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	struct pollfd readable = { .fd = machine->lines.fd, .events = POLLIN };

	for (;;) {
		int err = json_lines_take(&machine->lines, object);
		uint64_t ms = (clock_monotonic_ns() - begin_ns) / 1000000;

		if (err > 0)
			return 0;
		if (err < 0)
			return gone(machine, "speaks another language");
		if (machine->stop && *machine->stop)
			return -EINTR;
		if (limit_ms >= 0 && ms > (uint64_t)limit_ms)
			return gone(machine, "does not answer");
		if (poll(&readable, 1, LOOK_MS) <= 0)
			continue;
		err = json_lines_fill(&machine->lines);
		if (err == -EPIPE)
			return gone(machine, "has ended");
		if (err)
			return gone(machine, log_strerror(err));
	}
}

static int greeting_wait(struct machine *machine)
{
	json_t *greeting = NULL;
	int err = line_wait(machine, GREETING_MS, &greeting);

	if (!err &&
	    strcmp(json_get_text(greeting, "agent", ""), AGENT_GREETING) != 0)
		err = gone(machine, "is of another version");
	json_decref(greeting);
	return err;
}

int machine_open(struct machine *machine, const char *name,
		 const char *const *argv, const volatile int *stop)
{
	int ends[2], err;
	struct process_place place = { .namespace = -1,
				       .cpu = -1,
				       .connection = &ends[1] };

	*machine =
		(struct machine){ .name = name, .lines.fd = -1, .stop = stop };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		log_error("no socket for the agent of %s: %s", name,
			  log_strerror(-errno));
		return -errno;
	}
	err = process_start(&machine->agent, argv, &place);
	close(ends[1]);
	machine->lines.fd = ends[0];
	if (!err)
		err = greeting_wait(machine);
	if (err)
		machine_close(machine);
	return err;
}

/* What it says went wrong. Without a number it is a fault of ours. */
static int refusal(const struct machine *machine, const json_t *answer)
{
	json_int_t number = json_get_integer(answer, "errno");

	if (number == ETIMEDOUT || number == ECHILD || number == ESRCH)
		return -(int)number;
	log_error("the agent of %s: %s", machine->name,
		  json_get_text(answer, "why", "no reason given"));
	return number > 0 ? -(int)number : -EPROTO;
}

int machine_ask(struct machine *machine, json_t *request, int timeout_ms,
		json_t **answer)
{
	json_t *told = NULL;
	int err;

	if (answer)
		*answer = NULL;
	if (!request)
		return -ENOMEM;
	if (timeout_ms >= 0)
		json_object_set_new(request, "timeout",
				    json_integer(timeout_ms));
	err = machine->lines.fd < 0
		      ? -EPIPE
		      : json_lines_write(machine->lines.fd, request);
	json_decref(request);
	if (err)
		return gone(machine, "has ended");
	err = line_wait(machine, timeout_ms < 0 ? -1 : timeout_ms + LATE_MS,
			&told);
	if (!err && !json_is_true(json_object_get(told, "ok")))
		err = refusal(machine, told);
	if (err || !answer)
		json_decref(told);
	else
		*answer = told;
	return err;
}

int machine_close(struct machine *machine)
{
	int code;

	if (machine->lines.fd < 0)
		return 0;
	close(machine->lines.fd);
	json_lines_close(&machine->lines);
	code = process_wait(&machine->agent, CLOSE_MS, NULL);
	if (code == -ETIMEDOUT)
		process_stop(&machine->agent, SIGKILL, 0);
	if (code != 0)
		log_error("the agent of %s ended with %d", machine->name, code);
	return code ? -EIO : 0;
}
