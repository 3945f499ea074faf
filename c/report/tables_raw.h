/* SPDX-License-Identifier: MIT */
/*
 * What t2t-tables left in its folder (report/RESULTS.md), read and checked:
 * tables.json, rounds/NNN/NAME.json, and the campaigns' results.
 */
#ifndef REPORT_TABLES_RAW_H
#define REPORT_TABLES_RAW_H

#include <jansson.h>
#include <limits.h>

#include "report/measures.h"
#include "report/results.h"

#define TABLES_ROUNDS_MAX    500
#define TABLES_CAMPAIGNS_MAX 4

struct tables_campaign {
	const char *name;
	struct results results;
	json_t *summary;
};

struct tables_raw {
	char folder[PATH_MAX / 2];
	json_t *manifest;
	json_t *files; /* "001/tcp": what t2t-echo printed */
	unsigned int rounds, pairs;
	struct tables_campaign campaigns[TABLES_CAMPAIGNS_MAX];
	unsigned int campaign_count;
};

/* 0 or a negative errno, logged with file and key: what is not complete, or is
 * not what its schema says, is refused. */
int tables_raw_open(struct tables_raw *raw, const char *folder);
void tables_raw_close(struct tables_raw *raw);

/* Why a measure has no figure at all; NULL: it has. In raw's memory. */
const char *tables_raw_absent(const struct tables_raw *raw,
			      const struct measure *measure);

/* NULL: it was not run. */
const struct tables_campaign *tables_raw_campaign(const struct tables_raw *raw,
						  const char *name);

#endif
