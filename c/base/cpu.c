/* SPDX-License-Identifier: MIT */
#include "base/cpu.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

unsigned int cpu_list(unsigned int *cpus, unsigned int max)
{
	unsigned int n = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (n < max)
			cpus[n] = cpu;
		n++;
	}
	return n;
}

unsigned int cpu_count(void)
{
	return cpu_list(NULL, 0);
}

int cpu_numbers(const char *text, int *cpus, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const size_t digits = strspn(text, "0123456789");

		if (digits < 1 || digits > 4 ||
		    text[digits] != (i + 1 < count ? ',' : '\0'))
			return -EINVAL;
		cpus[i] = atoi(text);
		text += digits + 1;
	}
	return 0;
}

/* As in "0,2-3". False where the text names no CPUs in that form. */
static bool cpu_text_read(const char *text, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (;;) {
		unsigned int first, last;
		int used = 0;

		if (sscanf(text, "%4u%n", &first, &used) != 1)
			return false;
		text += used;
		last = first;
		if (*text == '-') {
			if (sscanf(text, "-%4u%n", &last, &used) != 1)
				return false;
			text += used;
		}
		if (last < first || last >= CPU_SETSIZE)
			return false;
		for (; first <= last; first++)
			CPU_SET(first, set);
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
}

bool cpu_text_equal(const char *one, const char *other)
{
	cpu_set_t first, second;

	return cpu_text_read(one, &first) && cpu_text_read(other, &second) &&
	       CPU_EQUAL(&first, &second);
}

int cpu_pin(unsigned int cpu)
{
	cpu_set_t set;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int cpu_realtime(unsigned int priority)
{
	struct sched_param wanted = { .sched_priority = (int)priority };

	return sched_setscheduler(0, SCHED_FIFO, &wanted) < 0 ? -errno : 0;
}

int cpu_lock_memory(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
}

static const char *limit_print(int resource, rlim_t unit, char text[static 32])
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return "none";
	snprintf(text, 32, "%llu", (unsigned long long)(limit.rlim_cur / unit));
	return text;
}

const char *cpu_realtime_fault(int err, char text[static CPU_FAULT_MAX])
{
	char limit[32];

	if (err == -EPERM)
		snprintf(text, CPU_FAULT_MAX,
			 "%s: it needs CAP_SYS_NICE, or RLIMIT_RTPRIO "
			 "(ulimit -r, now %s) as high",
			 log_strerror(err),
			 limit_print(RLIMIT_RTPRIO, 1, limit));
	else
		snprintf(text, CPU_FAULT_MAX, "%s", log_strerror(err));
	return text;
}

const char *cpu_lock_memory_fault(int err, char text[static CPU_FAULT_MAX])
{
	char limit[32];

	if (err == -EPERM || err == -ENOMEM || err == -EAGAIN)
		snprintf(text, CPU_FAULT_MAX,
			 "%s: it needs CAP_IPC_LOCK, or RLIMIT_MEMLOCK "
			 "(ulimit -l, now %s KiB) for all of the program",
			 log_strerror(err),
			 limit_print(RLIMIT_MEMLOCK, 1024, limit));
	else
		snprintf(text, CPU_FAULT_MAX, "%s", log_strerror(err));
	return text;
}

int cpu_exact_timers(void)
{
	return prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0) < 0 ? -errno : 0;
}

int cpu_die_with_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}
