/* SPDX-License-Identifier: MIT */
/* Kills a program between two of its system calls: a process of its own that
 * watches all of its threads (ptrace(2)) and counts. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* SIGKILL, where pid enters or leaves the count-th of the calls that send,
 * receive, write or move bytes, from now on. The killer's own pid; -1: this may
 * not be done here. */
pid_t killer_start(pid_t pid, unsigned int count);

/* It is over: killed it or not. */
void killer_end(pid_t killer);
