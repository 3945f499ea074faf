/* SPDX-License-Identifier: MIT */
/* The oracle's word on what a trial left. */
#ifndef CAMPAIGN_TRIAL_JUDGE_H
#define CAMPAIGN_TRIAL_JUDGE_H

#include <jansson.h>

#include "campaign/arm.h"
#include "campaign/trial_files.h"

/* Of the capture alone, or of one of the wire looped back: *analysis is what
 * t2t-wiretap says. 0, -EINTR when stopped, or another negative errno,
 * logged. arm: whose channel the orders came by; NULL: the wire looped back,
 * where there are none. */
int trial_judge_capture(const struct trial_config *config,
			const struct trial_files *files, const struct arm *arm,
			json_t **analysis);

/*
 * Let the oracle judge what a trial left in its folder, whoever ran it.
 * *result: an object with members analysis, trader, exchange, found (CPUs and
 * memory of the processes, and the knobs that were set), counters and
 * lateness. 0 or a negative errno, logged.
 */
int trial_judge(const struct trial_config *config, const struct arm *arm,
		const char *folder, json_t **result);

#endif
