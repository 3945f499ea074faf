/* SPDX-License-Identifier: MIT */
/* Each arm of a campaign against the first, block by block. */
#ifndef REPORT_COMPARISONS_H
#define REPORT_COMPARISONS_H

#include <jansson.h>
#include <stdbool.h>

#include "report/results.h"
#include "stats/verdict.h"

/* All arms but the first and the A/A one, which share one error, for list; *aa:
 * the A/A one, or null (a new reference). 0 or -ENOMEM. */
int comparisons_make(const struct results *results, json_t *list, json_t **aa);

/* So many verdicts share the error; 1 of a campaign without any. */
size_t comparisons_count(const struct results *results);

/* Did any trial of an arm send wrong orders, or miss one? */
bool comparisons_incorrect(const struct results *results, unsigned int arm);

/* The value of a trial that may enter a comparison, ns; NAN: there is none. */
double comparisons_value(const struct results *results, unsigned int block,
			 unsigned int arm);

/* Add to a comparison what a verdict gives: call, verdict, ratio, ratio_low,
 * ratio_high, p, p_adjusted. */
void comparisons_verdict(json_t *comparison, const struct verdict *verdict);

#endif
