/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_looks.h"

#include <errno.h>
#include <stdio.h>

#include "base/json_get.h"
#include "base/log.h"
#include "report/summary.h"

int campaign_looks_read(const char *text, struct campaign_config *config)
{
	/* Neither the baseline nor its repetition is compared with itself. */
	const unsigned int compared =
		config->arm_count > 2 ? config->arm_count - 2 : 1;
	unsigned int needed;
	const char *why;

	if (text && until_parse(text, &config->until, &why) < 0) {
		log_error("--until: '%s': %s", text, why);
		return -EINVAL;
	}
	if (until_looks(&config->until, compared, config->blocks,
			&config->looks, &needed) == 0)
		return 0;
	log_error("--until %s: %u blocks can decide nothing: at least %u are "
		  "needed",
		  config->until.text, config->blocks, needed);
	return -EINVAL;
}

void campaign_looks_open(struct campaign_looks *looks,
			 const struct campaign_config *config, json_t *manifest)
{
	*looks = (struct campaign_looks){ .config = config };
	if (!config->until.text)
		return;
	looks->until =
		until_json(&config->until, &config->looks, config->blocks);
	json_object_set_new(json_object_get(manifest, "parameters"), "until",
			    looks->until);
}

static void tell(const struct campaign_looks *looks, unsigned int blocks,
		 const json_t *summary)
{
	const json_t *comparison;
	size_t i;

	fprintf(stderr, "look %u of %u, after %u blocks\n", looks->taken,
		looks->config->looks.count, blocks);
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		fprintf(stderr, "  %s: %s\n",
			json_get_text(comparison, "arm", "unknown"),
			json_get_text(comparison, "verdict", "unknown"));
	}
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
	if (!looks->until ||
	    !(late || last ||
	      (looking && blocks == config->looks.blocks[looks->taken])))
		return 0;
	/* Time that is up takes the next look's share. */
	if (looking) {
		looks->taken++;
		err = summary_of_folder(config->folder, &summary);
		if (err)
			return err;
		settled = until_settled(summary);
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
