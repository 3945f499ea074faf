/* SPDX-License-Identifier: MIT */
/* The trader's own stages between the kernel's stamp and the order on its way,
 * as it measures them in each trial. */
#ifndef REPORT_STAGES_H
#define REPORT_STAGES_H

#include <jansson.h>

#define STAGES 3

extern const struct stage {
	const char *key;  /* of trader.stages_ns */
	const char *text; /* for people */
} stages[STAGES];

/* The p50 of a trial's stage, ns; NAN where the trader told none. */
double stages_p50(const json_t *trial, size_t stage);

#endif
