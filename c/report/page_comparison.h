/* SPDX-License-Identifier: MIT */
/* Each arm against the first, for the page: how sure, how much, and where in
 * the trader it comes from. */
#ifndef REPORT_PAGE_COMPARISON_H
#define REPORT_PAGE_COMPARISON_H

#include <jansson.h>
#include <stdio.h>

void page_comparisons(FILE *out, const json_t *summary, const json_t *manifest);

#endif
