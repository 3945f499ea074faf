/* SPDX-License-Identifier: MIT */
/* The first faults that an analysis found, for who looks for their cause. */
#ifndef WIRETAP_ANALYSIS_FAULTS_H
#define WIRETAP_ANALYSIS_FAULTS_H

#include <jansson.h>
#include <stdio.h>

#include "wiretap/analysis_result.h"

/* A list; NULL when memory ran out. */
json_t *analysis_faults_json(const struct analysis_result *result);

/* A line each. */
void analysis_faults_print(FILE *out, const struct analysis_result *result);

#endif
