/* SPDX-License-Identifier: MIT */
/* A block that is to be made again, as a whole: who leaves out one trial alone
 * chooses between arms. */
#ifndef CAMPAIGN_CAMPAIGN_AGAIN_H
#define CAMPAIGN_CAMPAIGN_AGAIN_H

#include <limits.h>
#include <stdbool.h>

#include "campaign/campaign_gate.h"

/*
 * Of a block with a trial that can't be judged, or that fails the gate while
 * blocks may be repeated for it, put all trials aside: FOLDER/void/NN-ARM.K or
 * FOLDER/gated/NN-ARM.K, K from 1. folders: of the block's trials, as many as
 * arms still run. late: no time is left for what the gate wants. 1: it is to be
 * made again; 0; a negative errno, logged.
 */
int campaign_again(struct campaign_gate *gate, unsigned int block,
		   char (*folders)[PATH_MAX], unsigned int count, bool late);

#endif
