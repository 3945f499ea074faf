/* SPDX-License-Identifier: MIT */
/* What a person reads: a campaign's summary as text. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* summary, manifest: as campaign.h has them. colour: for a terminal. */
void report_print(FILE *out, const json_t *summary, const json_t *manifest,
		  bool colour);

#endif
