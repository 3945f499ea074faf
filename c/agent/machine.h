/* SPDX-License-Identifier: MIT */
/*
 * A machine of a trial: the runner's end of an agent there. A machine may be a
 * network namespace.
 */
#ifndef AGENT_MACHINE_H
#define AGENT_MACHINE_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/json_lines.h"
#include "net/process.h"

struct machine {
	const char *name; /* for messages; the caller's */
	struct process agent;
	struct json_lines lines; /* fd -1: not open */
	const volatile int *stop;
	bool lost; /* it has been said */
	/* Looked at while we wait for this one: a machine that is lost ends
	 * the wait. */
	struct machine *beside;
	unsigned int beside_count;
};

/* How an agent is started. */
struct machine_command {
	const char *const *argv;
	/* The first line that it reads, as sudo(8) does; NULL: none. */
	const char *password;
};

/* Start an agent and wait for its greeting; what comes before, as of a login
 * shell, is passed over. stop: set by a signal; what waits gives up then. The
 * agent outlives a runner that is killed for as long as it needs to put back
 * what was turned. 0; -EINTR; another negative errno, logged. */
int machine_open(struct machine *machine, const char *name,
		 const struct machine_command *command,
		 const volatile int *stop);

/*
 * Ask, and wait for the answer. request: see README.md; its reference is
 * taken. timeout_ms: what is asked may take so long, and is told the agent;
 * < 0: no limit. *answer: a new reference, NULL with an error; answer NULL:
 * only whether it went well. 0; -EINTR; what the agent gave as errno, silent;
 * -EPIPE when the agent is gone or silent, logged.
 */
int machine_ask(struct machine *machine, json_t *request, int timeout_ms,
		json_t **answer);

/* Bring a file there, under a name of the agent's folder; or take one from
 * there. 0; -EINTR; another negative errno, logged. */
int machine_put(struct machine *machine, const char *path, const char *name);
int machine_take(struct machine *machine, const char *name, const char *path);

/* End the connection and wait until all is put back. 0; -EIO when that failed,
 * logged by the agent. May be called of one that is not open. */
int machine_close(struct machine *machine);

#endif
