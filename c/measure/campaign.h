/* SPDX-License-Identifier: MIT */
/*
 * A campaign: several arms side by side. In each block every arm runs once,
 * in an order drawn from the recorded seed (measure/campaign_order.h); each
 * trial is a set of fresh processes. Arms are compared within a block, so that
 * what drifts on the machine falls on all of them.
 *
 * The folder: manifest.json (parameters, host, knobs wanted and found,
 * state), summary.json (what came out), trials/NN-ARM/ (raw, and trial.json
 * once it is whole: by it a campaign that was cut off goes on), bias/,
 * void/NN-ARM.K/ (trials of blocks that could not be judged). It is
 * described in measure/RESULTS.md.
 */
#ifndef MEASURE_CAMPAIGN_H
#define MEASURE_CAMPAIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "measure/arm.h"
#include "measure/trial.h"

#define CAMPAIGN_ARMS_MAX   16
#define CAMPAIGN_BLOCKS_MAX 1000
/* A block with a trial that can't be judged is made again; the last of so many
 * tries stays, and counts for nothing. */
#define CAMPAIGN_BLOCK_TRIES 3

struct campaign_config {
	struct trial_config trial;
	struct arm arms[CAMPAIGN_ARMS_MAX]; /* the last is the first again */
	unsigned int arm_count;
	unsigned int blocks;
	uint64_t seed;
	const char *folder;
	const char *command_line; /* how to run it again */
	const char *place;	  /* "local", "lab", "metal" */
	const char *accelerator;  /* "none", "kvm", "tcg" */
	json_t *plan;  /* what it was made from, for the manifest; or NULL */
	bool resume;   /* trials that are whole already are kept */
	bool collect;  /* run nothing: judge and sum up what is there */
	bool progress; /* a line that changes, on a terminal */
};

/*
 * Run it. *summary: what summary.json holds (a new reference). 0; -EINTR when
 * stopped (what was measured so far is in the folder, marked so); another
 * negative errno, logged.
 */
int campaign_run(const struct campaign_config *config, json_t **summary);

#endif
