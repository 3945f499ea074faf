/* SPDX-License-Identifier: MIT */
/* An arm against the first by all their orders: tails, and the deciles between
 * which a difference lies. */
#ifndef REPORT_COMPARISON_TAILS_H
#define REPORT_COMPARISON_TAILS_H

#include <jansson.h>

#include "report/results.h"
#include "stats/verdict.h"

/* The verdict on the percentile that the campaign judges; *base: the
 * baseline's, ns, or NAN. 0 or -ENOMEM. */
int comparison_tails_verdict(const struct results *results, unsigned int arm,
			     const struct verdict_rule *rule, double *base,
			     struct verdict *verdict);

/* Add to a comparison "tails" and "shift": percent, arm_ns, base_ns, ratio,
 * ratio_low, ratio_high of each percentile that can be told. 0 or -ENOMEM. */
int comparison_tails_set(const struct results *results, unsigned int arm,
			 const struct verdict_rule *rule, json_t *comparison);

#endif
