/* SPDX-License-Identifier: MIT */
/* Results for other programs: HdrHistogram's plotters, spreadsheets, CI. */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include <jansson.h>
#include <stdio.h>

#include "report/gate.h"
#include "report/results.h"

/* All of an arm's latencies in HdrHistogram's percentile format, us. 0 or
 * -ENOMEM. */
int export_hgrm(FILE *out, const struct results *results, unsigned int arm);

/* A row a trial; RFC 4180. */
void export_csv(FILE *out, const struct results *results);

/* A test case a trial: an incorrect one failed; and one a comparison, which
 * the gate fails or not. */
void export_junit(FILE *out, const struct results *results,
		  const json_t *summary, const struct gate *gate);

/* Text with what XML and HTML would take for markup escaped; controls, which
 * neither may hold, become '?', and so does what is not UTF-8, as of a name
 * that was cut. */
void export_escaped(FILE *out, const char *text);

/* Files summary.json, trials.csv, junit.xml, NN-ARM.hgrm into a folder. 0 or
 * a negative errno, logged. */
int export_all(const char *folder, const struct results *results,
	       const json_t *summary, const struct gate *gate);

#endif
