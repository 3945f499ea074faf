/* SPDX-License-Identifier: MIT */
/* The oracle's word on what a trial left; trial_judge() itself is in
 * measure/trial.h. */
#ifndef MEASURE_TRIAL_JUDGE_H
#define MEASURE_TRIAL_JUDGE_H

#include <jansson.h>
#include <stdbool.h>

#include "measure/trial_files.h"

/* Of the capture alone, or of one of the wire looped back: *analysis is what
 * t2t-wiretap says. 0, -EINTR when stopped, or another negative errno,
 * logged. */
int trial_judge_capture(const struct trial_config *config,
			const struct trial_files *files, bool back_to_back,
			json_t **analysis);

#endif
