/* SPDX-License-Identifier: MIT */
/* Packets that an arm's trader missed, and how it had them after all. */
#ifndef REPORT_RECOVERY_SUMMARY_H
#define REPORT_RECOVERY_SUMMARY_H

#include "report/results.h"

/* Sets an arm's "recovery", of all its trials together (report/RESULTS.md);
 * nothing where the oracle told nothing of it. */
void recovery_summary_set(const struct results *results, unsigned int arm,
			  json_t *summary);

#endif
