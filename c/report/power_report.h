/* SPDX-License-Identifier: MIT */
/* What `make power` counted: how often the lab's verdicts are right, and how
 * long it takes to find a difference of some size. */
#ifndef REPORT_POWER_REPORT_H
#define REPORT_POWER_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Is it such a folder, by its power.json? */
bool power_report_is(const char *folder);

/* Its power.json, checked (a new reference). 0 or a negative errno, logged. */
int power_report_load(const char *folder, json_t **power);

/* For a terminal; and a page, with the curve. */
void power_report_print(FILE *out, const json_t *power);
void power_report_page(FILE *out, const json_t *power);

#endif
