/* SPDX-License-Identifier: MIT */
#include "measure/campaign.h"

#include <errno.h>
#include <limits.h>
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
#include "measure/provenance.h"
#include "measure/results.h"
#include "measure/summary.h"

struct campaign {
	const struct campaign_config *config;
	json_t *manifest;
	unsigned int trials; /* so far */
	uint64_t begin_ns;
	struct busy begin_busy;
	uint64_t random; /* the generator's state */
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
		json_array_append_new(arms, json_string(config->arms[i]));
	return json_pack(
		"{s:s,s:s,s:o,s:s,s:s,s:s,s:s,"
		"s:{s:o,s:i,s:i,s:I,s:s,s:s,s:s,s:s},"
		"s:{s:o},s:o,s:o,s:o}",
		"schema", RESULTS_SCHEMA, "state", "running", "started",
		time_now(), "place", "local", "accelerator", "none",
		"command_line", config->command_line, "question",
		config->arm_count > 2
			? "which receive path gets an order out soonest?"
			: "how much does the lab differ from itself?",
		"parameters", "arms", arms, "aa", (int)config->arm_count - 1,
		"blocks", (int)config->blocks, "seed", (json_int_t)config->seed,
		"pace", trial->pace, "threshold_usd", trial->threshold_usd,
		"aggress", trial->aggress, "group", trial->group, "wanted",
		"cpus", cpus_wanted(trial), "feed",
		provenance_file(trial->feed), "programs",
		provenance_programs(trial->programs), "host",
		provenance_host());
}

static int state_save(struct campaign *campaign, const char *state)
{
	json_object_set_new(campaign->manifest, "state", json_string(state));
	if (strcmp(state, "running") != 0)
		json_object_set_new(campaign->manifest, "ended", time_now());
	return results_save(campaign->config->folder, "manifest.json",
			    campaign->manifest);
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
	unsigned int all =
		campaign->config->blocks * campaign->config->arm_count;

	progress_show(campaign, "");
	fprintf(stderr,
		"[%*u/%u] %-10s %7lld packets, %5lld of %lld orders right, "
		"p50 %6.1f us, p99 %7.1f us  (%.0f s)\n",
		all > 9 ? 2 : 1, number, all, arm,
		(long long)number_of(analysis, "packets"),
		(long long)number_of(analysis, "matched"),
		(long long)number_of(analysis, "triggers"),
		(double)number_of(latency, "p50") / 1e3,
		(double)number_of(latency, "p99") / 1e3,
		(double)(clock_monotonic_ns() - campaign->begin_ns) / 1e9);
}

/* "spin:rcvbuf=1m" makes a folder "spin". */
static void trial_folder(const struct campaign *campaign, unsigned int number,
			 const char *arm, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/trials/%02u-%.*s",
		 campaign->config->folder, number, (int)strcspn(arm, ":@"),
		 arm);
}

static int trial_do(struct campaign *campaign, unsigned int block,
		    unsigned int arm)
{
	const struct campaign_config *config = campaign->config;
	unsigned int number = campaign->trials + 1;
	const char *name = config->arms[arm];
	struct trial_config trial = config->trial;
	char folder[PATH_MAX], text[128], receive[256];
	json_t *result;
	int err;

	trial_folder(campaign, number, name, folder);
	snprintf(text, sizeof(text), "[%u/%u] block %u of %u: %s ...", number,
		 config->blocks * config->arm_count, block + 1, config->blocks,
		 name);
	progress_show(campaign, text);
	campaign_arm_split(name, receive, sizeof(receive), &trial.handicap_ns);
	err = trial_run(&trial, receive, folder, &result);
	if (err)
		return err;
	trial_tell(campaign, number, name, json_object_get(result, "analysis"));
	json_object_set_new(result, "schema", json_string(RESULTS_SCHEMA));
	json_object_set_new(result, "number", json_integer(number));
	json_object_set_new(result, "block", json_integer(block));
	json_object_set_new(result, "arm", json_integer(arm));
	json_object_set_new(result, "folder",
			    json_string(folder + strlen(config->folder) + 1));
	err = results_save(folder, "trial.json", result);
	json_decref(result);
	campaign->trials += !err;
	return err;
}

static int bias_measure(struct campaign *campaign)
{
	char folder[PATH_MAX];
	json_t *result;
	int err;

	snprintf(folder, sizeof(folder), "%s/bias", campaign->config->folder);
	progress_show(campaign, "the tap's own bias, without a trader ...");
	err = trial_back_to_back(&campaign->config->trial, folder, &result);
	progress_show(campaign, "");
	if (err == -EOPNOTSUPP)
		return 0;
	if (err)
		return err;
	json_decref(result); /* it is in bias/analysis.json */
	return 0;
}

static int blocks_run(struct campaign *campaign)
{
	const struct campaign_config *config = campaign->config;
	unsigned int order[CAMPAIGN_ARMS_MAX];

	for (unsigned int block = 0; block < config->blocks; block++) {
		shuffle(campaign, order, config->arm_count);
		for (unsigned int i = 0; i < config->arm_count; i++) {
			int err = trial_do(campaign, block, order[i]);

			if (err)
				return err;
		}
	}
	return 0;
}

/* How busy others were, and how long it took. */
static void machine_note(struct campaign *campaign)
{
	struct busy now = campaign->begin_busy;

	busy_take(&now);
	json_object_set_new(
		campaign->manifest, "machine",
		json_pack("{s:f,s:f,s:f}", "others_cpus",
			  busy_others(&campaign->begin_busy, &now),
			  "stolen_cpus",
			  busy_stolen(&campaign->begin_busy, &now), "seconds",
			  (double)(clock_monotonic_ns() - campaign->begin_ns) /
				  1e9));
}

/* Made from what stands on the disk, as any later report is. */
static int summary_save(const char *folder, json_t **summary)
{
	struct results results;
	int err = results_open(&results, folder, true);

	if (err)
		return err;
	err = summary_make(&results, summary);
	if (!err)
		err = results_save(folder, "summary.json", *summary);
	results_close(&results);
	return err;
}

void campaign_arm_split(const char *arm, char *receive, size_t size,
			uint64_t *handicap_ns)
{
	const char *handicap = strstr(arm, CAMPAIGN_HANDICAP);

	snprintf(receive, size, "%.*s", (int)strcspn(arm, "@"), arm);
	*handicap_ns = handicap ? strtoull(handicap + strlen(CAMPAIGN_HANDICAP),
					   NULL, 10)
				: 0;
}

int campaign_run(const struct campaign_config *config, json_t **summary)
{
	struct campaign campaign = { .config = config,
				     .random = config->seed,
				     .begin_ns = clock_monotonic_ns() };
	const char *state;
	int err, saved;

	*summary = NULL;
	err = folder_make(config->folder, NULL);
	if (!err)
		err = folder_make(config->folder, "trials");
	if (err)
		return err;
	campaign.manifest = manifest_make(&campaign);
	err = state_save(&campaign, "running");
	busy_take(&campaign.begin_busy);
	if (!err)
		err = bias_measure(&campaign);
	if (!err)
		err = blocks_run(&campaign);
	progress_show(&campaign, "");

	/* Whatever happened, what was measured is kept and marked. */
	state = err == -EINTR ? "interrupted" : err ? "failed" : "complete";
	machine_note(&campaign);
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
