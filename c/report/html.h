/* SPDX-License-Identifier: MIT */
/* The report as one HTML file: nothing is loaded, no script runs. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"

/* links: the result's folder, as the page's links have to name it
 * (page_trials.h). 0 or -ENOMEM. */
int html_write(FILE *out, const struct results *results, const json_t *summary,
	       const char *links);

#endif
