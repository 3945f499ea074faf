/* SPDX-License-Identifier: MIT */
#include "agent/canary.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "stats/statistics.h"

#define LOOKS 64 /* at the counter, between two at the time */

static double call_ns(void)
{
	double batches[CANARY_BATCHES];

	for (int i = 0; i < CANARY_BATCHES; i++) {
		const uint64_t begin_ns = clock_monotonic_ns();

		for (int j = 0; j < CANARY_CALLS; j++)
			syscall(SYS_getppid);
		batches[i] = (double)(clock_monotonic_ns() - begin_ns) /
			     CANARY_CALLS;
	}
	return statistics_median(batches, CANARY_BATCHES);
}

static double gap_ns(void)
{
	const uint64_t begin_ns = clock_monotonic_ns(), begin = clock_counter();
	uint64_t last = begin, now, longest = 0, passed_ns;

	do {
		for (int i = 0; i < LOOKS; i++) {
			now = clock_counter();
			if (now > last && now - last > longest)
				longest = now - last;
			last = now;
		}
		passed_ns = clock_monotonic_ns() - begin_ns;
	} while (passed_ns < CANARY_SPIN_NS);
	return last > begin ? (double)longest * (double)passed_ns /
				      (double)(last - begin)
			    : 0;
}

int canary_take(int cpu, struct canary *canary)
{
	cpu_set_t before;
	int err = 0;

	if (cpu >= 0 && sched_getaffinity(0, sizeof(before), &before) < 0)
		return -errno;
	if (cpu >= 0)
		err = cpu_pin((unsigned int)cpu);
	if (err)
		return err;
	canary->call_ns = call_ns();
	canary->gap_ns = gap_ns();
	if (cpu >= 0 && sched_setaffinity(0, sizeof(before), &before) < 0)
		err = -errno;
	return err;
}
