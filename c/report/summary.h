/* SPDX-License-Identifier: MIT */
/* What came out of a campaign, made from its raw files: each arm's figures,
 * each arm against the first, the A/A pair. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include <jansson.h>

#include "report/results.h"

/* *summary: what summary.json holds (a new reference). 0 or -ENOMEM. */
int summary_make(const struct results *results, json_t **summary);

/* The same from what stands in a folder, complete or not. 0 or a negative
 * errno, logged. */
int summary_of_folder(const char *folder, json_t **summary);

#endif
