/* SPDX-License-Identifier: MIT */
/* What a campaign is said to find by its first blocks, for the terminal. */
#ifndef REPORT_TEXT_PLAN_H
#define REPORT_TEXT_PLAN_H

#include <jansson.h>
#include <stdio.h>

/* The plan of a summary, and what all its blocks find beside it; nothing where
 * there is none. */
void text_plan(FILE *out, const json_t *summary);

#endif
