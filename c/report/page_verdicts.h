/* SPDX-License-Identifier: MIT */
/* A page's first screen: what was asked, what came out and how surely, and what
 * it was run on. */
#ifndef REPORT_PAGE_VERDICTS_H
#define REPORT_PAGE_VERDICTS_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"

void page_verdicts(FILE *out, const struct results *results,
		   const json_t *summary);

#endif
