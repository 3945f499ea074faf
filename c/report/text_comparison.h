/* SPDX-License-Identifier: MIT */
/* Each arm against the first, for the terminal: the verdict, how much that is,
 * and where in the trader it comes from; and the A/A pair. */
#ifndef REPORT_TEXT_COMPARISON_H
#define REPORT_TEXT_COMPARISON_H

#include <jansson.h>
#include <stdio.h>

#include "report/text_cell.h"

void text_comparisons(FILE *out, const json_t *summary,
		      const struct text_style *style);

#endif
