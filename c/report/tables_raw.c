/* SPDX-License-Identifier: MIT */
#include "report/tables_raw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/summary.h"

static const struct schema_row schema_tables[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "state", .type = SCHEMA_STRING },
	{ .key = "started", .type = SCHEMA_STRING },
	{ .key = "place", .type = SCHEMA_STRING },
	{ .key = "command_line", .type = SCHEMA_STRING },
	{ .key = "rounds",
	  .type = SCHEMA_INTEGER,
	  .min = 1,
	  .max = TABLES_ROUNDS_MAX },
	{ .key = "pairs", .type = SCHEMA_INTEGER, .min = 1, .max = 64 },
	{ .key = "seed", .type = SCHEMA_INTEGER },
	{ .key = "host", .type = SCHEMA_OBJECT },
	{ .key = "absent", .type = SCHEMA_OBJECT },
	{ .key = NULL }
};

static const struct schema_row schema_echo[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "failed", .type = SCHEMA_STRING, .optional = true },
	{ .key = "results", .type = SCHEMA_ARRAY, .optional = true },
	{ .key = NULL }
};

static const struct schema_row schema_operations[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "operations", .type = SCHEMA_OBJECT },
	{ .key = NULL }
};

/* Of one of t2t-echo's results. */
static const struct schema_row schema_result[] = {
	{ .key = "measure", .type = SCHEMA_STRING },
	{ .key = "size",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 1,
	  .max = 1e6 },
	{ .key = "payload",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 1,
	  .max = 1e6 },
	{ .key = "sent", .type = SCHEMA_INTEGER, .min = 0, .max = 1e12 },
	{ .key = "received", .type = SCHEMA_INTEGER, .min = 0, .max = 1e12 },
	{ .key = "elapsed_ns", .type = SCHEMA_INTEGER, .min = 0, .max = 1e15 },
	{ .key = "cpu_ns", .type = SCHEMA_INTEGER, .min = 0, .max = 1e15 },
	{ .key = "bytes_out",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 0,
	  .max = 1e18 },
	{ .key = "latency_ns", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "latency_ns.p50",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 0,
	  .max = 1e15 },
	{ .key = "latency_ns.p99",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 0,
	  .max = 1e15 },
	{ .key = "send_ns.p50",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 0,
	  .max = 1e15 },
	{ .key = NULL }
};

/*
 * Files.
 */

/* Read rounds/NAME.json as `name` of raw->files. */
static int file_read(struct tables_raw *raw, const char *name,
		     const char *schema, const struct schema_row *rows)
{
	char path[PATH_MAX];
	const json_t *result;
	json_t *file;
	size_t i;
	int err;

	snprintf(path, sizeof(path), "%s/rounds/%s.json", raw->folder, name);
	err = schema_load(path, schema, rows, &file);
	if (err)
		return err;
	json_object_set_new(raw->files, name, file);
	json_array_foreach(json_object_get(file, "results"), i, result)
	{
		err = schema_check(schema_result, result, path);
		if (err)
			return err;
	}
	if (rows == schema_echo && i == 0 && !json_object_get(file, "failed")) {
		log_error("%s: neither results nor failed", path);
		return -EBADMSG;
	}
	return 0;
}

static int measure_read(struct tables_raw *raw, const struct measure *measure,
			unsigned int round)
{
	const bool many = measure->kind == MEASURE_MANY;
	char name[64];
	int err = 0;

	for (unsigned int i = 0; !err && i < (many ? raw->pairs : 1); i++) {
		snprintf(name, sizeof(name), many ? "%03u/%s.%u" : "%03u/%s",
			 round, measure->name, i);
		err = file_read(raw, name, "t2t-echo/1", schema_echo);
	}
	return err;
}

static int round_read(struct tables_raw *raw, unsigned int round)
{
	char name[64];
	int err;

	snprintf(name, sizeof(name), "%03u/" MEASURES_OPERATIONS, round);
	err = file_read(raw, name, MEASURES_SCHEMA, schema_operations);
	for (const struct measure *one = measures; !err && one->name; one++) {
		if ((one->kind == MEASURE_ECHO || one->kind == MEASURE_MANY) &&
		    !tables_raw_absent(raw, one))
			err = measure_read(raw, one, round);
	}
	return err;
}

const struct tables_campaign *tables_raw_campaign(const struct tables_raw *raw,
						  const char *name)
{
	for (unsigned int i = 0; name && i < raw->campaign_count; i++) {
		if (!strcmp(raw->campaigns[i].name, name))
			return &raw->campaigns[i];
	}
	return NULL;
}

static int campaigns_read(struct tables_raw *raw)
{
	for (const struct measure *one = measures; one->name; one++) {
		struct tables_campaign *next =
			&raw->campaigns[raw->campaign_count];
		char path[PATH_MAX];
		int err;

		if (one->kind != MEASURE_ARM || tables_raw_absent(raw, one) ||
		    tables_raw_campaign(raw, one->campaign))
			continue;
		if (raw->campaign_count == TABLES_CAMPAIGNS_MAX)
			return -E2BIG;
		snprintf(path, sizeof(path), "%s/campaigns/%s", raw->folder,
			 one->campaign);
		err = results_open(&next->results, path, false);
		if (err)
			return err;
		next->name = one->campaign;
		raw->campaign_count++;
		err = summary_make(&next->results, &next->summary);
		if (err)
			return err;
	}
	return 0;
}

int tables_raw_open(struct tables_raw *raw, const char *folder)
{
	char path[PATH_MAX];
	int err;

	memset(raw, 0, sizeof(*raw));
	snprintf(raw->folder, sizeof(raw->folder), "%s", folder);
	snprintf(path, sizeof(path), "%s/" MEASURES_FILE, raw->folder);
	err = schema_load(path, MEASURES_SCHEMA, schema_tables, &raw->manifest);
	if (err)
		return err;
	if (strcmp(json_get_text(raw->manifest, "state", ""), "complete") !=
	    0) {
		log_error("%s: half-written: state is '%s'; t2t-tables "
			  "--resume goes on with it",
			  path, json_get_text(raw->manifest, "state", ""));
		err = -EBADMSG;
	}
	raw->files = json_object();
	raw->rounds = (unsigned int)json_get_integer(raw->manifest, "rounds");
	raw->pairs = (unsigned int)json_get_integer(raw->manifest, "pairs");
	for (unsigned int i = 1; !err && i <= raw->rounds; i++)
		err = round_read(raw, i);
	if (!err)
		err = campaigns_read(raw);
	if (err)
		tables_raw_close(raw);
	return err;
}

void tables_raw_close(struct tables_raw *raw)
{
	for (unsigned int i = 0; i < raw->campaign_count; i++) {
		json_decref(raw->campaigns[i].summary);
		results_close(&raw->campaigns[i].results);
	}
	json_decref(raw->files);
	json_decref(raw->manifest);
	memset(raw, 0, sizeof(*raw));
}

const char *tables_raw_absent(const struct tables_raw *raw,
			      const struct measure *measure)
{
	return json_get_text(json_object_get(raw->manifest, "absent"),
			     measure->name, NULL);
}
