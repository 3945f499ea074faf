/* SPDX-License-Identifier: MIT */
/*
 * What a CPU is like just now, by what it does for us: a fixed number of fixed
 * system calls, and a spin over the clock that sees whoever takes the CPU away.
 * It asks nothing of the NIC or of a trial's programs, and takes about 5 ms.
 */
#ifndef AGENT_CANARY_H
#define AGENT_CANARY_H

#define CANARY_BATCHES 31
#define CANARY_CALLS   32 /* of getppid(2), a batch */
#define CANARY_SPIN_NS 4000000

struct canary {
	double call_ns; /* the median batch's, of one call */
	double gap_ns;	/* the longest between two looks at the clock */
};

/* On the CPU, or wherever we are if it is below 0; the calling thread may run
 * where it did before afterwards. 0 or a negative errno, silent. */
int canary_take(int cpu, struct canary *canary);

#endif
