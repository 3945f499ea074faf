/* SPDX-License-Identifier: MIT */
#include "campaign/trial_judge.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "campaign/arm_judged.h"
#include "campaign/arm_told.h"
#include "campaign/counters.h"
#include "campaign/trial_loss.h"
#include "campaign/trial_measure.h"
#include "net/process.h"
#include "order/channel.h"
#include "stats/lateness.h"

#define END_MS 10000 /* for the oracle to end when it is told to */

static int json_from_file(const char *path, json_t **value)
{
	json_error_t error;

	*value = json_load_file(path, 0, &error);
	if (*value)
		return 0;
	log_error("%s: line %d: %s", path, error.line, error.text);
	return -EIO;
}

#define ARGUMENTS_MAX (ARM_JUDGED_ARGUMENTS_MAX + 24)

static void add(const char *argv[static ARGUMENTS_MAX], const char *option,
		const char *value)
{
	size_t n = 0;

	while (argv[n])
		n++;
	argv[n++] = option;
	argv[n++] = value;
	argv[n] = NULL;
}

/* What the oracle has to know of an arm, as its programs are told it; what
 * comes last holds. */
static void arm_add(const char *argv[static ARGUMENTS_MAX],
		    const struct trial_config *config,
		    const struct trial_files *files, const struct arm *arm)
{
	const char *told[ARM_JUDGED_ARGUMENTS_MAX];

	arm_judged_tell(arm, told);
	for (size_t i = 0; told[i]; i++)
		add(argv, told[i], NULL);
	if (channel_is_encrypted(
		    arm_told(arm->exchange, "--channel", CHANNEL_DEFAULT)))
		add(argv, "--keys", files->path[TRIAL_FILE_KEYS]);
	if (config->sessions)
		add(argv, "--measure", "logon");
	if (config->warm_up)
		add(argv, "--warm-up", config->warm_up);
	add(argv, "--samples", files->path[TRIAL_FILE_LATENCIES]);
	add(argv, "--trader", files->path[TRIAL_FILE_TRADER_JSON]);
}

/* The oracle is a program of its own: whoever doubts it runs it again. */
int trial_judge_capture(const struct trial_config *config,
			const struct trial_files *files, const struct arm *arm,
			json_t **analysis)
{
	struct process process = { 0 };
	char program[PATH_MAX];
	struct process_place place = {
		.namespace = -1,
		.cpu = -1,
		.out = files->path[TRIAL_FILE_ANALYSIS],
		.err = files->path[TRIAL_FILE_ANALYSIS_LOG],
	};
	const char *argv[ARGUMENTS_MAX] = { program,
					    "--read",
					    files->path[TRIAL_FILE_CAPTURE],
					    "--json",
					    "--threshold-usd",
					    config->threshold_usd,
					    "--aggress",
					    config->aggress,
					    "--group",
					    config->group };
	int code;

	*analysis = NULL;
	snprintf(program, sizeof(program), "%s/t2t-%s", config->programs,
		 trial_role_names[TRIAL_WIRETAP]);
	if (arm)
		arm_add(argv, config, files, arm);
	else
		add(argv, "--back-to-back", NULL);
	code = process_start(&process, argv, &place);
	if (code < 0)
		return code;
	code = process_wait(&process, -1, config->stop);
	if (code == -EINTR) {
		process_stop(&process, SIGTERM, END_MS);
		return code;
	}
	/* 1 with an answer: the capture can't be judged. */
	if (code == 1) {
		*analysis = json_load_file(place.out, 0, NULL);
		if (json_is_null(json_object_get(*analysis, "correct"))) {
			log_warning("this trial is void: %s",
				    json_string_value(json_object_get(
					    *analysis, "reason")));
			return 0;
		}
		json_decref(*analysis);
		*analysis = NULL;
	}
	if (code != 0) {
		log_error("%s --read: exit code %d, see %s", program, code,
			  place.err);
		return -EIO;
	}
	return json_from_file(place.out, analysis);
}

/* Frames that the kernel dropped at the tap, as the wiretap told; -1 when it
 * did not. */
static long long tap_dropped(const struct trial_files *files)
{
	FILE *file = fopen(files->path[TRIAL_FILE_WIRETAP_LOG], "re");
	long long dropped = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const char *found = strstr(line, " frames captured, ");

		if (found)
			sscanf(found, " frames captured, %lld dropped",
			       &dropped);
	}
	if (file)
		fclose(file);
	return dropped;
}

/* What the tap missed the oracle takes for the trader's fault, or overlooks:
 * such a trial can't be judged. */
static void tap_judge(const struct trial_files *files, json_t *analysis)
{
	long long dropped = tap_dropped(files);
	json_t *reason;

	json_object_set_new(analysis, "tap_dropped", json_integer(dropped));
	if (dropped == 0)
		return;
	reason = dropped < 0 ? json_string("the wiretap did not say whether it "
					   "missed frames")
			     : json_sprintf("the wiretap missed %lld frames",
					    dropped);
	json_object_set_new(analysis, "correct", json_null());
	json_object_set_new(analysis, "reason", reason);
}

/* Adds to moved the names of knobs that read otherwise after the pass; none
 * where nobody read them then, as older results have it. */
static void moved_add(const json_t *before, json_t *after, json_t *moved)
{
	const json_t *value;
	const char *name;

	if (!after)
		return;
	json_object_foreach(
		(json_t *)(uintptr_t)before, name,
		value) if (!json_equal(value, json_object_get(after, name)))
		json_array_append_new(moved, json_string(name));
}

/* A knob that somebody else turned underway: the arm was not what its name
 * says. */
static void knobs_judge(const json_t *knobs, json_t *analysis)
{
	const json_t *turned = json_object_get(knobs, "turned"), *machine;
	json_t *moved = json_array();
	size_t i;

	json_array_foreach(turned, i, machine)
		moved_add(json_object_get(machine, "found"),
			  json_object_get(machine, "after"), moved);
	for (i = 0; i < json_array_size(moved); i++)
		log_warning("%s was changed by another process during the "
			    "trial, which doesn't count",
			    json_string_value(json_array_get(moved, i)));
	if (json_array_size(moved) > 0) {
		json_object_set(analysis, "knobs_moved", moved);
		json_object_set_new(analysis, "correct", json_null());
		json_object_set_new(analysis, "reason",
				    json_string("somebody else turned a knob "
						"while it ran"));
	}
	json_decref(moved);
}

int trial_judge(const struct trial_config *config, const struct arm *arm,
		const char *folder, json_t **result)
{
	json_t *analysis = NULL, *trader = NULL, *lateness = NULL;
	json_t *found, *knobs, *exchange;
	struct trial_files files;
	int err;

	trial_files_name(&files, folder);
	err = trial_judge_capture(config, &files, arm, &analysis);
	if (!err)
		tap_judge(&files, analysis);
	if (!err)
		trial_measure_judge(config, analysis);
	if (!err)
		err = json_from_file(files.path[TRIAL_FILE_TRADER_JSON],
				     &trader);
	if (!err)
		/* Of sessions the numbers are those of each. */
		err = lateness_of(files.path[TRIAL_FILE_SENDS],
				  config->sessions
					  ? NULL
					  : files.path[TRIAL_FILE_LATENCIES],
				  &lateness);
	if (!err) {
		found = json_load_file(files.path[TRIAL_FILE_FOUND], 0, NULL);
		knobs = json_load_file(files.path[TRIAL_FILE_KNOBS], 0, NULL);
		exchange = json_load_file(files.path[TRIAL_FILE_SESSIONS], 0,
					  NULL);
		if (!found)
			found = json_object();
		trial_loss_judge(exchange, analysis);
		knobs_judge(knobs, analysis);
		if (knobs)
			json_object_set_new(found, "knobs", knobs);
		*result = json_pack(
			"{s:O,s:O,s:o*,s:o,s:O,s:o}", "analysis", analysis,
			"trader", trader, "exchange", exchange, "found", found,
			"lateness", lateness, "counters",
			counters_of(files.path[TRIAL_FILE_COUNTERS_BEFORE],
				    files.path[TRIAL_FILE_COUNTERS_AFTER]));
		if (!*result)
			err = -ENOMEM;
	}
	json_decref(lateness);
	json_decref(trader);
	json_decref(analysis);
	return err;
}
