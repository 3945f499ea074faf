/* SPDX-License-Identifier: MIT */
/* On which CPUs a trial in namespaces runs. */
#ifndef CAMPAIGN_LOCAL_CPUS_H
#define CAMPAIGN_LOCAL_CPUS_H

#include "campaign/trial_config.h"

/* --cpus: "auto", "none" or three numbers, by role; -1: not pinned. 0 or
 * -EINVAL, logged. */
int local_cpus_read(const char *text, int cpu[static TRIAL_ROLES]);

#endif
