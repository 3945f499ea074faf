/* SPDX-License-Identifier: MIT */
/*
 * Of which boots of its guest the trials of an arm are. Where a guest sleeps
 * while that of another arm runs, they may all be of one: what differs from
 * boot to boot is then in no interval, and is told.
 */
#ifndef REPORT_BOOTS_H
#define REPORT_BOOTS_H

#include "report/results.h"

/* Set "boots" of an arm's summary: the IDs of the boots (random(4), boot_id) of
 * the trader's guest in the trials that count, each once. Not where the trials
 * don't say. */
void boots_set(const struct results *results, unsigned int arm,
	       json_t *summary);

/* A sentence without its end, where arms of a summary ran in boots of their own
 * and none of them in as many as it has trials; NULL: there is nothing to tell.
 * To be freed. */
char *boots_text(const json_t *arms);

#endif
