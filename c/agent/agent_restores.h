/* SPDX-License-Identifier: MIT */
/*
 * The commands that an agent owes: each puts back what another one turned.
 * They lie in memory that agent and keeper share, since either may have to run
 * them. One process at a time changes them.
 */
#ifndef AGENT_AGENT_RESTORES_H
#define AGENT_AGENT_RESTORES_H

#include <jansson.h>
#include <stdatomic.h>

#include "agent/agent_standby.h"

#define AGENT_RESTORES_MAX     8
#define AGENT_RESTORE_TEXT_MAX 65536 /* of one command, as JSON */

struct agent_restores {
	atomic_uint count;
	char text[AGENT_RESTORES_MAX][AGENT_RESTORE_TEXT_MAX];
};

/* In memory that a fork shares; NULL when there is none, logged. It ends with
 * its processes. */
struct agent_restores *agent_restores_open(void);

/* argv: a list of strings. 0; -ENOSPC when there are too many, or it is too
 * long. */
int agent_restores_add(struct agent_restores *restores, const json_t *argv);

/* Run all in the namespace, the last first, each for at most timeout_ms, and
 * say of each that fails. One is owed until it has ended: who is killed amidst
 * it leaves it to the other process. A new array of what agent_command()
 * answers. standby: as of agent_standby_run(). */
json_t *agent_restores_run(struct agent_restores *restores,
			   struct agent_standby *standby, int namespace,
			   int timeout_ms);

/* As agent_restores_run(), by commands of their own. 0, or -EIO when one of
 * them failed, logged. */
int agent_restores_end(struct agent_restores *restores, int namespace,
		       int timeout_ms);

#endif
