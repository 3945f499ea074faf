/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_gate.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "base/log.h"
#include "report/results.h"

/* Without a word of how many: one, and one of so many blocks. */
#define BLOCKS_A_REPEAT 8

int campaign_gate_read(const char *text, struct campaign_config *config)
{
	const char *why;

	if (!text || trial_gate_parse(text, &config->gate, &why) == 0)
		return 0;
	log_error("--gate: '%s': %s", text, why);
	return -EINVAL;
}

_Static_assert(CAMPAIGN_ARMS_MAX <= TRIAL_GATE_ARMS_MAX,
	       "a gate holds each arm");

int campaign_gate_remember(struct campaign_gate *gate, unsigned int arm,
			   const json_t *trial)
{
	if (gate->config->gate.off)
		return 0;
	if (gate->count == gate->room) {
		const size_t room = gate->room ? 2 * gate->room : 64;
		struct trial_readings *more =
			realloc(gate->past, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		gate->past = more;
		gate->room = room;
	}
	trial_gate_read(trial, arm, &gate->past[gate->count++]);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* What an earlier run put aside: its trials, and of how many blocks. */
static int aside_take(struct campaign_gate *gate)
{
	const struct campaign_config *config = gate->config;
	char path[PATH_MAX];
	struct dirent **names;
	int count, err = 0;

	snprintf(path, sizeof(path), "%s/" RESULTS_GATED, config->folder);
	count = scandir(path, &names, visible, alphasort);
	for (int i = 0; i < count; i++) {
		json_t *trial = NULL;
		json_int_t arm;

		if (snprintf(path, sizeof(path), "%s/" RESULTS_GATED "/%s",
			     config->folder, names[i]->d_name) < PATH_MAX)
			trial = results_part(path, "trial.json");
		arm = json_get_integer(trial, "arm");
		if (trial && !err && arm >= 0 && arm < config->arm_count)
			err = campaign_gate_remember(gate, (unsigned int)arm,
						     trial);
		json_decref(trial);
		free(names[i]);
	}
	if (count < 0)
		return 0;
	free(names);
	gate->repeated = ((unsigned int)count + config->arm_count - 1) /
			 config->arm_count;
	return err;
}

int campaign_gate_open(struct campaign_gate *gate,
		       const struct campaign_config *config, json_t *manifest)
{
	char text[TRIAL_GATE_TEXT_MAX];

	*gate = (struct campaign_gate){
		.config = config,
		.repeats = config->gate.off ? 0
			   : config->gate.repeats < 0
				   ? 1 + config->blocks / BLOCKS_A_REPEAT
				   : (unsigned int)config->gate.repeats,
	};
	json_object_set_new(json_object_get(manifest, "parameters"), "gate",
			    json_pack("{s:s,s:i}", "bounds",
				      trial_gate_format(&config->gate, text),
				      "repeats", (int)gate->repeats));
	return config->resume ? aside_take(gate) : 0;
}

unsigned int campaign_gate_repeats(const struct campaign_gate *gate,
				   unsigned int block)
{
	return gate->config->gate.repeats < 0 ? 1 + block / BLOCKS_A_REPEAT
					      : gate->repeats;
}

void campaign_gate_close(struct campaign_gate *gate)
{
	free(gate->past);
}

int campaign_gate_judge(struct campaign_gate *gate, unsigned int arm,
			json_t *trial)
{
	const struct campaign_config *config = gate->config;
	json_t *reasons, *fit;

	if (config->gate.off)
		return 0;
	reasons = trial_gate_reasons(&config->gate, trial, arm, gate->past,
				     gate->count, config->arm_count);
	if (!reasons)
		return -ENOMEM;
	fit = trial_gate_can_tell(gate->past, gate->count, config->arm_count)
		      ? json_boolean(json_array_size(reasons) == 0)
		      : json_null();
	json_object_set_new(
		trial, "gate",
		json_pack("{s:o,s:o}", "fit", fit, "reasons", reasons));
	return campaign_gate_remember(gate, arm, trial);
}
