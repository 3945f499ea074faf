/* SPDX-License-Identifier: MIT */
/* What a campaign's gate did: blocks that were run again, blocks that failed it
 * and count all the same, and whether it fell on one arm more than on others.
 * campaign/trial_gate.h says what it asks. */
#ifndef REPORT_GATED_H
#define REPORT_GATED_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"

/*
 * A new reference, or null of a campaign without one: "bounds", "repeats" (at
 * most), "repeated" (blocks), "kept" (blocks, from 0), "failed": of each trial
 * "block", "name", "reason" and "counts", whether its block does; "by_arm": how
 * many of each; "lopsided": an arm's name or null. For noticed a sentence of
 * each.
 *
 * lopsided: of an arm that fails more often than its share (binomial,
 * one-sided, 1 % over all arms), since each arm is tried as often as any.
 */
json_t *gated_make(const struct results *results, json_t *noticed);

/* Lines for a terminal. */
void gated_print(FILE *out, const json_t *summary);

#endif
