/* SPDX-License-Identifier: MIT */
/* On which CPUs exchange, wiretap and trader run in namespaces. */
#ifndef CAMPAIGN_TRIAL_CPUS_H
#define CAMPAIGN_TRIAL_CPUS_H

#include "campaign/trial_config.h"

/* "auto", "none" or three numbers; of what is not pinned -1. 0; -EINVAL,
 * logged. */
int trial_cpus_parse(const char *text, int cpu[static TRIAL_ROLES]);

#endif
