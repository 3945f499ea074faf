/* SPDX-License-Identifier: MIT */
/* Which arm is the best, for the terminal: the end of a race, who is left and
 * when the others went. */
#ifndef REPORT_TEXT_RACE_H
#define REPORT_TEXT_RACE_H

#include <jansson.h>
#include <stdio.h>

#include "report/text_cell.h"

/* Nothing of a campaign that was none. */
void text_race(FILE *out, const json_t *summary,
	       const struct text_style *style);

#endif
