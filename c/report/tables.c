/* SPDX-License-Identifier: MIT */
#include "report/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/claims.h"
#include "report/tables_figure.h"
#include "stats/signed_rank.h"
#include "stats/verdict.h"

#define REASON_MAX   512
#define OTHERS_NOTED 0.3 /* CPUs */

bool tables_is(const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" MEASURES_FILE, folder);
	return access(path, F_OK) == 0;
}

/*
 * A cell.
 */

struct figure {
	double value, low, high; /* without an interval all three are value */
	unsigned int rounds;
	bool interval;
};

static json_t *range_json(const struct claim_range *range)
{
	if (range->unit == CLAIM_WORDS)
		return json_null();
	return json_pack("{s:f,s:o}", "low", range->low, "high",
			 json_real_or_null(range->high));
}

/* With the command that measures it. */
static json_t *how_json(const struct claim *claim,
			const struct measure *measure)
{
	char size[32] = "", text[REASON_MAX];
	const char *figure = claims_figure_help(claim->figure);

	if (claim->size)
		snprintf(size, sizeof(size), ", %u bytes", claim->size);
	switch (measure->kind) {
	case MEASURE_ECHO:
	case MEASURE_MANY:
		snprintf(text, sizeof(text), "%s: %s%s; t2t-echo %s, client %s",
			 measure->help, figure, size, measure->both,
			 measure->client);
		break;
	case MEASURE_ARM:
		snprintf(text, sizeof(text), "%s: %s; t2t-run, arm %s",
			 measure->help, figure, measure->arm);
		break;
	case MEASURE_OPERATION:
		snprintf(text, sizeof(text), "%s, %s; t2t-tables itself",
			 measure->help, figure);
		break;
	}
	return json_string(text);
}

/* With the verdict; values are of its figure. 0 or -ENOMEM. */
static int figure_set(json_t *cell, const struct claim *claim,
		      const struct claim_range *range, const double *values,
		      unsigned int count)
{
	const struct verdict_rule rule = verdict_rule(1);
	const enum claim_unit unit =
		claims_figure_unit(claim->figure, claim->measure);
	struct figure figure = { .rounds = count };
	char text[CLAIM_VALUE_MAX];
	json_t *measured;
	int err;

	err = signed_rank_interval(values, count, VERDICT_ALPHA, &figure.value,
				   &figure.low, &figure.high);
	if (err)
		return err;
	figure.interval = isfinite(figure.low) && isfinite(figure.high);
	if (!figure.interval)
		figure.low = figure.high = figure.value;
	measured = json_pack(
		"{s:f,s:s,s:i,s:o,s:o}", "value", figure.value, "text",
		claim_format(unit, figure.value, text), "rounds",
		(int)figure.rounds, "low",
		figure.interval ? json_real(figure.low) : json_null(), "high",
		figure.interval ? json_real(figure.high) : json_null());
	if (figure.interval) {
		json_object_set_new(
			measured, "low_text",
			json_string(claim_format(unit, figure.low, text)));
		json_object_set_new(
			measured, "high_text",
			json_string(claim_format(unit, figure.high, text)));
	} else {
		json_object_set_new(
			measured, "no_interval",
			json_sprintf("%u of the %u rounds that an interval "
				     "needs",
				     count, verdict_blocks_needed(&rule)));
	}
	json_object_set_new(cell, "measured", measured);
	json_object_set_new(
		cell, "verdict",
		json_string(range->unit == unit
				    ? claim_call_names[claim_judge(
					      range, figure.low, figure.high)]
				    : "no figure claimed"));
	return 0;
}

static void lost_set(json_t *cell, const struct tables_raw *raw,
		     const struct claim *claim, const struct measure *measure)
{
	json_int_t sent, lost;

	tables_figure_lost(raw, measure, claim->size, &sent, &lost);
	if (sent == 0)
		return;
	json_object_set_new(
		cell, "measured",
		json_pack("{s:o,s:I,s:I,s:i}", "text",
			  json_sprintf("%" JSON_INTEGER_FORMAT
				       " of %" JSON_INTEGER_FORMAT " lost",
				       lost, sent),
			  "sent", sent, "lost", lost, "rounds",
			  (int)raw->rounds));
	json_object_set_new(cell, "verdict", json_string("no figure claimed"));
}

/* Why a measure that ran has no such figure: the first round that failed. */
static json_t *failure(const struct tables_raw *raw,
		       const struct measure *measure)
{
	for (unsigned int round = 1; round <= raw->rounds; round++) {
		const char *why;
		char name[64];

		snprintf(name, sizeof(name), "%03u/%s", round, measure->name);
		why = json_get_text(json_object_get(raw->files, name), "failed",
				    NULL);
		if (why)
			return json_sprintf("it failed: %s", why);
	}
	return json_string("too few samples in each round, or none that "
			   "count, for this percentile");
}

static json_t *absent(const struct tables_raw *raw,
		      const struct measure *measure)
{
	const char *why = tables_raw_absent(raw, measure);

	if (!why)
		return failure(raw, measure);
	return measure->elsewhere ? json_sprintf("%s; it wants %s", why,
						 measure->elsewhere)
				  : json_string(why);
}

/* On a veth pair, sending is most of it. */
#define OVERLAP                                                               \
	"the call that sends takes all of half of there and back: on a veth " \
	"pair the receiver's end of the kernel runs in it; between two "      \
	"machines: t2t-echo on INVENTORY=metal"

static int measured_set(json_t *cell, const struct tables_raw *raw,
			const struct claim *claim,
			const struct claim_range *range)
{
	const struct measure *measure = measure_find(claim->measure);
	double values[TABLES_ROUNDS_MAX];
	unsigned int count = 0;
	int err = 0;

	if (claim->figure == FIGURE_NOTHING || !measure)
		return 0;
	json_object_set_new(cell, "how", how_json(claim, measure));
	if (claim->figure == FIGURE_LOST)
		lost_set(cell, raw, claim, measure);
	else
		count = tables_figure_values(raw, measure, claim->figure,
					     claim->size, values);
	if (count > 0)
		err = figure_set(cell, claim, range, values, count);
	if (claim->figure == FIGURE_RECEIVED && count > 0 &&
	    json_get_number(json_object_get(cell, "measured"), "value") <= 0) {
		json_object_set_new(cell, "measured", json_null());
		json_object_set_new(cell, "verdict", json_string("-"));
		json_object_set_new(cell, "reason", json_string(OVERLAP));
	}
	if (json_is_null(json_object_get(cell, "measured")) &&
	    json_is_null(json_object_get(cell, "reason")))
		json_object_set_new(cell, "reason", absent(raw, measure));
	return err;
}

/* 0; -EBADMSG: the seed's words can't be read. */
static int cell_make(const struct tables_raw *raw, const struct claim *claim,
		     json_t **made)
{
	const bool nothing = claim->figure == FIGURE_NOTHING;
	struct claim_range range;
	json_t *cell;

	if (claim_parse(claim->text, &range) < 0) {
		log_error("%s, %s: '%s' can't be read", claim->row,
			  claim->column, claim->text);
		return -EBADMSG;
	}
	cell = json_pack("{s:s,s:s,s:s,s:s,s:o,s:n,s:s,s:n,s:s?,s:s?}",
			 "column", claim->column, "claim", claim->text, "place",
			 claim->place, "topic", claim->topic, "range",
			 range_json(&range), "measured", "verdict", "-", "how",
			 "reason", nothing ? claim->note : NULL, "note",
			 nothing ? NULL : claim->note);
	*made = cell;
	return cell ? measured_set(cell, raw, claim, &range) : -ENOMEM;
}

/*
 * What the seed says of the same thing elsewhere.
 */

static bool contradicts(const json_t *one, const json_t *other)
{
	const json_t *range = json_object_get(one, "range");
	const json_t *beside = json_object_get(other, "range");

	return json_is_object(range) && json_is_object(beside) &&
	       !json_equal(range, beside) &&
	       !strcmp(json_get_text(one, "topic", ""),
		       json_get_text(other, "topic", ""));
}

static bool told_already(const json_t *also, const json_t *other)
{
	const json_t *one;
	size_t i;

	json_array_foreach(also, i, one)
	{
		if (json_equal(json_object_get(one, "claim"),
			       json_object_get(other, "claim")) &&
		    json_equal(json_object_get(one, "place"),
			       json_object_get(other, "place")))
			return true;
	}
	return false;
}

static void also_set(json_t *cell, const json_t *all)
{
	json_t *also = json_array();
	const json_t *other;
	size_t i;

	json_array_foreach(all, i, other)
	{
		if (!contradicts(cell, other) || told_already(also, other))
			continue;
		json_array_append_new(
			also,
			json_pack("{s:O,s:O,s:O}", "claim",
				  json_object_get(other, "claim"), "place",
				  json_object_get(other, "place"), "verdict",
				  json_object_get(other, "verdict")));
	}
	json_object_set_new(cell, "also", also);
}

/*
 * The tables.
 */

/* The row of that name, which is the last one if it is there. */
static json_t *row_of(json_t *rows, const char *name)
{
	json_t *row = json_array_get(rows, json_array_size(rows) > 0
						   ? json_array_size(rows) - 1
						   : 0);

	if (!row || strcmp(json_get_text(row, "row", ""), name) != 0) {
		row = json_pack("{s:s,s:[]}", "row", name, "cells");
		json_array_append_new(rows, row);
	}
	return json_object_get(row, "cells");
}

static int cells_make(const struct tables_raw *raw, json_t *all)
{
	for (const struct claim *claim = claims; claim->row; claim++) {
		json_t *cell = NULL;
		int err = cell_make(raw, claim, &cell);

		if (cell)
			json_array_append_new(all, cell);
		if (err)
			return err;
	}
	return 0;
}

static json_t *tables_of(json_t *all)
{
	json_t *tables = json_array();
	size_t i = 0;

	for (unsigned int table = 0; table < CLAIMS_TABLES; table++) {
		json_t *rows = json_array();

		for (; claims[i].row && claims[i].table == table; i++) {
			json_t *cell = json_array_get(all, i);

			also_set(cell, all);
			json_array_append(row_of(rows, claims[i].row), cell);
		}
		json_array_append_new(tables, json_pack("{s:s,s:o}", "title",
							claims_titles[table],
							"rows", rows));
	}
	return tables;
}

int tables_make(const struct tables_raw *raw, json_t **summary)
{
	static const char *const kept[] = {
		"started",	"ended", "place", "rounds", "seed",    "pairs",
		"command_line", "cpus",	 "host",  "absent", "machine",
	};
	json_t *all = json_array();
	int err = cells_make(raw, all);

	*summary = json_pack("{s:s,s:o}", "schema", MEASURES_SCHEMA, "tables",
			     err ? json_null() : tables_of(all));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		json_t *value = json_object_get(raw->manifest, kept[i]);

		json_object_set(*summary, kept[i], value);
	}
	json_decref(all);
	if (!err)
		err = tables_check(*summary);
	if (err) {
		json_decref(*summary);
		*summary = NULL;
	}
	return err;
}

int tables_load(const char *folder, json_t **summary)
{
	struct tables_raw raw;
	int err = tables_raw_open(&raw, folder);

	if (err)
		return err;
	err = tables_make(&raw, summary);
	tables_raw_close(&raw);
	return err;
}

static bool cell_says(const json_t *cell)
{
	const json_t *measured = json_object_get(cell, "measured");

	return json_is_string(json_object_get(measured, "text")) ||
	       json_get_text(cell, "reason", "")[0] != '\0';
}

int tables_check(const json_t *summary)
{
	const json_t *table, *row, *cell;
	size_t i, j, k, count = 0;

	json_array_foreach(json_object_get(summary, "tables"), i, table)
	{
		json_array_foreach(json_object_get(table, "rows"), j, row)
		{
			json_array_foreach(json_object_get(row, "cells"), k,
					   cell)
			{
				count++;
				if (cell_says(cell))
					continue;
				log_error("%s, %s, %s: neither a figure nor a "
					  "reason",
					  json_get_text(table, "title", ""),
					  json_get_text(row, "row", ""),
					  json_get_text(cell, "column", ""));
				return -EBADMSG;
			}
		}
	}
	return count > 0 ? 0 : -EBADMSG;
}

/*
 * What text, page and Markdown say alike.
 */

const char *tables_measured(const json_t *cell,
			    char text[static TABLES_TEXT_MAX])
{
	const json_t *measured = json_object_get(cell, "measured");
	const char *low = json_get_text(measured, "low_text", NULL);

	if (!json_is_object(measured))
		snprintf(text, TABLES_TEXT_MAX, "-");
	else if (low)
		snprintf(text, TABLES_TEXT_MAX, "%s (%s to %s)",
			 json_get_text(measured, "text", "-"), low,
			 json_get_text(measured, "high_text", "-"));
	else
		snprintf(text, TABLES_TEXT_MAX, "%s",
			 json_get_text(measured, "text", "-"));
	return text;
}

const char *tables_where(const json_t *summary,
			 char text[static 2 * TABLES_TEXT_MAX])
{
	const json_t *host = json_object_get(summary, "host");

	snprintf(text, 2 * TABLES_TEXT_MAX,
		 "%s; %s, %lld CPUs, Linux %s; %lld rounds, %s",
		 json_get_text(summary, "place", "unknown"),
		 json_get_text(host, "cpu", "unknown CPU"),
		 (long long)json_get_integer(host, "cpus"),
		 json_get_text(host, "kernel", "unknown"),
		 (long long)json_get_integer(summary, "rounds"),
		 json_get_text(summary, "started", "unknown"));
	return text;
}

const char *tables_contention(const json_t *summary,
			      char text[static TABLES_TEXT_MAX])
{
	const double others = json_get_number(
		json_object_get(summary, "machine"), "others_cpus");

	if (others < OTHERS_NOTED)
		return NULL;
	snprintf(text, TABLES_TEXT_MAX,
		 "CPU contention: other processes kept %.2f CPUs busy "
		 "meanwhile; run it again on a quiet machine",
		 others);
	return text;
}
