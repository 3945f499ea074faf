/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_manifest.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "campaign/provenance.h"
#include "campaign/trial_files.h"
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

/* Null: any. */
static json_t *cpus_wanted(const struct campaign_config *config)
{
	json_t *wanted = json_object();

	for (int i = 0; i < TRIAL_ROLES; i++) {
		const char *text = config->machine_count > 0
					   ? config->site.seats[i].cpus
					   : "";
		json_t *cpus = *text ? json_string(text) : json_null();

		if (config->trial.cpu[i] >= 0)
			cpus = json_integer(config->trial.cpu[i]);
		json_object_set_new(wanted, trial_role_names[i], cpus);
	}
	return wanted;
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
		"s:{s:o,s:i,s:I,s:s,s:s,s:s,s:s,s:s},"
		"s:{s:o},s:o,s:o,s:o,s:O*}",
		"schema", RESULTS_SCHEMA, "state", "running", "started",
		campaign_manifest_time(), "place", config->place, "accelerator",
		config->accelerator, "command_line", config->command_line,
		"question", question_of(config), "parameters", "arms", arms,
		"blocks", (int)config->blocks, "seed", (json_int_t)config->seed,
		"pace", trial->pace, "threshold_usd", trial->threshold_usd,
		"aggress", trial->aggress, "group", trial->group,
		"warm_up_orders", trial->warm_up ? trial->warm_up : "0",
		"wanted", "cpus", cpus_wanted(config), "feed",
		provenance_file(trial->feed), "programs",
		provenance_programs(trial->programs), "host", provenance_host(),
		"skipped", json_object_get(config->plan, "skipped"));
}

/* A campaign that goes on began when it began. */
static void earlier_keep(const struct campaign_config *config, json_t *manifest)
{
	static const char *const keys[] = { "started", "machine" };
	json_t *earlier =
		config->resume ? results_part(config->folder, "manifest.json")
			       : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(earlier, keys[i]))
			json_object_set(manifest, keys[i],
					json_object_get(earlier, keys[i]));
	json_decref(earlier);
}

/* What runs on machines does not run here: whoever prepared them wrote down
 * which programs on which. */
static void ran_note(const struct campaign_config *config, json_t *manifest)
{
	const json_t *site = json_object_get(config->plan, "site"), *value;
	json_t *ran = json_object_get(site, "ran");
	const char *key;

	json_object_foreach(ran, key, value)
	{
		if (!strcmp(key, "programs"))
			json_object_update(json_object_get(manifest, key),
					   (json_t *)(uintptr_t)value);
		else /* whole: no mixture of two machines */
			json_object_set(manifest, key,
					(json_t *)(uintptr_t)value);
	}
}

/* The plan, without how it is done here: a new reference; NULL of none. */
static json_t *plan_of(const struct campaign_config *config)
{
	json_t *plan = json_copy(config->plan);

	json_object_del(plan, "site");
	return plan;
}

json_t *campaign_manifest_make(const struct campaign_config *config)
{
	json_t *manifest = manifest_make(config);

	if (config->arm_count > 1)
		json_object_set_new(json_object_get(manifest, "parameters"),
				    "aa", json_integer(config->arm_count - 1));
	if (config->plan)
		json_object_set_new(manifest, "experiment", plan_of(config));
	earlier_keep(config, manifest);
	ran_note(config, manifest);
	return manifest;
}

bool campaign_manifest_is_of(const char *folder,
			     const struct campaign_config *config)
{
	json_t *manifest = results_part(folder, "manifest.json");
	json_t *plan = plan_of(config);
	const bool same =
		manifest &&
		json_equal(json_object_get(manifest, "experiment"), plan);

	json_decref(manifest);
	json_decref(plan);
	return same;
}
