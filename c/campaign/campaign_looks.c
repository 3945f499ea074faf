/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_looks.h"

#include <errno.h>
#include <stdio.h>

#include "base/json_get.h"
#include "base/log.h"
#include "campaign/trial_measure.h"
#include "report/plan_summary.h"
#include "report/summary.h"
#include "report/text_plan.h"
#include "stats/race.h"
#include "stats/verdict.h"

/* A race goes on until it has its end, and says which differences are none. */
static int race_read(struct campaign_config *config)
{
	struct until *until = &config->until;

	if (config->verdict != UNTIL_BEST)
		return 0;
	if (config->judged > 50) {
		log_error("--verdict best: is by p50, not by --judge");
		return -EINVAL;
	}
	if (config->arm_count < 3) {
		log_error("--verdict best: there is one arm alone");
		return -EINVAL;
	}
	until->decided = true;
	until->text = until->text ? until->text : "best";
	if (until->equal <= 0)
		until->equal = RACE_EQUAL;
	return 0;
}

/* Fewer blocks than the test's least p needs give no verdict: refused where one
 * was asked for, told where not. */
static int blocks_check(const struct campaign_config *config, bool asked)
{
	const unsigned int needed = until_blocks_needed(
		config->verdict, config->judged, config->arm_count);

	if (config->verdict == UNTIL_NONE || config->arm_count < 2 ||
	    config->blocks >= needed || config->until.seconds > 0)
		return 0;
	if (!asked) {
		log_warning("--blocks %u: they can decide nothing: figures "
			    "alone; a verdict needs at least %u",
			    config->blocks, needed);
		return 0;
	}
	log_error("--blocks %u: they can decide nothing: at least %u are "
		  "needed; for figures alone say --verdict none",
		  config->blocks, needed);
	return -EINVAL;
}

int campaign_looks_read(const char *until, const char *verdict,
			const char *judge, struct campaign_config *config)
{
	unsigned int needed;
	const char *why;

	if (judge && until_judge_parse(judge, &config->judged, &why) < 0) {
		log_error("--judge: '%s': %s", judge, why);
		return -EINVAL;
	}

	if (until && until_parse(until, &config->until, &why) < 0) {
		log_error("--until: '%s': %s", until, why);
		return -EINVAL;
	}
	if (verdict &&
	    until_verdict_parse(verdict, &config->verdict, &why) < 0) {
		log_error("--verdict: '%s': %s", verdict, why);
		return -EINVAL;
	}
	if (config->verdict == UNTIL_NONE && config->until.decided) {
		log_error("--until %s: needs a verdict, and --verdict is none",
			  config->until.text);
		return -EINVAL;
	}
	if (race_read(config) < 0)
		return -EINVAL;
	if (until_looks(&config->until,
			until_compared(config->verdict, config->arm_count),
			config->blocks, &config->looks, &needed) == 0)
		return blocks_check(config, verdict || judge);
	log_error("--until %s: %u blocks can decide nothing: at least %u are "
		  "needed",
		  config->until.text, config->blocks, needed);
	return -EINVAL;
}

void campaign_looks_open(struct campaign_looks *looks,
			 const struct campaign_config *config, json_t *manifest)
{
	json_t *parameters = json_object_get(manifest, "parameters");

	*looks = (struct campaign_looks){ .config = config,
					  .manifest = manifest };
	json_object_set_new(parameters, "verdict",
			    json_string(until_verdict_names[config->verdict]));
	if (config->judged > 50)
		json_object_set_new(parameters, "judged",
				    json_real(config->judged));
	trial_measure_tell(&config->trial, parameters);
	if (!config->until.text)
		return;
	looks->until =
		until_json(&config->until, &config->looks, config->blocks);
	json_object_set_new(parameters, "until", looks->until);
}

static void out_add(struct campaign_looks *looks, unsigned int arm,
		    json_int_t after, json_t *out)
{
	looks->out[arm] = true;
	json_array_append_new(
		out, json_pack("{s:i,s:I}", "arm", (int)arm, "after", after));
}

/* Who is out of a race, and after how many blocks; the baseline takes its
 * repetition along. */
static void out_take(struct campaign_looks *looks, const json_t *summary)
{
	const json_t *race = json_object_get(summary, "race"), *one;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(json_object_get(race, "out"), i, one)
	{
		const json_int_t arm = json_get_integer(one, "index");
		const json_int_t after = json_get_integer(one, "after");

		out_add(looks, (unsigned int)arm, after, out);
		if (arm == 0)
			out_add(looks, looks->config->arm_count - 1, after,
				out);
	}
	json_object_set_new(looks->until, "out", out);
}

static void tell(const struct campaign_looks *looks, unsigned int blocks,
		 const json_t *summary)
{
	const json_t *comparison;
	size_t i;

	fprintf(stderr, "look %u of %u, after %u blocks\n", looks->taken,
		looks->config->looks.count, blocks);
	if (looks->config->verdict == UNTIL_BEST) {
		fprintf(stderr, "  %s\n",
			json_get_text(json_object_get(summary, "race"),
				      "verdict", "unknown"));
		return;
	}
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		fprintf(stderr, "  %s: %s\n",
			json_get_text(comparison, "arm", "unknown"),
			json_get_text(comparison, "verdict", "unknown"));
	}
}

/* What the blocks to come will find, by those that there are. */
static int plan_tell(const struct campaign_looks *looks)
{
	json_t *summary;
	int err = summary_of_folder(looks->config->folder, &summary);

	if (err)
		return err;
	/* What they have found already is no news of theirs. */
	json_object_del(summary, "comparisons");
	text_plan(stderr, summary);
	json_decref(summary);
	return 0;
}

int campaign_looks_take(struct campaign_looks *looks, unsigned int blocks,
			double seconds, bool *over)
{
	const struct campaign_config *config = looks->config;
	const bool last = blocks == config->blocks;
	const bool late =
		config->until.seconds > 0 && seconds >= config->until.seconds;
	const bool looking = looks->taken < config->looks.count;
	bool settled = false;
	json_t *summary;
	int err;

	*over = false;
	if (config->verdict != UNTIL_NONE &&
	    blocks == plan_summary_blocks(config->arm_count)) {
		err = plan_tell(looks);
		if (err)
			return err;
	}
	if (!looks->until ||
	    !(late || last ||
	      (looking && blocks == config->looks.blocks[looks->taken])))
		return 0;
	/* Time that is up takes the next look's share. */
	if (looking) {
		looks->taken++;
		json_object_set_new(looks->until, "taken",
				    json_integer(looks->taken));
		/* The summary tells by it which looks there were. */
		err = results_save(config->folder, "manifest.json",
				   schema_manifest, looks->manifest);
		if (!err)
			err = summary_of_folder(config->folder, &summary);
		if (err)
			return err;
		settled = until_settled(summary);
		if (config->verdict == UNTIL_BEST)
			out_take(looks, summary);
		tell(looks, blocks, summary);
		json_decref(summary);
	}
	*over = settled || late || last;
	json_object_set_new(looks->until, "taken", json_integer(looks->taken));
	json_object_set_new(looks->until, "ended",
			    json_string(settled ? "decided"
					: late	? "time"
						: "blocks"));
	return 0;
}
