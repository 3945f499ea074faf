/* SPDX-License-Identifier: MIT */
#include "campaign/campaign.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_get.h"
#include "base/log.h"
#include "campaign/arm_build.h"
#include "campaign/campaign_again.h"
#include "campaign/campaign_gate.h"
#include "campaign/campaign_looks.h"
#include "campaign/campaign_manifest.h"
#include "campaign/campaign_order.h"
#include "campaign/cpu_contention.h"
#include "campaign/trial.h"
#include "campaign/trial_files.h"
#include "campaign/trial_knobs.h"
#include "report/measured.h"
#include "report/results.h"
#include "report/summary.h"
#include "stats/lateness.h"

struct campaign {
	const struct campaign_config *config;
	struct trial_machines machines; /* if it has any */
	json_t *manifest;
	unsigned int blocks; /* to be done: fewer, once it has its end */
	struct campaign_looks looks;
	struct campaign_gate gate;
	unsigned int trials; /* so far */
	uint64_t begin_ns;
	struct cpu_contention begin_busy;
	unsigned int done; /* trials run by this process */
};

_Static_assert(CAMPAIGN_ARMS_MAX <= CAMPAIGN_ORDER_ARMS_MAX,
	       "an order holds each arm");

static int folder_make(const char *parent, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	return trial_folder_make(path);
}

static int state_save(struct campaign *campaign, const char *state)
{
	json_object_set_new(campaign->manifest, "state", json_string(state));
	if (strcmp(state, "running") != 0)
		json_object_set_new(campaign->manifest, "ended",
				    campaign_manifest_time());
	return results_save(campaign->config->folder, "manifest.json",
			    schema_manifest, campaign->manifest);
}

static void progress_show(const struct campaign *campaign, const char *text)
{
	if (campaign->config->progress)
		fprintf(stderr, "\r\033[K%s", text);
}

static unsigned int campaign_trials(const struct campaign *campaign)
{
	return campaign->blocks * campaign->config->arm_count;
}

static double campaign_seconds(const struct campaign *campaign)
{
	return (double)(clock_monotonic_ns() - campaign->begin_ns) /
	       CLOCK_NS_PER_S;
}

/* What of a datagram's lateness the exchange alone knows. */
static void late_tell(const json_t *lateness)
{
	if (lateness_is_noted(lateness))
		fprintf(stderr, ", %lld answer late packets",
			(long long)json_get_integer(lateness, "orders_late"));
}

static void trial_tell(const struct campaign *campaign, unsigned int number,
		       const char *arm, const json_t *result)
{
	const json_t *analysis = json_object_get(result, "analysis");
	const json_t *p50 = json_object_get(measured_ns(analysis), "p50");
	const unsigned int trials = campaign_trials(campaign);
	double seconds = campaign_seconds(campaign);
	double left = seconds / campaign->done * (trials - number);

	progress_show(campaign, "");
	fprintf(stderr, "[%*u/%u] %-10s ",
		trials > 99  ? 3
		: trials > 9 ? 2
			     : 1,
		number, trials, arm);
	if (json_is_null(json_object_get(analysis, "correct")))
		fprintf(stderr, "VOID, can't be judged: %s",
			json_string_value(json_object_get(analysis, "reason")));
	else
		fprintf(stderr, "%7lld packets, %5lld of %lld orders right",
			(long long)json_get_integer(analysis, "packets"),
			(long long)json_get_integer(analysis, "matched"),
			(long long)json_get_integer(analysis, "triggers"));
	if (json_is_integer(p50))
		fprintf(stderr, ", p50 %6.1f us",
			(double)json_integer_value(p50) / 1e3);
	late_tell(json_object_get(result, "lateness"));
	fprintf(stderr, "  (%.0f s, %s%.0f s left)\n", seconds,
		campaign->config->until.text ? "at most " : "", left);
}

/* "spin:rcvbuf=1m@again" makes a folder "spin", "busy/50" one "busy-50". */
static void trial_folder(const struct campaign *campaign, unsigned int number,
			 const char *arm, char path[PATH_MAX])
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arm, ":@"), arm);
	for (char *c = name; *c; c++)
		if (*c == '/' || *c == ' ')
			*c = '-';
	snprintf(path, PATH_MAX, "%s/trials/%02u-%s", campaign->config->folder,
		 number, name);
}

static bool file_there(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < PATH_MAX &&
	       access(path, R_OK) == 0;
}

/* The knobs that an arm's first trial wanted and found, for the manifest. */
static void knobs_note(struct campaign *campaign, const char *name,
		       const json_t *trial)
{
	const json_t *knobs =
		json_object_get(json_object_get(trial, "found"), "knobs");
	const json_t *turned = json_object_get(knobs, "turned"), *side, *knob;
	json_t *rows = json_object_get(campaign->manifest, "knobs");
	size_t i, j;

	json_array_foreach(turned, i, side)
	{
		json_array_foreach(json_object_get(side, "set"), j, knob)
			json_array_append_new(
				rows,
				json_pack("{s:s,s:O*,s:O*,s:O*,s:O*}", "arm",
					  name, "knob",
					  json_object_get(knob, "knob"),
					  "wanted",
					  json_object_get(knob, "wanted"),
					  "before",
					  json_object_get(knob, "before"),
					  "found",
					  json_object_get(knob, "found")));
	}
}

static void block_order(const struct campaign_config *config,
			unsigned int block,
			unsigned int order[static CAMPAIGN_ORDER_ARMS_MAX])
{
	if (config->order)
		memcpy(order, config->order[block], sizeof(config->order[0]));
	else
		campaign_order(config->seed, block, config->arm_count, order);
}

/* Of the first block's trials, also those of an earlier run. */
static void knobs_take(struct campaign *campaign)
{
	unsigned int order[CAMPAIGN_ORDER_ARMS_MAX];
	const struct campaign_config *config = campaign->config;

	json_object_set_new(campaign->manifest, "knobs", json_array());
	block_order(config, 0, order);
	for (unsigned int i = 0; i < config->arm_count; i++) {
		const char *name = config->arms[order[i]].name;
		char folder[PATH_MAX];
		json_t *trial;

		trial_folder(campaign, i + 1, name, folder);
		trial = results_part(folder, "trial.json");
		knobs_note(campaign, name, trial);
		json_decref(trial);
	}
}

/* Whole, of an earlier run. */
static int trial_keep(struct campaign *campaign, unsigned int arm,
		      const char *folder)
{
	json_t *trial = results_part(folder, "trial.json");
	int err = campaign_gate_remember(&campaign->gate, arm, trial);

	json_decref(trial);
	campaign->trials += !err;
	return err;
}

static int trial_do(struct campaign *campaign, unsigned int number,
		    unsigned int block, unsigned int arm)
{
	const struct campaign_config *config = campaign->config;
	struct arm drawn = config->arms[arm];
	const char *name = drawn.name;
	char folder[PATH_MAX], text[128];
	json_t *result;
	int err;

	trial_folder(campaign, number, name, folder);
	/* trial.json comes last: where it is, the trial is whole. */
	if (config->resume && file_there(folder, "trial.json"))
		return trial_keep(campaign, arm, folder);
	snprintf(text, sizeof(text), "[%u/%u] block %u of %u: %s ...", number,
		 campaign_trials(campaign), block + 1, campaign->blocks, name);
	progress_show(campaign, text);
	arm_build_draw(&drawn, config->seed, number);
	err = trial_run(&config->trial, &campaign->machines, &drawn, folder,
			&result);
	if (err)
		return err;
	campaign->done++;
	trial_tell(campaign, number, name, result);
	json_object_set_new(result, "schema", json_string(RESULTS_SCHEMA));
	json_object_set_new(result, "number", json_integer(number));
	json_object_set_new(result, "block", json_integer(block));
	json_object_set_new(result, "arm", json_integer(arm));
	json_object_set_new(result, "name", json_string(name));
	json_object_set_new(result, "folder",
			    json_string(folder + strlen(config->folder) + 1));
	if (drawn.layouts)
		json_object_set_new(result, "build", arm_build_json(&drawn));
	err = campaign_gate_judge(&campaign->gate, arm, result);
	if (!err)
		err = results_save(folder, "trial.json", schema_trial, result);
	json_decref(result);
	campaign->trials += !err;
	return err;
}

/* Whole: a run that was cut off may have left half of it. */
static bool bias_there(const char *folder)
{
	json_t *bias = results_part(folder, "analysis.json");

	json_decref(bias);
	return bias;
}

/* Measured before: what a killed one left would be in each trial's way. */
static int bias_clear(struct campaign *campaign)
{
	const struct campaign_config *config = campaign->config;
	int err;

	if (config->machine_count == 0)
		return 0;
	err = trial_machines_settle(&campaign->machines, &config->site, NULL);
	return err ? err : trial_loop_clear(&campaign->machines);
}

static int bias_measure(struct campaign *campaign)
{
	const struct campaign_config *config = campaign->config;
	char folder[PATH_MAX];
	json_t *result;
	int err;

	snprintf(folder, sizeof(folder), "%s/bias", config->folder);
	if (config->resume && bias_there(folder))
		return bias_clear(campaign);
	progress_show(campaign, "the tap's own bias, without a trader ...");
	err = trial_back_to_back(&config->trial, &campaign->machines,
				 config->machine_count ? &config->site : NULL,
				 folder, &result);
	progress_show(campaign, "");
	if (err == -EOPNOTSUPP)
		return 0;
	if (err)
		return err;
	json_decref(result); /* it is in bias/analysis.json */
	return 0;
}

/* Who is out of a race is as if it had run. */
static bool arm_is_out(struct campaign *campaign, unsigned int arm)
{
	campaign->trials += campaign->looks.out[arm];
	return campaign->looks.out[arm];
}

/* 1: all of it is to be made again; 0 or a negative errno. */
static int block_again(struct campaign *campaign, unsigned int block,
		       const unsigned int *order)
{
	const struct campaign_config *config = campaign->config;
	const bool late = config->until.seconds > 0 &&
			  campaign_seconds(campaign) >= config->until.seconds;
	char folders[CAMPAIGN_ARMS_MAX][PATH_MAX];
	unsigned int ran = 0;
	int again;

	for (unsigned int i = 0; i < config->arm_count; i++)
		if (!campaign->looks.out[order[i]])
			trial_folder(
				campaign, block * config->arm_count + i + 1,
				config->arms[order[i]].name, folders[ran++]);
	again = campaign_again(&campaign->gate, block, folders, ran, late);
	if (again > 0)
		campaign->trials -= config->arm_count;
	return again;
}

static int block_run(struct campaign *campaign, unsigned int block)
{
	const struct campaign_config *config = campaign->config;
	unsigned int order[CAMPAIGN_ORDER_ARMS_MAX];
	int again;

	block_order(config, block, order);
	do {
		for (unsigned int i = 0; i < config->arm_count; i++) {
			int err = 0;

			if (!arm_is_out(campaign, order[i]))
				err = trial_do(campaign,
					       block * config->arm_count + i +
						       1,
					       block, order[i]);
			if (err)
				return err;
		}
		again = block_again(campaign, block, order);
	} while (again > 0);
	return again;
}

/* As if no more had been wanted. */
static void end_here(struct campaign *campaign, unsigned int blocks)
{
	campaign->blocks = blocks;
	json_object_set_new(json_object_get(campaign->manifest, "parameters"),
			    "blocks", json_integer(blocks));
}

static int blocks_run(struct campaign *campaign)
{
	int err = 0;

	for (unsigned int block = 0; block < campaign->blocks && !err;
	     block++) {
		bool over;

		err = block_run(campaign, block);
		if (!err)
			err = campaign_looks_take(&campaign->looks, block + 1,
						  campaign_seconds(campaign),
						  &over);
		if (!err && over)
			end_here(campaign, block + 1);
	}
	return err;
}

/* The mean over an earlier run and this one. */
static double mean(const json_t *earlier, const char *key, double now,
		   double seconds)
{
	double before = json_number_value(json_object_get(earlier, "seconds"));
	double value = json_number_value(json_object_get(earlier, key));

	return before + seconds > 0
		       ? (value * before + now * seconds) / (before + seconds)
		       : now;
}

/* How busy others were, and how long it took, with what an earlier run of the
 * same campaign found: of this machine, where it is the one that measures. */
static void machine_note(struct campaign *campaign)
{
	const json_t *earlier = json_object_get(campaign->manifest, "machine");
	double seconds = campaign_seconds(campaign);
	struct cpu_contention now = campaign->begin_busy;

	if (campaign->config->machine_count > 0 ||
	    (earlier && campaign->done == 0))
		return;
	cpu_contention_take(&now);
	json_object_set_new(
		campaign->manifest, "machine",
		json_pack(
			"{s:f,s:f,s:f}", "others_cpus",
			mean(earlier, "others_cpus",
			     cpu_contention_others(&campaign->begin_busy, &now),
			     seconds),
			"stolen_cpus",
			mean(earlier, "stolen_cpus",
			     cpu_contention_stolen(&campaign->begin_busy, &now),
			     seconds),
			"seconds",
			seconds + json_number_value(json_object_get(
					  earlier, "seconds"))));
}

static int summary_save(const char *folder, json_t **summary)
{
	int err = summary_of_folder(folder, summary);

	return err ? err
		   : results_save(folder, "summary.json", schema_summary,
				  *summary);
}

int campaign_run(const struct campaign_config *config, json_t **summary)
{
	struct campaign campaign = { .config = config,
				     .blocks = config->blocks,
				     .begin_ns = clock_monotonic_ns() };
	const char *state;
	int err, closed, saved;

	*summary = NULL;
	err = trial_folder_make(config->folder);
	if (!err)
		err = folder_make(config->folder, "trials");
	if (err)
		return err;
	campaign.manifest = campaign_manifest_make(config);
	campaign_looks_open(&campaign.looks, config, campaign.manifest);
	err = campaign_gate_open(&campaign.gate, config, campaign.manifest);
	if (!err)
		err = state_save(&campaign, "running");
	cpu_contention_take(&campaign.begin_busy);
	trial_machines_init(&campaign.machines, &config->trial,
			    config->machine_count ? &config->guests : NULL);
	if (!err)
		err = bias_measure(&campaign);
	if (!err)
		err = blocks_run(&campaign);
	closed = trial_machines_close(&campaign.machines);
	campaign_gate_close(&campaign.gate);
	err = err ? err : closed;
	progress_show(&campaign, "");

	/* Whatever happened, what was measured is kept and marked. */
	state = err == -EINTR				       ? "interrupted"
		: err					       ? "failed"
		: campaign.trials < campaign_trials(&campaign) ? "running"
							       : "complete";
	machine_note(&campaign);
	knobs_take(&campaign);
	saved = state_save(&campaign, state);
	json_decref(campaign.manifest);
	if (!saved)
		saved = summary_save(config->folder, summary);
	if (!err)
		err = saved;
	if (err) {
		json_decref(*summary);
		*summary = NULL;
	}
	return err;
}
