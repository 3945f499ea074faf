/* SPDX-License-Identifier: MIT */
/* A command run to its end, and what it said. */
#ifndef AGENT_AGENT_COMMAND_H
#define AGENT_AGENT_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#define AGENT_ARGUMENTS_MAX   128
#define AGENT_COMMAND_OUT_MAX (4 << 20) /* bytes kept of each stream */

/* {"code": N, "out": text, "err": text}, a new reference. code: its exit code,
 * 128 + the signal that killed it, or a negative errno (-ETIMEDOUT after
 * timeout_ms, when it is killed; -EINTR when *stop was set). What is no UTF-8
 * becomes question marks. namespace: a descriptor; -1: our own. list: of
 * strings that agent_argv() takes. */
json_t *agent_command(const json_t *list, int namespace, int timeout_ms,
		      const volatile int *stop);

/* A list of 1 to AGENT_ARGUMENTS_MAX - 1 strings, ended by NULL; they stay the
 * list's. false: it is none. */
bool agent_argv(const json_t *list,
		const char *argv[static AGENT_ARGUMENTS_MAX]);

#endif
