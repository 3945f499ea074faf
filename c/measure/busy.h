/* SPDX-License-Identifier: MIT */
/*
 * Who else wanted the CPUs while something was measured: the machine's busy
 * time (proc_stat(5)) less that of this process and of the children it has
 * waited for (getrusage(2)).
 */
#ifndef MEASURE_BUSY_H
#define MEASURE_BUSY_H

#include <stdint.h>

struct busy {
	uint64_t at_ns;	  /* CLOCK_MONOTONIC */
	double machine_s; /* CPU seconds that were not idle, all CPUs */
	double stolen_s;  /* of those, taken by the hypervisor */
	double own_s;
};

/* 0 or a negative errno; silent. */
int busy_take(struct busy *busy);

/* CPUs that others kept busy between the two, on average; never below 0. */
double busy_others(const struct busy *before, const struct busy *after);

/* CPUs that the hypervisor took. */
double busy_stolen(const struct busy *before, const struct busy *after);

#endif
