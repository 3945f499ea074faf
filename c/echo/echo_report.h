/* SPDX-License-Identifier: MIT */
/* What the client has measured, for people and for programs. */
#ifndef ECHO_ECHO_REPORT_H
#define ECHO_ECHO_REPORT_H

#include <stdio.h>

#include "echo/echo_client.h"

extern const char *const echo_over_names[]; /* by enum echo_over; NULL ends */

/* One of enum echo_measure: "ping-pong". */
const char *echo_measure_name(enum echo_measure measure);

void echo_report_table(FILE *out, const struct echo_config *config,
		       const struct echo_results *results);
void echo_report_json(FILE *out, const struct echo_config *config,
		      const struct echo_results *results);

#endif
