/* SPDX-License-Identifier: MIT */
#include "campaign/cpu_contention.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

static double seconds_of(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage) < 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int cpu_contention_take(struct cpu_contention *busy)
{
	const double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	unsigned long long field[FIELDS];
	FILE *file = fopen("/proc/stat", "re");
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
		   &field[USER], &field[NICE], &field[SYSTEM], &field[IDLE],
		   &field[IOWAIT], &field[IRQ], &field[SOFTIRQ], &field[STEAL]);
	fclose(file);
	if (n != FIELDS)
		return -EBADMSG;
	busy->at_ns = clock_monotonic_ns();
	busy->stolen_s = (double)field[STEAL] * tick_s;
	busy->machine_s = busy->stolen_s +
			  (double)(field[USER] + field[NICE] + field[SYSTEM] +
				   field[IRQ] + field[SOFTIRQ]) *
				  tick_s;
	busy->own_s = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
	return 0;
}

static double per_second(const struct cpu_contention *before,
			 const struct cpu_contention *after, double cpu_s)
{
	double passed_s = (double)(after->at_ns - before->at_ns) / 1e9;

	return passed_s > 0 && cpu_s > 0 ? cpu_s / passed_s : 0;
}

double cpu_contention_others(const struct cpu_contention *before,
			     const struct cpu_contention *after)
{
	return per_second(before, after,
			  (after->machine_s - before->machine_s) -
				  (after->own_s - before->own_s));
}

double cpu_contention_stolen(const struct cpu_contention *before,
			     const struct cpu_contention *after)
{
	return per_second(before, after, after->stolen_s - before->stolen_s);
}
