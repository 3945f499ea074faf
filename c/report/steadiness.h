/* SPDX-License-Identifier: MIT */
/*
 * Was the machine one machine, all the while? Three things that make a
 * campaign's figures worth less than they seem are looked for and said aloud.
 * They change no verdict: whoever looks until something is found finds it.
 *
 * - drift: the baseline's p50 rises or falls over the blocks (stats/drift.h);
 * - autocorrelation: a block's ratio is like that of the block before it,
 *   while the test takes them to be independent (stats/serial.h);
 * - groups: an arm's trials have two p50s rather than one (stats/modes.h).
 *
 * Each errs in at most 1 % of campaigns, over all of its arms together
 * (Bonferroni).
 */
#ifndef REPORT_STEADINESS_H
#define REPORT_STEADINESS_H

#include <jansson.h>

#include "report/results.h"

#define STEADINESS_LEVEL 0.01

/*
 * *steadiness: {"level", "drift", "autocorrelation": a list of arms, "groups":
 * a list of arms}, each with p (null: too few blocks) and found; and for
 * noticed a sentence of each that was found. 0 or -ENOMEM.
 */
int steadiness_make(const struct results *results, json_t **steadiness,
		    json_t *noticed);

#endif
