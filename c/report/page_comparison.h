/* SPDX-License-Identifier: MIT */
/* Each arm against the first, for the page, as tables. */
#ifndef REPORT_PAGE_COMPARISON_H
#define REPORT_PAGE_COMPARISON_H

#include <jansson.h>
#include <stdio.h>

#include "report/measured.h"

/* How sure. */
void page_comparisons(FILE *out, const json_t *summary, const json_t *manifest);

/* How much, and where in the trader it comes from. */
void page_differences(FILE *out, const struct measured *measured,
		      const json_t *summary);

/* Deciles and tails, each with its band. */
void page_bands(FILE *out, const json_t *summary);

#endif
