/* SPDX-License-Identifier: MIT */
/*
 * A campaign: several arms side by side. In each block every arm runs once,
 * in the order of its plan, or in one drawn from the recorded seed
 * (campaign/campaign_order.h); each
 * trial is a set of fresh processes. Arms are compared within a block, so that
 * what drifts on the machine falls on all of them.
 *
 * The folder: manifest.json (parameters, host, knobs wanted and found,
 * state), summary.json (what came out), trials/NN-ARM/ (raw, and trial.json
 * once it is whole: by it a campaign that was cut off goes on), bias/,
 * void/NN-ARM.K/ (trials of blocks that could not be judged). It is
 * described in report/RESULTS.md.
 */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include <jansson.h>

#include "campaign/campaign_config.h"

/*
 * Run it. *summary: what summary.json holds (a new reference). 0; -EINTR when
 * stopped (what was measured so far is in the folder, marked so); another
 * negative errno, logged.
 */
int campaign_run(const struct campaign_config *config, json_t **summary);

#endif
