/* SPDX-License-Identifier: MIT */
#include "campaign/trial_cpus.h"

#include <errno.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"

int trial_cpus_parse(const char *text, int cpu[static TRIAL_ROLES])
{
	unsigned int cpus[64], n = cpu_list(cpus, 64);

	for (int i = 0; i < TRIAL_ROLES; i++)
		cpu[i] = -1;
	if (!strcmp(text, "none"))
		return 0;
	if (strcmp(text, "auto") != 0) {
		if (!cpu_numbers(text, cpu, TRIAL_ROLES))
			return 0;
		log_error("--cpus: '%s': expected auto, none or three numbers",
			  text);
		return -EINVAL;
	}
	if (n < 2) {
		log_warning("one CPU alone: nothing is pinned, and a path "
			    "that spins takes it from the exchange");
		return 0;
	}
	n = n > 64 ? 64 : n;
	cpu[TRIAL_EXCHANGE] = (int)cpus[0];
	cpu[TRIAL_WIRETAP] = (int)cpus[n > 2 ? 1 : 0];
	cpu[TRIAL_TRADER] = (int)cpus[n - 1];
	return 0;
}
