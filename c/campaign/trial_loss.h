/* SPDX-License-Identifier: MIT */
/* Losses that were wanted, and others. */
#ifndef CAMPAIGN_TRIAL_LOSS_H
#define CAMPAIGN_TRIAL_LOSS_H

#include <jansson.h>

/* Of a trial whose exchange loses packets on purpose, and whose trader goes on
 * without them: what is missing in the capture beyond that makes it void, with
 * a reason. exchange: what it told of its session, NULL if nothing. */
void trial_loss_judge(const json_t *exchange, json_t *analysis);

#endif
