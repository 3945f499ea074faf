/* SPDX-License-Identifier: MIT */
#include "report/results.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/json_get.h"
#include "base/log.h"
#include "stats/verdict.h"

/* Column latency_ns of a latencies.csv, the last one. */
static int samples_read(const char *path, uint64_t **ns, size_t *count)
{
	size_t capacity = 0, line_size = 0, number = 0;
	FILE *file = fopen(path, "re");
	char *line = NULL;
	int err = 0;

	*ns = NULL;
	*count = 0;
	if (!file) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
		return err;
	}
	while (!err && getline(&line, &line_size, file) > 0) {
		const char *last = strrchr(line, ',');
		char end = '\0';

		if (number++ == 0)
			continue;
		if (*count == capacity) {
			size_t wanted = capacity ? 2 * capacity : 1024;
			uint64_t *more = realloc(*ns, wanted * sizeof(*more));

			if (!more) {
				err = -ENOMEM;
				break;
			}
			*ns = more;
			capacity = wanted;
		}
		/* A line that was cut has no newline; a minus would wrap. */
		if (last && isdigit((unsigned char)last[1]) &&
		    sscanf(last + 1, "%" SCNu64 "%c", *ns + *count, &end) ==
			    2 &&
		    end == '\n') {
			(*count)++;
			continue;
		}
		log_error("%s: line %zu is not a sample: '%.40s'", path, number,
			  line);
		err = -EBADMSG;
	}
	if (!err && number == 0) {
		log_error("%s: is empty: not even a header", path);
		err = -EBADMSG;
	}
	free(line);
	fclose(file);
	return err;
}

/* Whole lines that are gone show only here. Without the count (an older
 * t2t-wiretap) nothing is known. */
static int samples_check(const struct results *results, const char *path,
			 size_t count, const json_t *trial)
{
	const json_t *wanted = json_object_get(
		json_object_get(json_object_get(trial, "analysis"),
				results->measured->key),
		"count");

	if (!json_is_integer(wanted) ||
	    json_integer_value(wanted) == (json_int_t)count)
		return 0;
	log_error("%s: %zu samples, but trial.json counts %lld", path, count,
		  (long long)json_integer_value(wanted));
	return -EBADMSG;
}

/* Which block and arm it is of: one that there is, and whose trial is not
 * there yet. */
static int trial_check(const struct results *results, const char *path,
		       const struct results_trial *trial)
{
	const struct results_trial *other;

	if (trial->arm >= results->arm_count ||
	    trial->block >= results->blocks) {
		log_error("%s: keys 'block' and 'arm' are %u and %u: the "
			  "manifest has %u blocks of %u arms",
			  path, trial->block, trial->arm, results->blocks,
			  results->arm_count);
		return -EBADMSG;
	}
	other = results_trial(results, trial->block, trial->arm);
	if (other == trial)
		return 0;
	log_error("%s: block %u has a second trial of arm '%s'", path,
		  trial->block, results_arm_name(results, trial->arm));
	return -EBADMSG;
}

static enum results_word word_of(const json_t *trial)
{
	const json_t *correct =
		json_object_get(json_object_get(trial, "analysis"), "correct");

	if (json_is_true(correct))
		return RESULTS_CORRECT;
	return json_is_null(correct) ? RESULTS_VOID : RESULTS_INCORRECT;
}

static int trial_load(struct results *results, const char *name)
{
	struct results_trial *trial = &results->trials[results->count];
	char path[PATH_MAX];
	size_t count;
	int err;

	snprintf(path, sizeof(path), "%s/trials/%s/trial.json", results->folder,
		 name);
	/* A trial that was cut off has none, and is not counted. */
	if (access(path, F_OK) < 0)
		return 0;
	err = schema_load(path, RESULTS_SCHEMA, schema_trial, &trial->json);
	if (err)
		return err;
	results->count++;
	trial->number = (unsigned int)json_get_integer(trial->json, "number");
	trial->block = (unsigned int)json_get_integer(trial->json, "block");
	trial->arm = (unsigned int)json_get_integer(trial->json, "arm");
	trial->word = word_of(trial->json);
	err = trial_check(results, path, trial);
	/* What can't be judged has no figure. */
	if (err || trial->word == RESULTS_VOID)
		return err;
	snprintf(path, sizeof(path), "%s/trials/%s/latencies.csv",
		 results->folder, name);
	err = samples_read(path, &trial->ns, &count);
	if (!err)
		err = samples_check(results, path, count, trial->json);
	if (!err)
		trial->percentiles = percentiles_of(trial->ns, count);
	return err;
}

static int by_number(const void *a, const void *b)
{
	const struct results_trial *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Once for all: each figure asks it of each trial. */
static int blocks_mark(struct results *results)
{
	bool *is_void = calloc(results->blocks + 1, sizeof(*is_void));

	if (!is_void)
		return -ENOMEM;
	for (size_t i = 0; i < results->count; i++)
		is_void[results->trials[i].block] |=
			results->trials[i].word == RESULTS_VOID;
	for (size_t i = 0; i < results->count; i++)
		results->trials[i].block_void =
			is_void[results->trials[i].block];
	free(is_void);
	return 0;
}

static int trials_load(struct results *results)
{
	char path[PATH_MAX];
	struct dirent **names;
	int count, err = 0;

	snprintf(path, sizeof(path), "%s/trials", results->folder);
	count = scandir(path, &names, visible, alphasort);
	if (count < 0) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
		return err;
	}
	results->trials = calloc((size_t)count + 1, sizeof(*results->trials));
	if (!results->trials)
		err = -ENOMEM;
	for (int i = 0; i < count; i++) {
		if (!err)
			err = trial_load(results, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (err)
		return err;
	qsort(results->trials, results->count, sizeof(*results->trials),
	      by_number);
	return blocks_mark(results);
}

/* What is judged, and which arms of a race ran no more, from when on. */
static void verdict_load(struct results *results, const json_t *parameters)
{
	const json_t *until = json_object_get(parameters, "until"), *one;
	const char *verdict = json_get_text(parameters, "verdict", "");
	size_t i;

	results->race = !strcmp(verdict, "best");
	results->judged = json_get_number(parameters, "judged");
	if (results->judged <= 0)
		results->judged = 50;
	for (i = 0; i < RESULTS_ARMS_MAX; i++)
		results->out_after[i] = results->blocks;
	json_array_foreach(json_object_get(until, "out"), i, one)
	{
		const json_int_t arm = json_get_integer(one, "arm");

		if (arm >= 0 && arm < RESULTS_ARMS_MAX)
			results->out_after[arm] =
				(unsigned int)json_get_integer(one, "after");
	}
}

static int manifest_load(struct results *results, bool any_state)
{
	const json_t *parameters, *aa, *until;
	char path[PATH_MAX];
	const char *state;
	int err;

	snprintf(path, sizeof(path), "%s/manifest.json", results->folder);
	err = schema_load(path, RESULTS_SCHEMA, schema_manifest,
			  &results->manifest);
	if (err)
		return err;
	parameters = json_object_get(results->manifest, "parameters");
	state = json_string_value(json_object_get(results->manifest, "state"));
	results->blocks = (unsigned int)json_get_integer(parameters, "blocks");
	results->arm_count = (unsigned int)json_array_size(
		json_object_get(parameters, "arms"));
	results->alpha = VERDICT_ALPHA;
	until = json_object_get(parameters, "until");
	if (until)
		results->alpha = json_get_number(until, "alpha");
	results->equal = json_get_number(until, "equal");
	verdict_load(results, parameters);
	results->measured =
		measured_named(json_get_text(parameters, "measured", NULL));
	if (!results->measured) {
		log_error("%s: key 'parameters.measured' is '%s': this program "
			  "knows no such figures",
			  path, json_get_text(parameters, "measured", ""));
		return -EBADMSG;
	}
	aa = json_object_get(parameters, "aa");
	results->aa = json_is_integer(aa) ? (int)json_integer_value(aa) : -1;
	if (results->arm_count > RESULTS_ARMS_MAX ||
	    results->aa >= (int)results->arm_count) {
		log_error("%s: key 'parameters.aa' or 'parameters.arms': no "
			  "such arm, or more than %d",
			  path, RESULTS_ARMS_MAX);
		return -EBADMSG;
	}
	if (any_state || !strcmp(state, "complete"))
		return 0;
	log_error("%s: half-written: key 'state' is '%s', not 'complete'", path,
		  state);
	return -EBADMSG;
}

static int all_there(const struct results *results)
{
	for (unsigned int block = 0; block < results->blocks; block++)
		for (unsigned int arm = 0; arm < results->arm_count; arm++)
			if (block < results->out_after[arm] &&
			    !results_trial(results, block, arm)) {
				log_error("%s: half-written: no trial of block "
					  "%u, arm '%s'",
					  results->folder, block,
					  results_arm_name(results, arm));
				return -EBADMSG;
			}
	return 0;
}

/* Without one nothing was measured; half of one is a fault. */
static int bias_load(struct results *results)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bias/analysis.json", results->folder);
	if (access(path, F_OK) == 0)
		return schema_json(path, &results->bias);
	results->bias = json_null();
	return 0;
}

/* Of blocks that were made again: FOLDER/void/NN-ARM.K, or gated. */
static int aside_load(const struct results *results, const char *where,
		      json_t **trials)
{
	char path[PATH_MAX];
	struct dirent **names;
	int count, err = 0;

	*trials = json_array();
	snprintf(path, sizeof(path), "%s/%s", results->folder, where);
	count = scandir(path, &names, visible, alphasort);
	for (int i = 0; i < count; i++) {
		json_t *trial = NULL;

		snprintf(path, sizeof(path), "%s/%s/%s/trial.json",
			 results->folder, where, names[i]->d_name);
		if (!err && access(path, F_OK) == 0)
			err = schema_load(path, RESULTS_SCHEMA, schema_trial,
					  &trial);
		if (trial) {
			/* Its own word is of where it was measured. */
			json_object_set_new(
				trial, "folder",
				json_sprintf("%s/%s", where, names[i]->d_name));
			json_array_append_new(*trials, trial);
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return err;
}

int results_open(struct results *results, const char *folder, bool any_state)
{
	int err;

	memset(results, 0, sizeof(*results));
	snprintf(results->folder, sizeof(results->folder), "%s", folder);
	err = manifest_load(results, any_state);
	if (!err)
		err = trials_load(results);
	if (!err)
		err = aside_load(results, "void", &results->aside);
	if (!err)
		err = aside_load(results, RESULTS_GATED, &results->gated);
	if (!err && !any_state)
		err = all_there(results);
	if (!err)
		err = bias_load(results);
	if (err)
		results_close(results);
	return err;
}

void results_close(struct results *results)
{
	for (size_t i = 0; i < results->count; i++) {
		json_decref(results->trials[i].json);
		free(results->trials[i].ns);
	}
	free(results->trials);
	json_decref(results->aside);
	json_decref(results->gated);
	json_decref(results->bias);
	json_decref(results->manifest);
	memset(results, 0, sizeof(*results));
}

const char *results_arm_name(const struct results *results, unsigned int arm)
{
	return json_string_value(json_array_get(
		json_object_get(
			json_object_get(results->manifest, "parameters"),
			"arms"),
		arm));
}

const struct results_trial *results_trial(const struct results *results,
					  unsigned int block, unsigned int arm)
{
	for (size_t i = 0; i < results->count; i++)
		if (results->trials[i].block == block &&
		    results->trials[i].arm == arm)
			return &results->trials[i];
	return NULL;
}

bool results_counts(const struct results_trial *trial, unsigned int arm)
{
	return trial->arm == arm && trial->word == RESULTS_CORRECT &&
	       trial->percentiles.count > 0 && !trial->block_void;
}

const char *results_reason(const struct results_trial *trial)
{
	const char *reason = json_string_value(json_object_get(
		json_object_get(trial->json, "analysis"), "reason"));

	if (trial->word == RESULTS_CORRECT)
		return "";
	if (trial->word == RESULTS_INCORRECT)
		return reason ? reason : "";
	return reason ? reason : "the oracle gives no reason";
}

int results_arm_ns(const struct results *results, unsigned int arm,
		   uint64_t **ns, size_t *count)
{
	size_t all = 0;

	*count = 0;
	for (size_t i = 0; i < results->count; i++)
		if (results_counts(&results->trials[i], arm))
			all += results->trials[i].percentiles.count;
	*ns = malloc((all + 1) * sizeof(**ns));
	if (!*ns)
		return -ENOMEM;
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		if (!results_counts(trial, arm))
			continue;
		memcpy(*ns + *count, trial->ns,
		       trial->percentiles.count * sizeof(**ns));
		*count += trial->percentiles.count;
	}
	percentile_sort(*ns, *count);
	return 0;
}

json_t *results_part(const char *folder, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= PATH_MAX)
		return NULL;
	return json_load_file(path, 0, NULL);
}

int results_save(const char *folder, const char *name,
		 const struct schema_row *rows, const json_t *value)
{
	struct atomic_file whole;
	char path[PATH_MAX];
	json_t *read = NULL;
	int err;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = atomic_file_open(&whole, path);
	if (err)
		return err;
	/* A write that fails shows in the flush, with its reason. */
	json_dumpf(value, whole.file, JSON_INDENT(2));
	fputc('\n', whole.file);
	err = atomic_file_flush(&whole);
	if (!err)
		err = schema_load(whole.part, RESULTS_SCHEMA, rows, &read);
	json_decref(read);
	return atomic_file_close(&whole, err);
}
