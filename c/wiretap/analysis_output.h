/* SPDX-License-Identifier: MIT */
/* What an analysis found, for programs and for people. */
#ifndef WIRETAP_ANALYSIS_OUTPUT_H
#define WIRETAP_ANALYSIS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "wiretap/analysis_result.h"

#define ANALYSIS_OUTPUT_SCHEMA "t2t-wiretap/1"

/* One JSON object and a newline; complete: the file was read to its end.
 * "correct" is true, false or null (enum analysis_verdict), and of null
 * "reason" tells why. 0 or a negative errno, logged. */
int analysis_output_json(FILE *out, const struct analysis_config *config,
			 const char *file, const struct analysis_result *result,
			 bool complete);

/* A table. */
void analysis_output_table(FILE *out, const struct analysis_config *config,
			   const char *file,
			   const struct analysis_result *result, bool complete);

#endif
