/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_manifest.h"

#include <time.h>

#include "base/mem.h"
#include "campaign/provenance.h"
#include "report/results.h"

json_t *campaign_manifest_time(void)
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

static const char *question_of(const struct campaign_config *config)
{
	const char *question =
		json_string_value(json_object_get(config->plan, "question"));

	if (question)
		return question;
	return config->arm_count > 2
		       ? "which receive path gets an order out soonest?"
		       : "how much does the lab differ from itself?";
}

static json_t *manifest_make(const struct campaign_config *config)
{
	const struct trial_config *trial = &config->trial;
	json_t *arms = json_array();

	for (unsigned int i = 0; i < config->arm_count; i++)
		json_array_append_new(arms, json_string(config->arms[i].name));
	return json_pack(
		"{s:s,s:s,s:o,s:s,s:s,s:s,s:s,"
		"s:{s:o,s:i,s:i,s:I,s:s,s:s,s:s,s:s,s:s},"
		"s:{s:o},s:o,s:o,s:o,s:O*,s:O*}",
		"schema", RESULTS_SCHEMA, "state", "running", "started",
		campaign_manifest_time(), "place", config->place, "accelerator",
		config->accelerator, "command_line", config->command_line,
		"question", question_of(config), "parameters", "arms", arms,
		"aa", (int)config->arm_count - 1, "blocks", (int)config->blocks,
		"seed", (json_int_t)config->seed, "pace", trial->pace,
		"threshold_usd", trial->threshold_usd, "aggress",
		trial->aggress, "group", trial->group, "warm_up_orders",
		trial->warm_up ? trial->warm_up : "0", "wanted", "cpus",
		cpus_wanted(trial), "feed", provenance_file(trial->feed),
		"programs", provenance_programs(trial->programs), "host",
		provenance_host(), "skipped",
		json_object_get(config->plan, "skipped"), "experiment",
		config->plan);
}

/* A campaign that goes on began when it began. What others ran did not run
 * here: they wrote down which programs on which machines. */
static void manifest_keep(const struct campaign_config *config,
			  json_t *manifest)
{
	static const char *const keys[] = { "started", "machine" };
	json_t *earlier = NULL, *ran = NULL;

	if (config->resume || config->collect)
		earlier = results_part(config->folder, "manifest.json");
	if (config->collect)
		ran = results_part(config->folder, "machines.json");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(earlier, keys[i]))
			json_object_set(manifest, keys[i],
					json_object_get(earlier, keys[i]));
	json_object_update(json_object_get(manifest, "programs"),
			   json_object_get(ran, "programs"));
	/* Whole: no mixture of two machines. */
	json_object_del(ran, "programs");
	json_object_update(manifest, ran);
	json_decref(earlier);
	json_decref(ran);
}

json_t *campaign_manifest_make(const struct campaign_config *config)
{
	json_t *manifest = manifest_make(config);

	manifest_keep(config, manifest);
	return manifest;
}
