/* SPDX-License-Identifier: MIT */
/*
 * Two processes that look after each other: the keeper, which was started, and
 * the agent, its child. Whichever is killed, the other one sees to it that
 * what was turned is put back.
 */
#ifndef AGENT_AGENT_KEEPER_H
#define AGENT_AGENT_KEEPER_H

#include "agent/agent.h"

/* Serve the connection, to its end or a SIGTERM, SIGINT or SIGHUP; put back
 * what is owed. Returns the exit code: 1 when that failed, by name. */
int agent_keeper_run(const struct agent_config *config);

#endif
