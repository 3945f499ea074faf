/* SPDX-License-Identifier: MIT */
/*
 * Who else wanted the CPUs while something was measured: the machine's busy
 * time (proc_stat(5)) less that of this process and of the children it has
 * waited for (getrusage(2)).
 */
#ifndef CAMPAIGN_CPU_CONTENTION_H
#define CAMPAIGN_CPU_CONTENTION_H

#include <stdint.h>

struct cpu_contention {
	uint64_t at_ns;	  /* CLOCK_MONOTONIC */
	double machine_s; /* CPU seconds that were not idle, all CPUs */
	double stolen_s;  /* of those, taken by the hypervisor */
	double own_s;
};

/* 0 or a negative errno; silent. */
int cpu_contention_take(struct cpu_contention *busy);

/* CPUs that others kept busy between the two, on average; never below 0. */
double cpu_contention_others(const struct cpu_contention *before,
			     const struct cpu_contention *after);

/* CPUs that the hypervisor took. */
double cpu_contention_stolen(const struct cpu_contention *before,
			     const struct cpu_contention *after);

#endif
