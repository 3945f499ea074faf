/* SPDX-License-Identifier: MIT */
/*
 * A campaign as a JSON file, which the experiment's playbook makes from
 * ansible/experiments/NAME.yml:
 *
 *	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
 *	 "feed": PATH, "pace": "rate:2000", "blocks": 5, "seed": 1,
 *	 "threshold_usd": "1000000", "aggress": "opposite",
 *	 "group": "239.255.0.1:12345", "warm_up": 20,
 *	 "arms": [{"name": NAME, "receive": PATH, "trader": [ARGUMENT...],
 *	           "exchange": [ARGUMENT...], "before": [ARGUMENT...],
 *	           "after": [ARGUMENT...]}],
 *	 "trials": [{"block": 0, "arm": 2}...]}
 *
 * The last arm is the first one again. Lists of arguments may be left out.
 * Trials stand in the order in which they run, each arm once a block; where
 * they are left out, the order is drawn from the seed. Further members mean
 * nothing here; all of it goes into the manifest, whose "skipped" is the
 * plan's: arms that the place can't run.
 */
#ifndef CAMPAIGN_CAMPAIGN_PLAN_H
#define CAMPAIGN_CAMPAIGN_PLAN_H

#include "campaign/campaign.h"

#define CAMPAIGN_PLAN_SCHEMA "t2t-lab-plan/1"

/* Fill the members of config that the file speaks of; config->plan holds the
 * strings. 0 or -EINVAL, logged with the member's name; gives everything back
 * on failure. */
int campaign_plan_read(const char *path, struct campaign_config *config);
void campaign_plan_free(struct campaign_config *config);

#endif
