/* SPDX-License-Identifier: MIT */
/* The race of a campaign whose verdict is which arm is the best, run again from
 * its raw files, look by look. */
#ifndef REPORT_RACE_SUMMARY_H
#define REPORT_RACE_SUMMARY_H

#include <jansson.h>

#include "report/results.h"

/* Of a race: its end, a sentence, who is left and who is out, as "race". 0 or
 * -ENOMEM. */
int race_summary_set(const struct results *results, json_t *summary);

#endif
