/* SPDX-License-Identifier: MIT */
#include "agent/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/agent_files.h"
#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/json_get.h"
#include "base/log.h"

#define GREETING_MS 60000  /* on a busy machine */
#define LATE_MS	    60000  /* beyond what the agent was given */
#define LOOK_MS	    100	   /* how often a wait looks whether to stop */
#define CLOSE_MS    180000 /* to end programs and put back */
#define PIECE_MS    60000  /* for a piece of a file */
#define NOISE_LINES 100	   /* of whatever runs before the agent */

static int gone(struct machine *machine, const char *what)
{
	log_error("the agent of %s %s", machine->name, what);
	machine->lost = true;
	return -EPIPE;
}

/* Nobody speaks unasked: whatever another agent's connection has to read now
 * is its end. */
static int beside_check(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->beside_count; i++) {
		struct machine *other = &machine->beside[i];
		struct pollfd end = { .fd = other->lines.fd,
				      .events = POLLIN | POLLRDHUP };

		if (other != machine && other->lines.fd >= 0 && !other->lost &&
		    poll(&end, 1, 0) > 0)
			return gone(other, "has ended");
	}
	return 0;
}

/* More of what it says. limit_ms: < 0: none; begin_ns: since when. */
static int more_wait(struct machine *machine, uint64_t begin_ns, int limit_ms)
{
	struct pollfd readable = { .fd = machine->lines.fd, .events = POLLIN };

	for (;;) {
		uint64_t ms = (clock_monotonic_ns() - begin_ns) / 1000000;
		int err;

		if (machine->stop && *machine->stop)
			return -EINTR;
		if (limit_ms >= 0 && ms > (uint64_t)limit_ms)
			return gone(machine, "does not answer");
		if (poll(&readable, 1, LOOK_MS) > 0) {
			err = json_lines_fill(&machine->lines);
			if (!err)
				return 0;
			return gone(machine, err == -EPIPE ? "has ended"
							   : log_strerror(err));
		}
		err = beside_check(machine);
		if (err)
			return err;
	}
}

/* The next line: -EPROTO for one that is none of an agent's, silent. */
static int line_wait(struct machine *machine, int limit_ms, json_t **object)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	int taken, err = 0;

	while (!(taken = json_lines_take(&machine->lines, object)) && !err)
		err = more_wait(machine, begin_ns, limit_ms);
	return taken > 0 ? 0 : taken < 0 ? -EPROTO : err;
}

/* Of a login shell that says more than it should. */
static int greeting_wait(struct machine *machine)
{
	for (int lines = 0; lines < NOISE_LINES; lines++) {
		json_t *greeting = NULL;
		int err = line_wait(machine, GREETING_MS, &greeting);
		bool is_agent = json_object_get(greeting, "agent");
		bool is_ours = !strcmp(json_get_text(greeting, "agent", ""),
				       AGENT_GREETING);

		json_decref(greeting);
		if (err && err != -EPROTO)
			return err;
		if (is_agent)
			return is_ours ? 0
				       : gone(machine, "is of another version");
	}
	return gone(machine, "speaks another language");
}

static int password_say(struct machine *machine, const char *password)
{
	int fd = machine->lines.fd, err;

	if (!password)
		return 0;
	err = json_lines_write_bytes(fd, password, strlen(password));
	if (!err)
		err = json_lines_write_bytes(fd, "\n", 1);
	return err ? gone(machine, "has ended") : 0;
}

int machine_open(struct machine *machine, const char *name,
		 const struct machine_command *command,
		 const volatile int *stop)
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
	err = process_start(&machine->agent, command->argv, &place);
	close(ends[1]);
	machine->lines.fd = ends[0];
	if (!err)
		err = password_say(machine, command->password);
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

/* Ask, with the bytes behind the request. */
static int ask_with(struct machine *machine, json_t *request, int timeout_ms,
		    const char *bytes, size_t len, json_t **answer)
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
	if (machine->lines.fd < 0 || machine->lost) {
		json_decref(request);
		return -EPIPE;
	}
	err = json_lines_write(machine->lines.fd, request);
	if (!err)
		err = json_lines_write_bytes(machine->lines.fd, bytes, len);
	json_decref(request);
	if (err)
		return gone(machine, "has ended");
	err = line_wait(machine, timeout_ms < 0 ? -1 : timeout_ms + LATE_MS,
			&told);
	if (err == -EPROTO)
		err = gone(machine, "speaks another language");
	/* Its answer is still to come, and is no later question's. */
	if (err)
		machine->lost = true;
	if (!err && !json_is_true(json_object_get(told, "ok")))
		err = refusal(machine, told);
	if (err || !answer)
		json_decref(told);
	else
		*answer = told;
	return err;
}

int machine_ask(struct machine *machine, json_t *request, int timeout_ms,
		json_t **answer)
{
	return ask_with(machine, request, timeout_ms, "", 0, answer);
}

/*
 * Files.
 */

static int file_fault(const char *path, int err)
{
	log_error("%s: %s", path, log_strerror(err));
	return err;
}

int machine_put(struct machine *machine, const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	char *piece = malloc(AGENT_PIECE_MAX);
	json_int_t at = 0;
	ssize_t n = -1;

	if (fd < 0 || !piece)
		err = file_fault(path, -errno);
	/* An empty file is one piece, too. */
	while (!err && (n = read(fd, piece, AGENT_PIECE_MAX)) >= 0 &&
	       (n > 0 || at == 0)) {
		err = ask_with(machine,
			       json_pack("{s:s,s:s,s:I,s:I}", "do", "put",
					 "file", name, "at", at,
					 JSON_LINES_BYTES, (json_int_t)n),
			       PIECE_MS, piece, (size_t)n, NULL);
		at += n;
		if (n == 0)
			break;
	}
	if (!err && n < 0)
		err = file_fault(path, -errno);
	free(piece);
	if (fd >= 0)
		close(fd);
	return err;
}

/* The bytes behind an answer, into the file. */
static int bytes_save(struct machine *machine, size_t len, FILE *file)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	int err = 0;

	while (len > 0 && !err) {
		char part[4096];
		size_t n = json_lines_take_bytes(
			&machine->lines, part,
			len < sizeof(part) ? len : sizeof(part));

		/* What can't be written shows when it is closed. */
		fwrite(part, 1, n, file);
		len -= n;
		if (n == 0)
			err = more_wait(machine, begin_ns, PIECE_MS);
	}
	return err;
}

int machine_take(struct machine *machine, const char *name, const char *path)
{
	json_int_t at = 0, size = 1;
	struct atomic_file whole;
	int err = atomic_file_open(&whole, path);

	if (err)
		return err;
	while (at < size && !err) {
		json_t *answer;
		json_int_t n;

		err = machine_ask(machine,
				  json_pack("{s:s,s:s,s:I}", "do", "take",
					    "file", name, "at", at),
				  PIECE_MS, &answer);
		if (err)
			break;
		n = json_get_integer(answer, JSON_LINES_BYTES);
		size = json_get_integer(answer, "size");
		json_decref(answer);
		err = bytes_save(machine, (size_t)n, whole.file);
		at += n;
		if (n == 0)
			break; /* it became shorter, or is empty */
	}
	return atomic_file_close(&whole, err);
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
