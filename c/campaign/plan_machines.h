/* SPDX-License-Identifier: MIT */
/* What a plan's "site" says of machines; see campaign_plan.h. */
#ifndef CAMPAIGN_PLAN_MACHINES_H
#define CAMPAIGN_PLAN_MACHINES_H

#include "campaign/campaign_config.h"

/* Of the whole plan; a plan without machines is for namespaces. 0 or a negative
 * errno, logged with the path. */
int plan_machines_read(const char *path, const json_t *plan,
		       struct campaign_config *config);

/* Of arm number of config->plan, whose site is in config->arm_sites if it has
 * one of its own. As above. */
int plan_machines_read_arm(const char *path, unsigned int number,
			   struct campaign_config *config);

/* "--campaign PATH: MEMBER: expected WANTED": -EINVAL. */
int plan_fault(const char *path, const char *member, const char *wanted);

/* A list of strings of the object, or none. 0 or a negative errno, logged. */
int plan_list(const char *path, const json_t *object, const char *member,
	      struct campaign_config *config, const char *const **list);

#endif
