/* SPDX-License-Identifier: MIT */
/* What a campaign was said to find by its first blocks, its pilot, and what
 * another split of the same time would: made anew from the raw files. */
#ifndef REPORT_PLAN_SUMMARY_H
#define REPORT_PLAN_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>

#include "report/results.h"

/* So many blocks are the pilot of a campaign of so many arms, the baseline's
 * repetition among them: eight degrees of freedom and three blocks. */
unsigned int plan_summary_blocks(unsigned int arm_count);

/* Of p50, where the pilot is there: "plan". 0 or -ENOMEM. */
int plan_summary_set(const struct results *results, json_t *summary);

/* Can all the blocks that there is time for decide nothing? Of a summary's
 * "plan", which may be NULL. */
bool plan_summary_hopeless(const json_t *plan);

#endif
