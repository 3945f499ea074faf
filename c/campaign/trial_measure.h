/* SPDX-License-Identifier: MIT */
/* What a campaign's figures are of: orders, wire to wire; or logons, of which
 * a trial has as many as its trader has sessions. */
#ifndef CAMPAIGN_TRIAL_MEASURE_H
#define CAMPAIGN_TRIAL_MEASURE_H

#include <jansson.h>

#include "campaign/trial_config.h"

/* "orders", "logon" (of 100 sessions) or "logon:SESSIONS", more than warm up,
 * which stays the caller's. 0, or -EINVAL with the reason. */
int trial_measure_parse(const char *text, struct trial_config *config,
			const char **why);

/* Adds what was measured to a manifest's parameters; of orders nothing, as
 * there was once nothing else. */
void trial_measure_tell(const struct trial_config *config, json_t *parameters);

/* Of an analysis: there have to be as many logons as sessions, without those
 * that warm up; else it can't be judged. */
void trial_measure_judge(const struct trial_config *config, json_t *analysis);

#endif
