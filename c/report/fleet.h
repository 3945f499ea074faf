/* SPDX-License-Identifier: MIT */
/*
 * The result of a fleet: the same campaign on several machines, each of them a
 * cell with a result of its own (report/RESULTS.md, fleet.json). They are
 * merged with the machine as a factor: each cell keeps its figures, verdicts
 * and A/A pair; what holds for all is said by the blocks' ratios, each held
 * against its own machine's alone (stats/verdict.h). Latencies are never
 * pooled.
 */
#ifndef REPORT_FLEET_H
#define REPORT_FLEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define FLEET_SCHEMA "t2t-fleet/1"
#define FLEET_FILE   "fleet.json"

/* Is the folder a fleet's result, and not a campaign's? */
bool fleet_is(const char *folder);

/*
 * Read fleet.json and the cells that are there, work out each one's summary,
 * and merge them. A cell that can't be read is a dead one. *summary: a new
 * reference. 0, or a negative errno: logged.
 */
int fleet_load(const char *folder, json_t **summary);

/*
 * The merge alone. cells: of each {"cell": NAME, "dead": WHY}, or
 * {"cell": NAME, "manifest": {}, "summary": {}}. A cell whose plan or
 * accelerator is not that of the first cell that has a result is left out, and
 * so is one of which no block can be judged. 0 or -ENOMEM.
 */
int fleet_merge(const json_t *record, const json_t *cells, json_t **summary);

/* Are all cells in it? */
bool fleet_is_whole(const json_t *summary);

/* For a terminal, and the page; of what fleet_load() gave. */
void fleet_print(FILE *out, const json_t *summary, bool colour);
void fleet_page(FILE *out, const json_t *summary);

#endif
