/* SPDX-License-Identifier: MIT */
/* One connection's requests, served: see README.md. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/agent_restores.h"

#define AGENT_GREETING	   "t2t-agent/1"
#define AGENT_PROGRAMS_MAX 8

struct agent_config {
	int in, out;	    /* the connection */
	const char *folder; /* of the programs' files */
	int namespace;	    /* a descriptor: where they run; -1: where we do */
};

/* What tells the agent to stop. */
struct agent_stop {
	volatile int set;
	int fd; /* becomes readable then; nobody reads it */
};

/* Serve until the connection ends or stop is set; then no program of ours runs
 * any more. What is in restores is left to the caller. 0 or a negative errno,
 * logged. */
int agent_serve(const struct agent_config *config,
		struct agent_restores *restores, const struct agent_stop *stop);

#endif
