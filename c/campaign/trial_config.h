/* SPDX-License-Identifier: MIT */
/* What a trial is told. */
#ifndef CAMPAIGN_TRIAL_CONFIG_H
#define CAMPAIGN_TRIAL_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

enum trial_role { TRIAL_EXCHANGE, TRIAL_WIRETAP, TRIAL_TRADER, TRIAL_ROLES };

/* The wire of a trial: the exchange's end is near, the trader's far. */
struct trial_wire {
	int near_space, far_space; /* namespaces */
	const char *near, *far;	   /* interfaces */
};

/* What is the same for all trials of a campaign. Strings stay the
 * caller's. */
struct trial_config {
	const char *programs; /* folder of the t2t-* programs here */
	const char *feed;
	const char *pace;	   /* as the exchange takes it */
	const char *threshold_usd; /* as trader and wiretap take it */
	const char *aggress;
	const char *group;   /* ADDR:PORT */
	const char *warm_up; /* of what is measured so many at a trial's
				     start enter no figure; orders are judged
				     all the same: "20" */
	/* What is measured are logons, of so many sessions; NULL: orders. */
	const char *sessions;
	int cpu[TRIAL_ROLES]; /* in namespaces; -1: not pinned */
	/* Of machines by their names, for those that want one; or NULL. */
	const json_t *passwords;
	/* For trial_back_to_back(): makes the far end send back what comes in.
	 * NULL: by tc-mirred(8). 0 or a negative errno, logged. */
	int (*reflector)(const struct trial_wire *wire);
	const volatile int *stop; /* set by a signal: give up soon */
};

#endif
