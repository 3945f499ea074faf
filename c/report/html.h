/* SPDX-License-Identifier: MIT */
/* The report as one HTML file: nothing is loaded, no script runs. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"

/* 0 or a negative errno, logged. */
int html_write(FILE *out, const struct results *results, const json_t *summary);

#endif
