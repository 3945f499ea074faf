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
 *	           "exchange": [ARGUMENT...], "layouts": [PATH...]}],
 *	 "trials": [{"block": 0, "arm": 2}...],
 *	 "site": {"arms": [{"turns": [{"machine": "trader", "where": "trader",
 *	                               "turn": [ARGUMENT...],
 *	                               "restore": [ARGUMENT...]}]}...]}}
 *
 * The last arm is the first one again, unless it is the only one. Layouts are
 * one program in the place of t2t-trader, linked in several orders
 * (campaign/arm_build.h), on the trader's machine. Lists may be left out.
 * Trials stand in the order in which they run, each arm once a block; where
 * they are left out, the order is drawn from the seed.
 * Further members mean nothing here; all but the site goes into the manifest,
 * whose "skipped" is the plan's: arms that the place can't run.
 *
 * The site is how all that is done here: who goes on with a campaign may find
 * another one. Its arms are those of the plan, with the knobs that each turns.
 * A turn's machine is the exchange's or the trader's namespace; or one of those
 * that a site of machines tells of:
 *
 *	"machines": [{"name": NAME, "connect": [ARGUMENT...], "folder": PATH,
 *	              "bring": [PATH, NAME...], "standby": [WORD...],
 *	              "password": false}...],
 *	"seats": {"exchange": {"machine": NAME, "programs": PATH,
 *	                       "interface": NAME, "cpus": "0,2-3",
 *	                       "more": [ARGUMENT...], "listen": "ADDR:PORT",
 *	                       "feed": PATH},
 *	          "wiretap": {"machine": NAME...}, "trader": {...}},
 *	"bias": {"machine": NAME, "turn": [ARGUMENT...],
 *	         "restore": [ARGUMENT...], "frames": "1000", "rate": "500"},
 *	"guests": {"machine": NAME, "back": [ARGUMENT...], "found": PATH},
 *	"timeout_s": 3600,
 *	"ran": {"programs": {}, "machines": {}...}
 *
 * (campaign/trial_site.h says what each is; "ran" is for the manifest). An arm
 * of it may have seats of its own, and guests, a command that starts them as it
 * wants them.
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
