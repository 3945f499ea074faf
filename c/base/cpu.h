/* SPDX-License-Identifier: MIT */
/* Where and how a thread runs. All return 0 or a negative errno, silently:
 * the caller knows the option to name. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

/* CPUs this process may run on: how many, and at most max of their numbers,
 * ascending (cpus may be NULL with max 0). */
unsigned int cpu_count(void);
unsigned int cpu_list(unsigned int *cpus, unsigned int max);

/* Read exactly count numbers of CPUs, 0 to 9999, separated by commas. 0 or
 * -EINVAL; cpus is then undefined. */
int cpu_numbers(const char *text, int *cpus, unsigned int count);

/* Do the two texts name the same CPUs, in any order, as in "0,2-3" and
 * "2,3,0"? False where one is no such list. */
bool cpu_text_equal(const char *one, const char *other);

/* Pin the calling thread: -EINVAL for a CPU that is offline or absent.
 * Threads made later inherit it. sched_setaffinity(2). */
int cpu_pin(unsigned int cpu);

/* SCHED_FIFO at priority 1..99 for the calling thread. sched(7). */
int cpu_realtime(unsigned int priority);

/* Lock all present and future pages. mlockall(2). */
int cpu_lock_memory(void);

/* What an error of these two means, for a message: the limit or capability
 * that was wanted is named. Returns text. */
#define CPU_FAULT_MAX 192
const char *cpu_realtime_fault(int err, char text[static CPU_FAULT_MAX]);
const char *cpu_lock_memory_fault(int err, char text[static CPU_FAULT_MAX]);

/* Let timers of this thread fire when they are due rather than up to 50 us
 * later. PR_SET_TIMERSLACK(2const). */
int cpu_exact_timers(void);

/* SIGKILL this process when its parent dies. PR_SET_PDEATHSIG(2const). */
int cpu_die_with_parent(void);

#endif
