/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "base/mem.h"
#include "report/history.h"
#include "report/results.h"
#include "report/schema.h"
#include "report/summary.h"
#include "stats/statistics.h"

/* results/TIME, and a fleet's results/TIME/cells/NAME; with one to spare. */
#define DEPTH_MAX 4

/* What makes two results' times not comparable. */
static const char *const fingerprint_keys[] = {
	"place",
	"accelerator",
	"host.cpu",
	"host.cpus",
	"host.kernel",
	"host.kernel_command_line",
	"host.clock_source",
	"host.governor",
	"host.virtualisation",
	"wanted.cpus",
	"feed.sha256",
	"parameters.pace",
	"parameters.threshold_usd",
	"parameters.aggress",
	"parameters.measured",
	"parameters.sessions",
};

struct reader {
	json_t *entries, *left_out;
};

static json_t *fingerprint_of(const json_t *manifest)
{
	json_t *fingerprint = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fingerprint_keys); i++) {
		const json_t *value =
			schema_value(manifest, fingerprint_keys[i]);

		json_object_set(fingerprint, fingerprint_keys[i],
				value ? (json_t *)(uintptr_t)value
				      : json_null());
	}
	return fingerprint;
}

/* The median of its trials' p50s, as blocks weigh alike in a comparison. */
static json_t *arm_p50(const json_t *arm, double *room)
{
	const json_t *p50;
	size_t i, n = 0;

	if (!json_is_true(json_object_get(arm, "correct")))
		return json_null();
	json_array_foreach(json_object_get(arm, "p50_of_trials_ns"), i, p50)
	{
		if (json_is_number(p50))
			room[n++] = json_number_value(p50);
	}
	return json_real_or_null(statistics_median(room, n));
}

static json_t *arms_of(const json_t *summary, double *room)
{
	json_t *list = json_array();
	const json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
		json_array_append_new(list,
				      json_pack("{s:O,s:o}", "arm",
						json_object_get(arm, "receive"),
						"p50_ns", arm_p50(arm, room)));
	return list;
}

static json_t *comparisons_of(const json_t *summary)
{
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(summary, "comparisons"), i, one)
		json_array_append_new(
			list,
			json_pack("{s:O,s:O,s:O?,s:O?,s:O?}", "arm",
				  json_object_get(one, "arm"), "against",
				  json_object_get(one, "against"), "ratio",
				  json_object_get(one, "ratio"), "low",
				  json_object_get(one, "ratio_low"), "high",
				  json_object_get(one, "ratio_high")));
	return list;
}

static int entry_make(const struct results *results, const char *folder,
		      json_t *entries)
{
	double *room = calloc(results->count + 1, sizeof(*room));
	json_t *summary = NULL;
	int err = room ? summary_make(results, &summary) : -ENOMEM;

	if (!err)
		json_array_append_new(
			entries,
			json_pack("{s:s,s:O?,s:O?,s:o,s:o,s:o}", "folder",
				  folder, "started",
				  json_object_get(results->manifest, "started"),
				  "version",
				  schema_value(results->manifest,
					       "programs.version"),
				  "fingerprint",
				  fingerprint_of(results->manifest), "arms",
				  arms_of(summary, room), "comparisons",
				  comparisons_of(summary)));
	json_decref(summary);
	free(room);
	return err;
}

static void leave_out(struct reader *reader, const char *folder,
		      const char *reason)
{
	json_array_append_new(
		reader->left_out,
		json_pack("{s:s,s:s}", "folder", folder, "reason", reason));
}

/* A history has no use for what was cut off, nor for another schema. */
static int result_read(struct reader *reader, const char *folder)
{
	json_t *manifest = results_part(folder, "manifest.json");
	const char *state = json_get_text(manifest, "state", "");
	struct results results;
	int err;

	if (strcmp(json_get_text(manifest, "schema", ""), RESULTS_SCHEMA) !=
	    0) {
		leave_out(reader, folder, "of another schema");
	} else if (strcmp(state, "complete") != 0) {
		leave_out(reader, folder, state);
	} else {
		err = results_open(&results, folder, false);
		json_decref(manifest);
		if (err == -ENOMEM)
			return err;
		if (err) {
			leave_out(reader, folder, "it can't be read");
			return 0;
		}
		err = entry_make(&results, folder, reader->entries);
		results_close(&results);
		return err;
	}
	json_decref(manifest);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* What lies within a result is part of it, but for a fleet's cells, whose
 * folder is none. */
static int folder_read(struct reader *reader, const char *folder, int depth)
{
	struct dirent **names;
	char path[PATH_MAX];
	int count, err = 0;

	if (snprintf(path, sizeof(path), "%s/manifest.json", folder) >=
	    PATH_MAX)
		return 0;
	if (access(path, F_OK) == 0)
		return result_read(reader, folder);
	if (depth == DEPTH_MAX)
		return 0;
	count = scandir(folder, &names, visible, alphasort);
	if (count < 0)
		return errno == ENOTDIR || depth > 0 ? 0 : -errno;
	for (int i = 0; i < count; i++) {
		struct stat stat_buf;

		if (!err &&
		    snprintf(path, sizeof(path), "%s/%s", folder,
			     names[i]->d_name) < PATH_MAX &&
		    stat(path, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode))
			err = folder_read(reader, path, depth + 1);
		free(names[i]);
	}
	free(names);
	return err;
}

int history_load(const char *folder, json_t **history)
{
	struct reader reader = { json_array(), json_array() };
	int err = folder_read(&reader, folder, 0);

	*history = NULL;
	if (err) {
		log_error("%s: %s", folder, log_strerror(err));
	} else if (json_array_size(reader.entries) == 0) {
		log_error("%s: there is no complete result in it or below",
			  folder);
		err = -ENOENT;
	} else {
		err = history_make(reader.entries, history);
	}
	if (!err)
		json_object_set(*history, "left_out", reader.left_out);
	else
		json_decref(*history);
	json_decref(reader.entries);
	json_decref(reader.left_out);
	return err;
}
