/* SPDX-License-Identifier: MIT */
#include "measure/campaign.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "measure/busy.h"
#include "measure/histogram.h"
#include "measure/provenance.h"
#include "measure/statistics.h"

static const char *const percentile_names[] = { "min", "p50",	"p90",
						"p99", "p99_9", "max" };

struct campaign {
	const struct campaign_config *config;
	json_t *manifest;
	json_t *trials; /* of the summary, in the order they ran */
	json_t *bias;	/* of the summary; null when not measured */
	uint64_t begin_ns;
	struct busy begin_busy;
	uint64_t random;   /* the generator's state */
	unsigned int all;  /* trials of the whole campaign */
	unsigned int done; /* of those, by this process */
};

/* splitmix64: small, seeded, the same everywhere. */
static uint64_t random_next(struct campaign *campaign)
{
	uint64_t z = campaign->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Fisher and Yates. */
static void shuffle(struct campaign *campaign, unsigned int *order,
		    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		order[i] = i;
	for (unsigned int i = n; i > 1; i--) {
		unsigned int j = (unsigned int)(random_next(campaign) % i);
		unsigned int kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

/* Whole or not at all: a new file takes the old one's place. */
static int json_save(const struct campaign *campaign, const char *name,
		     const json_t *value)
{
	char path[PATH_MAX], new[PATH_MAX + 8];
	int err = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", campaign->config->folder, name);
	snprintf(new, sizeof(new), "%s.new", path);
	file = fopen(new, "we");
	if (!file)
		err = -errno;
	if (!err && (json_dumpf(value, file, JSON_INDENT(2)) < 0 ||
		     fputc('\n', file) == EOF || fflush(file) == EOF))
		err = errno ? -errno : -EIO;
	if (file && fclose(file) == EOF && !err)
		err = -errno;
	if (!err && rename(new, path) < 0)
		err = -errno;
	if (err)
		log_error("cannot write %s: %s", path, log_reason(err));
	return err;
}

static int folder_make(const char *parent, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s%s", parent, name ? "/" : "",
		 name ? name : "");
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	log_error("cannot make %s: %s", path, log_reason(-errno));
	return -errno;
}

static json_t *time_now(void)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *cpu_or_null(int cpu)
{
	return cpu < 0 ? json_null() : json_integer(cpu);
}

static json_t *cpus_wanted(const struct trial_config *trial)
{
	return json_pack("{s:o,s:o,s:o}", "exchange",
			 cpu_or_null(trial->cpu[TRIAL_EXCHANGE]), "wiretap",
			 cpu_or_null(trial->cpu[TRIAL_WIRETAP]), "trader",
			 cpu_or_null(trial->cpu[TRIAL_TRADER]));
}

static json_t *manifest_make(const struct campaign *campaign)
{
	const struct campaign_config *config = campaign->config;
	const struct trial_config *trial = &config->trial;
	json_t *arms = json_array();

	for (unsigned int i = 0; i < config->arm_count; i++)
		json_array_append_new(arms, json_string(config->arms[i].name));
	return json_pack(
		"{s:s,s:s,s:o,s:s,s:s,s:s,"
		"s:{s:o,s:i,s:I,s:s,s:s,s:s,s:s,s:s},"
		"s:{s:o},s:o,s:o,s:o,s:O?}",
		"schema", CAMPAIGN_SCHEMA, "state", "running", "started",
		time_now(), "place", config->place, "accelerator",
		config->accelerator, "command_line", config->command_line,
		"parameters", "arms", arms, "blocks", (int)config->blocks,
		"seed", (json_int_t)config->seed, "pace", trial->pace,
		"threshold_usd", trial->threshold_usd, "aggress",
		trial->aggress, "group", trial->group, "warm_up_orders",
		trial->warm_up ? trial->warm_up : "0", "wanted", "cpus",
		cpus_wanted(trial), "feed", provenance_file(trial->feed),
		"programs", provenance_programs(trial->programs), "host",
		provenance_host(), "experiment", config->plan);
}

static int state_save(struct campaign *campaign, const char *state)
{
	json_object_set_new(campaign->manifest, "state", json_string(state));
	if (strcmp(state, "running") != 0)
		json_object_set_new(campaign->manifest, "ended", time_now());
	return json_save(campaign, "manifest.json", campaign->manifest);
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void progress_show(const struct campaign *campaign, const char *text)
{
	if (campaign->config->progress)
		fprintf(stderr, "\r\033[K%s", text);
}

static void trial_tell(const struct campaign *campaign, unsigned int number,
		       const char *arm, const json_t *analysis)
{
	const json_t *latency = json_object_get(analysis, "wire_to_wire_ns");
	double seconds =
		(double)(clock_monotonic_ns() - campaign->begin_ns) / 1e9;
	double left = seconds / campaign->done * (campaign->all - number);

	progress_show(campaign, "");
	fprintf(stderr,
		"[%*u/%u] %-10s %7lld packets, %5lld of %lld orders right, "
		"p50 %6.1f us, p99 %7.1f us  (%.0f s",
		campaign->all > 9 ? 2 : 1, number, campaign->all, arm,
		(long long)number_of(analysis, "packets"),
		(long long)number_of(analysis, "matched"),
		(long long)number_of(analysis, "triggers"),
		(double)number_of(latency, "p50") / 1e3,
		(double)number_of(latency, "p99") / 1e3, seconds);
	if (!campaign->config->collect)
		fprintf(stderr, ", %.0f s left", left);
	fputs(")\n", stderr);
}

static void trial_folder(const struct campaign *campaign, unsigned int number,
			 const char *arm, char path[PATH_MAX])
{
	char name[64];

	/* "spin:rcvbuf=1m" makes a folder "spin". */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arm, ":"), arm);
	for (char *c = name; *c; c++)
		if (*c == '/' || *c == ' ')
			*c = '-';
	snprintf(path, PATH_MAX, "%s/trials/%02u-%s", campaign->config->folder,
		 number, name);
}

/* Kept as a file of its own, last of all: where it is, the trial is whole. */
static int trial_keep(struct campaign *campaign, json_t *result,
		      const char *folder)
{
	const char *name = folder + strlen(campaign->config->folder) + 1;
	char path[PATH_MAX];

	json_array_append_new(campaign->trials, result);
	if (snprintf(path, sizeof(path), "%s/trial.json", name) >= PATH_MAX)
		return -ENAMETOOLONG;
	return json_save(campaign, path, result);
}

/* Was it run already? Then it is taken as it is. */
static bool trial_kept(struct campaign *campaign, unsigned int arm,
		       const char *folder)
{
	char path[PATH_MAX];
	json_t *result = NULL;

	if (snprintf(path, sizeof(path), "%s/trial.json", folder) < PATH_MAX)
		result = json_load_file(path, 0, NULL);
	if (!result)
		return false;
	if (number_of(result, "arm") != arm) {
		json_decref(result);
		return false;
	}
	json_array_append_new(campaign->trials, result);
	return true;
}

/* Did somebody else run it, and is it whole but for the oracle's word? */
static bool trial_ran(const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/trader.json", folder) <
		       PATH_MAX &&
	       access(path, R_OK) == 0;
}

static int trial_do(struct campaign *campaign, unsigned int number,
		    unsigned int block, unsigned int arm)
{
	const struct campaign_config *config = campaign->config;
	const char *name = config->arms[arm].name;
	char folder[PATH_MAX], text[128];
	json_t *result;
	int err;

	trial_folder(campaign, number, name, folder);
	if ((config->resume || config->collect) &&
	    trial_kept(campaign, arm, folder))
		return 0;
	if (config->collect && !trial_ran(folder))
		return 0;
	snprintf(text, sizeof(text), "[%u/%u] block %u of %u: %s ...", number,
		 campaign->all, block + 1, config->blocks, name);
	progress_show(campaign, text);
	err = config->collect ? trial_judge(&config->trial, folder, &result)
			      : trial_run(&config->trial, &config->arms[arm],
					  folder, &result);
	if (err)
		return err;
	campaign->done++;
	trial_tell(campaign, number, name, json_object_get(result, "analysis"));
	json_object_set_new(result, "number", json_integer(number));
	json_object_set_new(result, "block", json_integer(block));
	json_object_set_new(result, "arm", json_integer(arm));
	json_object_set_new(result, "name", json_string(name));
	json_object_set_new(result, "folder",
			    json_string(folder + strlen(config->folder) + 1));
	return trial_keep(campaign, result, folder);
}

static const json_t *trial_find(const struct campaign *campaign,
				unsigned int block, unsigned int arm)
{
	const json_t *trial;
	size_t i;

	json_array_foreach(
		campaign->trials, i,
		trial) if (number_of(trial, "block") == block &&
			   number_of(trial, "arm") ==
				   arm) return json_object_get(trial,
							       "analysis");
	return NULL;
}

/* Latencies of a trial without any order are null: no figure, not 0. */
static const json_t *latency_of(const json_t *analysis, const char *name)
{
	const json_t *ns = json_object_get(
		json_object_get(analysis, "wire_to_wire_ns"), name);

	return json_is_number(ns) ? ns : NULL;
}

/* The p50 that may enter a comparison: of a trial that was all right. */
static const json_t *judged(const json_t *analysis)
{
	if (!json_is_true(json_object_get(analysis, "correct")))
		return NULL;
	return latency_of(analysis, "p50");
}

/* One percentile of each of an arm's trials, by block; how many there are. */
static size_t percentiles_of(const struct campaign *campaign, unsigned int arm,
			     const char *name, double *values)
{
	size_t n = 0;

	for (unsigned int block = 0; block < campaign->config->blocks;
	     block++) {
		const json_t *ns =
			latency_of(trial_find(campaign, block, arm), name);

		if (ns)
			values[n++] = json_number_value(ns);
	}
	return n;
}

/* NAN, which JSON can't say, stands for nothing measured. */
static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

/* The medians, over an arm's trials, of the trader's own stages. */
static json_t *stages_of(const struct campaign *campaign, unsigned int arm)
{
	static const char *const names[] = { "kernel_to_user",
					     "user_to_decision",
					     "decision_to_sent" };
	json_t *stages = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		double values[CAMPAIGN_BLOCKS_MAX];
		const json_t *trial;
		size_t n = 0, j;

		json_array_foreach(campaign->trials, j, trial)
		{
			const json_t *stage = json_object_get(
				json_object_get(
					json_object_get(trial, "trader"),
					"stages_ns"),
				names[i]);

			if (number_of(trial, "arm") == arm &&
			    number_of(stage, "count") > 0)
				values[n++] = (double)number_of(stage, "p50");
		}
		json_object_set_new(stages, names[i],
				    real_or_null(statistics_median(values, n)));
	}
	return stages;
}

static json_t *histogram_of(const struct campaign *campaign, unsigned int arm)
{
	struct histogram histogram = { 0 };
	const json_t *trial;
	size_t i;

	json_array_foreach(campaign->trials, i, trial)
	{
		char path[PATH_MAX];

		if (number_of(trial, "arm") != arm)
			continue;
		snprintf(path, sizeof(path), "%s/%s/latencies.csv",
			 campaign->config->folder,
			 json_string_value(json_object_get(trial, "folder")));
		if (histogram_add_file(&histogram, path) < 0)
			return json_null();
	}
	return histogram_to_json(&histogram);
}

static json_t *arm_summary(const struct campaign *campaign, unsigned int arm)
{
	static const char *const counts[] = {
		"packets", "triggers", "orders", "matched",    "missing",
		"extra",   "wrong",    "gaps",	 "tap_dropped"
	};
	double values[CAMPAIGN_BLOCKS_MAX];
	json_t *summary = json_object(), *latency = json_object();
	json_t *p50s = json_array();
	unsigned int trials = 0;
	bool correct = true;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		json_int_t sum = 0;

		for (unsigned int b = 0; b < campaign->config->blocks; b++)
			sum += number_of(trial_find(campaign, b, arm),
					 counts[i]);
		json_object_set_new(summary, counts[i], json_integer(sum));
	}
	for (size_t i = 0; i < ARRAY_SIZE(percentile_names); i++) {
		n = percentiles_of(campaign, arm, percentile_names[i], values);
		json_object_set_new(latency, percentile_names[i],
				    n ? json_real(statistics_median(values, n))
				      : json_null());
	}
	for (unsigned int b = 0; b < campaign->config->blocks; b++) {
		const json_t *analysis = trial_find(campaign, b, arm);

		if (!analysis)
			continue;
		trials++;
		if (!json_is_true(json_object_get(analysis, "correct")))
			correct = false;
	}
	n = percentiles_of(campaign, arm, "p50", values);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(p50s, json_real(values[i]));
	json_object_set_new(summary, "name",
			    json_string(campaign->config->arms[arm].name));
	json_object_set_new(summary, "receive",
			    json_string(campaign->config->arms[arm].receive));
	if (campaign->config->arms[arm].skipped)
		json_object_set_new(
			summary, "skipped",
			json_string(campaign->config->arms[arm].skipped));
	json_object_set_new(summary, "trials", json_integer(trials));
	json_object_set_new(summary, "correct",
			    json_boolean(correct && trials > 0));
	json_object_set_new(summary, "wire_to_wire_ns", latency);
	json_object_set_new(summary, "p50_of_trials_ns", p50s);
	json_object_set_new(summary, "stages_p50_ns", stages_of(campaign, arm));
	json_object_set_new(summary, "histogram_ns",
			    histogram_of(campaign, arm));
	return summary;
}

/* Each arm against the first, block by block. */
static json_t *comparison(const struct campaign *campaign, unsigned int arm)
{
	double values[CAMPAIGN_BLOCKS_MAX], bases[CAMPAIGN_BLOCKS_MAX];
	struct statistics ratios = { 0 };
	size_t n = 0;

	for (unsigned int b = 0; b < campaign->config->blocks; b++) {
		const json_t *base = judged(trial_find(campaign, b, 0));
		const json_t *other = judged(trial_find(campaign, b, arm));

		if (!base || !other)
			continue;
		bases[n] = json_number_value(base);
		values[n++] = json_number_value(other);
	}
	if (statistics_of_ratios(values, bases, n, &ratios) < 0)
		ratios.count = 0;
	return json_pack("{s:s,s:s,s:i,s:o,s:o,s:o}", "arm",
			 campaign->config->arms[arm].name, "against",
			 campaign->config->arms[0].name, "pairs",
			 (int)ratios.count, "p50_ratio_median",
			 real_or_null(ratios.median), "p50_ratio_min",
			 real_or_null(ratios.min), "p50_ratio_max",
			 real_or_null(ratios.max));
}

static json_t *summary_make(const struct campaign *campaign)
{
	json_t *arms = json_array(), *comparisons = json_array();
	struct busy now = campaign->begin_busy;

	for (unsigned int i = 0; i < campaign->config->arm_count; i++) {
		json_array_append_new(arms, arm_summary(campaign, i));
		if (i > 0 && !campaign->config->arms[i].skipped)
			json_array_append_new(comparisons,
					      comparison(campaign, i));
	}
	busy_take(&now);
	return json_pack(
		"{s:s,s:s,s:s,s:o,s:o,s:O,s:O,s:f,s:f,s:f}", "schema",
		CAMPAIGN_SCHEMA, "place", campaign->config->place,
		"accelerator", campaign->config->accelerator, "arms", arms,
		"comparisons", comparisons, "back_to_back", campaign->bias,
		"trials", campaign->trials, "others_cpus",
		busy_others(&campaign->begin_busy, &now), "stolen_cpus",
		busy_stolen(&campaign->begin_busy, &now), "seconds",
		(double)(clock_monotonic_ns() - campaign->begin_ns) / 1e9);
}

static bool bias_kept(struct campaign *campaign, const char *folder)
{
	char path[PATH_MAX];
	json_t *kept = NULL;

	if ((campaign->config->resume || campaign->config->collect) &&
	    snprintf(path, sizeof(path), "%s/analysis.json", folder) < PATH_MAX)
		kept = json_load_file(path, 0, NULL);
	if (!kept)
		return false;
	json_decref(campaign->bias);
	campaign->bias = kept;
	return true;
}

static int bias_measure(struct campaign *campaign)
{
	char folder[PATH_MAX];
	json_t *result;
	int err;

	snprintf(folder, sizeof(folder), "%s/bias", campaign->config->folder);
	if (bias_kept(campaign, folder) || campaign->config->collect)
		return 0;
	progress_show(campaign, "the tap's own bias, without a trader ...");
	err = trial_back_to_back(&campaign->config->trial, folder, &result);
	progress_show(campaign, "");
	if (err == -EOPNOTSUPP)
		return 0;
	if (err)
		return err;
	json_decref(campaign->bias);
	campaign->bias = result;
	return 0;
}

/* An arm that the place can't run keeps its lot in the order, so that the
 * same seed makes the same order everywhere, but has no number. */
static int blocks_run(struct campaign *campaign)
{
	const struct campaign_config *config = campaign->config;
	unsigned int order[CAMPAIGN_ARMS_MAX], number = 0;

	for (unsigned int block = 0; block < config->blocks; block++) {
		shuffle(campaign, order, config->arm_count);
		for (unsigned int i = 0; i < config->arm_count; i++) {
			int err;

			if (config->arms[order[i]].skipped)
				continue;
			err = trial_do(campaign, ++number, block, order[i]);
			if (err)
				return err;
		}
	}
	return 0;
}

static unsigned int trials_wanted(const struct campaign_config *config)
{
	unsigned int arms = 0;

	for (unsigned int i = 0; i < config->arm_count; i++)
		arms += !config->arms[i].skipped;
	return arms * config->blocks;
}

int campaign_run(const struct campaign_config *config, json_t **summary)
{
	struct campaign campaign = { .config = config,
				     .random = config->seed,
				     .begin_ns = clock_monotonic_ns(),
				     .all = trials_wanted(config) };
	const char *state;
	int err, saved;

	err = folder_make(config->folder, NULL);
	if (!err)
		err = folder_make(config->folder, "trials");
	if (err)
		return err;
	campaign.trials = json_array();
	campaign.bias = json_null();
	campaign.manifest = manifest_make(&campaign);
	err = state_save(&campaign, "running");
	busy_take(&campaign.begin_busy);
	if (!err)
		err = bias_measure(&campaign);
	if (!err)
		err = blocks_run(&campaign);
	progress_show(&campaign, "");

	/* Whatever happened, what was measured is kept and marked. */
	state = err == -EINTR ? "interrupted"
		: err	      ? "failed"
		: json_array_size(campaign.trials) < campaign.all ? "running"
								  : "complete";
	*summary = summary_make(&campaign);
	saved = json_save(&campaign, "summary.json", *summary);
	if (!saved)
		saved = state_save(&campaign, state);
	json_decref(campaign.manifest);
	json_decref(campaign.trials);
	json_decref(campaign.bias);
	if (!err)
		err = saved;
	if (err) {
		json_decref(*summary);
		*summary = NULL;
	}
	return err;
}
