/* SPDX-License-Identifier: MIT */
/*
 * A program that stays ready for commands: of an interpreter, whose start takes
 * an emulated guest longer than what it is asked for. "WORDS... serve" reads
 * {"argv": [...]} and answers {"code": N, "out": text, "err": text}, each in a
 * line of its own, for what "WORDS... ARGV..." would do and print.
 */
#ifndef AGENT_AGENT_STANDBY_H
#define AGENT_AGENT_STANDBY_H

#include <jansson.h>

#include "agent/json_lines.h"
#include "net/process.h"

/* All zero: there is none. */
struct agent_standby {
	json_t *words;
	struct process process; /* started by the first command, once */
	struct json_lines lines;
	int to; /* its stdin; 0: it doesn't run */
};

/* words: a list of strings; a reference of its own is kept. What ran before
 * ends. */
void agent_standby_set(struct agent_standby *standby, const json_t *words);

/* As agent_command(): by the program that stands by where argv begins with its
 * words, or by itself; also when that program fails amidst it, so that a
 * command may be run twice. standby: NULL: none. */
json_t *agent_standby_run(struct agent_standby *standby, const json_t *argv,
			  int namespace, int timeout_ms,
			  const volatile int *stop);

/* It ends, and none stands by. */
void agent_standby_close(struct agent_standby *standby);

#endif
