/* SPDX-License-Identifier: MIT */
#include "report/fleet.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/comparisons.h"
#include "report/results.h"
#include "report/schema.h"
#include "report/summary.h"
#include "stats/agreement.h"
#include "stats/verdict.h"

#define WHY_MAX 256

/* What makes it the same campaign. Each cell draws the order of its arms by a
 * seed of its own. */
static const char *const same[] = {
	"place",
	"accelerator",
	"question",
	"parameters.arms",
	"parameters.blocks",
	"parameters.pace",
	"parameters.group",
	"parameters.threshold_usd",
	"parameters.aggress",
	"parameters.warm_up_orders",
	"parameters.measured",
	"parameters.sessions",
	"feed.sha256",
	"programs.version",
	"experiment.arms",
};

static void value_text(const json_t *value, char text[static WHY_MAX])
{
	char *dump = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)
			   : NULL;

	snprintf(text, WHY_MAX, "%.60s", dump ? dump : "missing");
	free(dump);
}

/* Empty: it is the first one's. */
static void plan_compare(const json_t *cell, const json_t *first,
			 char why[static 3 * WHY_MAX])
{
	*why = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(same) && !*why; i++) {
		const json_t *one = schema_value(
			json_object_get(cell, "manifest"), same[i]);
		const json_t *other = schema_value(
			json_object_get(first, "manifest"), same[i]);
		char here[WHY_MAX], there[WHY_MAX];

		if (one == other || json_equal(one, other))
			continue;
		value_text(one, here);
		value_text(other, there);
		snprintf(why, (size_t)3 * WHY_MAX,
			 "another campaign than %s's: '%s' is %s, there %s",
			 json_get_text(first, "cell", ""), same[i], here,
			 there);
	}
}

/* Is each of its blocks one that can't be judged? */
static bool nothing_counts(const json_t *cell)
{
	const json_t *summary = json_object_get(cell, "summary");

	return json_array_size(json_object_get(summary, "void_blocks")) ==
	       (size_t)json_integer_value(schema_value(
		       json_object_get(cell, "manifest"), "parameters.blocks"));
}

/* A cell's own figures: one of its arms. */
static json_t *arm_row(const json_t *arm)
{
	return json_pack("{s:s,s:O?,s:O?,s:O?}", "arm",
			 json_get_text(arm, "receive", "unknown"), "correct",
			 json_object_get(arm, "correct"), "trials",
			 json_object_get(arm, "trials"), measured_of(arm)->key,
			 measured_ns(arm));
}

/* first: the one whose plan all have; NULL: this is it. */
static json_t *cell_row(const json_t *cell, const json_t *first)
{
	const json_t *summary = json_object_get(cell, "summary"), *arm;
	const char *name = json_get_text(cell, "cell", "unknown");
	const char *dead = json_get_text(cell, "dead", NULL);
	json_t *arms = json_array();
	char why[3 * WHY_MAX];
	const char *state = "merged";
	size_t i;

	snprintf(why, sizeof(why), "%s", dead ? dead : "");
	if (dead) {
		state = "dead";
	} else {
		/* Its blocks are as many as its own verdicts took. */
		if (schema_value(cell, "manifest.parameters.until"))
			snprintf(why, sizeof(why),
				 "it looked at itself (until): what stops by "
				 "its own verdict is not to be added up");
		else if (schema_value(cell, "manifest.parameters.judged"))
			snprintf(
				why, sizeof(why),
				"it judges a tail, of all orders: those of two "
				"machines are never pooled");
		else if (first)
			plan_compare(cell, first, why);
		if (*why) {
			state = "refused";
		} else if (nothing_counts(cell)) {
			state = "void";
			snprintf(why, sizeof(why),
				 "no block could be judged: %s",
				 json_get_text(
					 json_array_get(
						 json_object_get(summary,
								 "void_trials"),
						 0),
					 "reason", "no reason is told"));
		}
	}
	json_array_foreach(json_object_get(summary, "arms"), i, arm)
		json_array_append_new(arms, arm_row(arm));
	return json_pack(
		"{s:s,s:s,s:s,s:o,s:O?,s:O?,s:O?,s:O?,s:O?}", "cell", name,
		"state", state, "reason", why, "arms", arms, "comparisons",
		json_object_get(summary, "comparisons"), "aa",
		json_object_get(summary, "aa"), "host",
		schema_value(json_object_get(cell, "manifest"), "host"),
		"others_cpus", json_object_get(summary, "others_cpus"),
		"noticed", json_object_get(summary, "noticed"));
}

static bool is_merged(const json_t *row)
{
	return !strcmp(json_get_text(row, "state", ""), "merged");
}

bool fleet_is_whole(const json_t *summary)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(summary, "cells"), i, row)
	{
		if (!is_merged(row))
			return false;
	}
	return i > 0;
}

/* What a cell says of an arm against the first; NULL: of the A/A pair. */
static const json_t *said_of(const json_t *row, const char *arm)
{
	const json_t *comparison;
	size_t i;

	if (!arm)
		return json_object_get(row, "aa");
	json_array_foreach(json_object_get(row, "comparisons"), i, comparison)
	{
		if (!strcmp(json_get_text(comparison, "arm", ""), arm))
			return comparison;
	}
	return NULL;
}

/* An arm in all cells that are merged. */
struct gathered {
	double *ratios, *again; /* cell after cell */
	size_t *counts;
	struct verdict_stratum *strata;
	size_t cells;
	bool faster, slower, incorrect; /* a cell's own verdict */
};

static void gathered_free(struct gathered *all)
{
	free(all->ratios);
	free(all->again);
	free(all->counts);
	free(all->strata);
}

static int gathered_open(struct gathered *all, const json_t *rows)
{
	size_t cells = json_array_size(rows), blocks = 0, i;
	const json_t *row;

	json_array_foreach(rows, i, row)
	{
		const json_t *list = json_object_get(row, "comparisons"), *one;
		size_t most = json_array_size(json_object_get(
			       json_object_get(row, "aa"), "block_ratios")),
		       j;

		json_array_foreach(list, j, one)
		{
			size_t n = json_array_size(
				json_object_get(one, "block_ratios"));

			most = n > most ? n : most;
		}
		blocks += most;
	}
	memset(all, 0, sizeof(*all));
	all->ratios = calloc(blocks + 1, sizeof(*all->ratios));
	all->again = calloc(blocks + 1, sizeof(*all->again));
	all->counts = calloc(cells + 1, sizeof(*all->counts));
	all->strata = calloc(cells + 1, sizeof(*all->strata));
	if (all->ratios && all->again && all->counts && all->strata)
		return 0;
	gathered_free(all);
	return -ENOMEM;
}

static void gather(struct gathered *all, const json_t *rows, const char *arm)
{
	double *next = all->ratios, *again = all->again;
	const json_t *row, *ratio;
	size_t i, j;

	json_array_foreach(rows, i, row)
	{
		const json_t *said = is_merged(row) ? said_of(row, arm) : NULL;
		const char *call = json_get_text(said, "call", "");
		size_t n = 0;

		all->incorrect |= !strcmp(call, "incorrect");
		all->faster |= !strcmp(call, "faster");
		all->slower |= !strcmp(call, "slower");
		json_array_foreach(json_object_get(said, "block_ratios"), j,
				   ratio)
		{
			const json_t *other = json_array_get(
				json_object_get(said, "block_ratios_again"), j);

			if (!json_is_number(ratio))
				continue;
			again[n] = json_is_number(other)
					   ? json_number_value(other)
					   : NAN;
			next[n++] = json_number_value(ratio);
		}
		if (n == 0)
			continue;
		all->counts[all->cells] = n;
		all->strata[all->cells++] =
			(struct verdict_stratum){ next, again, n };
		next += n;
		again += n;
	}
}

/* One arm of all cells. arm_count: so many share the error. */
static int arm_merge(const json_t *rows, const json_t *first, bool aa,
		     size_t arm_count, json_t **merged)
{
	const char *arm = json_get_text(first, "arm", "unknown");
	const struct verdict_rule rule = verdict_rule(arm_count);
	struct gathered all;
	struct verdict verdict;
	double p = NAN;
	int err = gathered_open(&all, rows);

	if (err)
		return err;
	gather(&all, rows, aa ? NULL : arm);
	if (all.incorrect) {
		verdict = verdict_of_incorrect();
	} else {
		p = agreement_p(all.ratios, all.counts, all.cells, NULL);
		if (all.faster && all.slower)
			verdict = verdict_of_opposite();
		else
			err = verdict_compare_strata(all.strata, all.cells,
						     &rule, &verdict);
	}
	if (!err) {
		*merged = json_pack("{s:s,s:s,s:i,s:i}", "arm", arm, "against",
				    json_get_text(first, "against", "unknown"),
				    "pairs", (int)verdict.pairs, "cells",
				    (int)all.cells);
		comparisons_verdict(*merged, &verdict);
		json_object_set_new(*merged, "agreement_p",
				    json_real_or_null(p));
		json_object_set_new(*merged, "disagree",
				    json_boolean(p <= VERDICT_ALPHA));
		if (aa) /* in one alone is enough */
			json_object_set_new(
				*merged, "alarm",
				json_boolean(all.faster || all.slower ||
					     verdict.call == VERDICT_FASTER ||
					     verdict.call == VERDICT_SLOWER));
	}
	gathered_free(&all);
	return err;
}

/* All arms of the first cell that is merged: the others have the same. */
static int arms_merge(const json_t *rows, json_t *comparisons, json_t **aa)
{
	const json_t *first = NULL, *row, *one;
	json_t *merged;
	size_t i, count;
	int err = 0;

	*aa = json_null();
	json_array_foreach(rows, i, row)
	{
		if (!first && is_merged(row))
			first = row;
	}
	count = json_array_size(json_object_get(first, "comparisons"));
	json_array_foreach(json_object_get(first, "comparisons"), i, one)
	{
		err = err ? err : arm_merge(rows, one, false, count, &merged);
		if (!err)
			json_array_append_new(comparisons, merged);
	}
	one = json_object_get(first, "aa");
	if (!err && json_is_object(one))
		err = arm_merge(rows, one, true, 1, aa);
	return err;
}

int fleet_merge(const json_t *record, const json_t *cells, json_t **summary)
{
	json_t *rows = json_array(), *comparisons = json_array(), *aa;
	const json_t *cell, *first = NULL;
	size_t i;
	int err;

	json_array_foreach(cells, i, cell)
	{
		json_array_append_new(rows, cell_row(cell, first));
		if (!first && json_object_get(cell, "manifest"))
			first = cell;
	}
	err = arms_merge(rows, comparisons, &aa);
	*summary = json_pack(
		"{s:s,s:O?,s:O?,s:O?,s:O?,s:O?,s:O?,s:O?,s:o,s:o,s:o,s:{s:f}}",
		"schema", FLEET_SCHEMA, "started",
		json_object_get(record, "started"), "question",
		schema_value(first, "manifest.question"), "place",
		schema_value(first, "manifest.place"), "accelerator",
		schema_value(first, "manifest.accelerator"), "tree",
		json_object_get(record, "tree"), "image",
		json_object_get(record, "image"), "command",
		json_object_get(record, "command"), "cells", rows,
		"comparisons", comparisons, "aa", aa, "statistics", "alpha",
		VERDICT_ALPHA);
	if (*summary && !err)
		return 0;
	json_decref(*summary);
	*summary = NULL;
	return err ? err : -ENOMEM;
}

bool fleet_is(const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" FLEET_FILE, folder);
	return access(path, F_OK) == 0;
}

/* The record's cell, with what it measured, if it did. */
static json_t *cell_load(const char *folder, json_t *recorded)
{
	const char *name = json_get_text(recorded, "cell", "");
	json_t *cell = json_copy(recorded), *summary = NULL;
	struct results results;
	char path[PATH_MAX];

	if (json_get_text(cell, "dead", NULL))
		return cell;
	snprintf(path, sizeof(path), "%s/cells/%s", folder, name);
	if (results_open(&results, path, false) < 0) {
		json_object_set_new(
			cell, "dead",
			json_string("its result can't be used: t2t-report of "
				    "its folder says why"));
		return cell;
	}
	if (summary_make(&results, &summary) == 0) {
		json_object_set(cell, "manifest", results.manifest);
		json_object_set_new(cell, "summary", summary);
	} else {
		json_object_set_new(cell, "dead", json_string("out of memory"));
	}
	results_close(&results);
	return cell;
}

/* A name is a folder's, and is there once. */
static int cell_check(const char *path, const json_t *cells, size_t at)
{
	const json_t *cell = json_array_get(cells, at);
	const char *name;
	int err = schema_check(schema_cell, cell, path);

	if (err)
		return err;
	name = json_get_text(cell, "cell", "");
	if (!*name || *name == '.' || strchr(name, '/')) {
		log_error("%s: key 'cells': '%s' is not a cell's name", path,
			  name);
		return -EBADMSG;
	}
	for (size_t i = 0; i < at; i++)
		if (!strcmp(json_get_text(json_array_get(cells, i), "cell", ""),
			    name)) {
			log_error("%s: key 'cells': %s is there twice", path,
				  name);
			return -EBADMSG;
		}
	return 0;
}

int fleet_load(const char *folder, json_t **summary)
{
	json_t *record, *recorded, *cells, *loaded = json_array();
	char path[PATH_MAX];
	size_t i;
	int err;

	*summary = NULL;
	snprintf(path, sizeof(path), "%s/" FLEET_FILE, folder);
	err = schema_load(path, FLEET_SCHEMA, schema_fleet, &record);
	if (err)
		goto free_loaded;
	cells = json_object_get(record, "cells");
	json_array_foreach(cells, i, recorded) err =
		err ? err : cell_check(path, cells, i);
	json_array_foreach(cells, i, recorded)
	{
		if (!err)
			json_array_append_new(loaded,
					      cell_load(folder, recorded));
	}
	if (!err)
		err = fleet_merge(record, loaded, summary);
	json_decref(record);
free_loaded:
	json_decref(loaded);
	return err;
}
