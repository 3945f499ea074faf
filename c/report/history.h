/* SPDX-License-Identifier: MIT */
/*
 * Results that were kept, one after the other: has an arm, or what it gains,
 * changed over the weeks? Within a campaign this would be a second judge; here
 * it is the only one. Results are comparable where machine, kernel, place and
 * load are the same, which is their fingerprint; the programs' version is not
 * in it: that it changes is what is looked at. Each arm's p50 and each
 * comparison's ratio is a series, in which changes of level are looked for
 * (stats/change_points.h), so that all series together err in 5 % of histories
 * at most.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define HISTORY_SCHEMA "t2t-history/1"

/*
 * Read every campaign's result in or below a folder, each made anew from its
 * raw files, and work out the history. A result that is not complete, or can't
 * be read, is left out and named. *history: a new reference. 0; -ENOENT: there
 * is no result; another negative errno; logged.
 */
int history_load(const char *folder, json_t **history);

/*
 * The history alone. entries: of each result {"folder", "started", "version",
 * "fingerprint": {}, "arms": [{"arm", "p50_ns"}], "comparisons": [{"arm",
 * "against", "ratio", "low", "high"}]}; a number that is null is none. Sorted
 * by when they started. *history: {"schema", "alpha": of each series,
 * "groups": [{"fingerprint", "results": [{"folder", "started", "version"}],
 * "series": [{"arm", "against": null where it is of p50, ns, and not of a
 * ratio, "points": [{"result": its index, "value", "low", "high"}], "changes":
 * [{"result": the first of the new level, "before", "after": medians,
 * "p"}]}]}]}.
 * 0; or -ENOMEM: *history is then what is to be dropped, or NULL.
 */
int history_make(json_t *entries, json_t **history);

/* "local, Xeon, 2 CPUs, Linux 6.1, pace rate:20000, feed 34c185de": of a
 * group. Returns text. */
#define HISTORY_TITLE_MAX 512
const char *history_title(const json_t *group,
			  char text[static HISTORY_TITLE_MAX]);

/* For a terminal, and the page; of what history_load() gave. */
void history_print(FILE *out, const json_t *history, bool colour);
void history_page(FILE *out, const json_t *history);

#endif
