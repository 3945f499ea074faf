/* SPDX-License-Identifier: MIT */
/* What the counters of the trials rose by, an arm a column. Those that differ
 * between arms come first: a reader looks there for the reason. */
#ifndef REPORT_PAGE_COUNTERS_H
#define REPORT_PAGE_COUNTERS_H

#include <stdio.h>

#include "report/results.h"

/* 0 or -ENOMEM. */
int page_counters(FILE *out, const struct results *results);

#endif
