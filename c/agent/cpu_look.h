/* SPDX-License-Identifier: MIT */
/*
 * What the kernel counts of a CPU: read before and after, the difference says
 * what happened to it meanwhile. What a kernel lacks is null.
 */
#ifndef AGENT_CPU_LOOK_H
#define AGENT_CPU_LOOK_H

#include <jansson.h>
#include <stdio.h>

/*
 * Of the CPU, or of all together if it is below 0, a new reference:
 * "at_ns" (CLOCK_MONOTONIC), "ticks" and "stolen_ticks" (/proc/stat:
 * proc_stat(5)), "waited_us" (/proc/pressure/cpu, some, of the whole machine:
 * the kernel's accounting/psi.rst), "interrupts" (/proc/interrupts:
 * proc_interrupts(5)), "mhz" (scaling_cur_freq; of one CPU alone).
 */
json_t *cpu_look(int cpu);

/* What the last three are read by; each a new reference or null. */
json_t *cpu_look_waited(FILE *pressure);
json_t *cpu_look_interrupts(FILE *interrupts, int cpu);
/* Sets both kinds of ticks. */
void cpu_look_ticks(FILE *stat, int cpu, json_t *look);

#endif
