/* SPDX-License-Identifier: MIT */
/* What a campaign is told. */
#ifndef CAMPAIGN_CAMPAIGN_CONFIG_H
#define CAMPAIGN_CAMPAIGN_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "campaign/arm.h"
#include "campaign/trial_config.h"
#include "campaign/trial_gate.h"
#include "campaign/until.h"

#define CAMPAIGN_ARMS_MAX   16
#define CAMPAIGN_BLOCKS_MAX 1000
/* A block with a trial that can't be judged is made again; the last of so many
 * tries stays, and counts for nothing. */
#define CAMPAIGN_BLOCK_TRIES 3

/* Guests that arms start otherwise; found: where the lab writes down how they
 * are, a file here, or NULL. machine: of the site's, which runs the commands;
 * back: the one that starts them as they were. */
struct campaign_guests {
	unsigned int machine;
	const char *const *back;
	const char *found;
};

struct campaign_config {
	struct trial_config trial;
	/* Of a campaign on machines; machine_count 0: in namespaces. */
	struct trial_machine machines[TRIAL_MACHINES_MAX];
	unsigned int machine_count;
	struct trial_site site;				/* of most arms */
	struct trial_site arm_sites[CAMPAIGN_ARMS_MAX]; /* of the others */
	struct campaign_guests guests;
	struct arm arms[CAMPAIGN_ARMS_MAX]; /* the last is the first again */
	unsigned int arm_count;
	unsigned int blocks; /* at most, where it may end before */
	enum until_verdict verdict;
	double judged; /* percentile; 0: p50 */
	struct until until;
	struct looks looks; /* of until, by campaign_looks_read() */
	struct trial_gate gate;
	uint64_t seed;
	/* Of the plan's trials, the arms of each block in their order; NULL:
	 * drawn from the seed. */
	const unsigned int (*order)[CAMPAIGN_ARMS_MAX];
	const char *folder;
	const char *command_line; /* how to run it again */
	const char *place;	  /* "local", "lab", "metal" */
	const char *accelerator;  /* "none", "kvm", "tcg" */
	json_t *plan; /* what it was made from, for the manifest; or NULL */
	struct string_lists *lists; /* of the plan */
	bool resume;		    /* trials that are whole already are kept */
	bool progress;		    /* a line that changes, on a terminal */
};

#endif
