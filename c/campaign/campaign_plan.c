/* SPDX-License-Identifier: MIT */
#include "campaign/campaign_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/plan_machines.h"
#include "campaign/string_lists.h"

#define WARM_UP_TEXT 24

static int strings_read(const char *path, const json_t *plan,
			struct campaign_config *config)
{
	const struct {
		const char *name;
		const char **target;
	} members[] = {
		{ "place", &config->place },
		{ "accelerator", &config->accelerator },
		{ "feed", &config->trial.feed },
		{ "pace", &config->trial.pace },
		{ "threshold_usd", &config->trial.threshold_usd },
		{ "aggress", &config->trial.aggress },
		{ "group", &config->trial.group },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		*members[i].target = json_string_value(
			json_object_get(plan, members[i].name));
		if (!*members[i].target)
			return plan_fault(path, members[i].name, "a string");
	}
	return 0;
}

static int numbers_read(const char *path, const json_t *plan,
			struct campaign_config *config)
{
	const json_t *blocks = json_object_get(plan, "blocks");
	const json_t *seed = json_object_get(plan, "seed");
	const json_t *warm_up = json_object_get(plan, "warm_up");
	char *text;

	if (!json_is_integer(blocks) || json_integer_value(blocks) < 1 ||
	    json_integer_value(blocks) > CAMPAIGN_BLOCKS_MAX)
		return plan_fault(path, "blocks", "1 to 1000");
	if (!json_is_integer(seed) || json_integer_value(seed) < 0)
		return plan_fault(path, "seed", "a whole number");
	if (!json_is_integer(warm_up) || json_integer_value(warm_up) < 0)
		return plan_fault(path, "warm_up", "a number of orders");
	config->blocks = (unsigned int)json_integer_value(blocks);
	config->seed = (uint64_t)json_integer_value(seed);
	text = malloc(WARM_UP_TEXT);
	if (!text)
		return -ENOMEM;
	snprintf(text, WARM_UP_TEXT, "%lld",
		 (long long)json_integer_value(warm_up));
	config->trial.warm_up = text;
	return 0;
}

static int until_read(const char *path, const json_t *plan,
		      struct campaign_config *config)
{
	const json_t *until = json_object_get(plan, "until");
	const json_t *verdict = json_object_get(plan, "verdict");
	const json_t *judge = json_object_get(plan, "judge");
	const char *why = "a string";

	if (verdict && (!json_is_string(verdict) ||
			until_verdict_parse(json_string_value(verdict),
					    &config->verdict, &why) < 0))
		return plan_fault(path, "verdict", why);
	if (judge && (!json_is_string(judge) ||
		      until_judge_parse(json_string_value(judge),
					&config->judged, &why) < 0))
		return plan_fault(path, "judge", why);
	if (!until)
		return 0;
	if (json_is_string(until) &&
	    until_parse(json_string_value(until), &config->until, &why) == 0)
		return 0;
	return plan_fault(path, "until", why);
}

static int gate_read(const char *path, const json_t *plan,
		     struct campaign_config *config)
{
	const json_t *gate = json_object_get(plan, "gate");
	const char *why = "a string";

	if (!gate)
		return 0;
	if (json_is_string(gate) &&
	    trial_gate_parse(json_string_value(gate), &config->gate, &why) == 0)
		return 0;
	return plan_fault(path, "gate", why);
}

static int arm_read(const char *path, const json_t *json, unsigned int number,
		    struct campaign_config *config)
{
	struct arm *arm = &config->arms[number];
	int err;

	arm->name = json_string_value(json_object_get(json, "name"));
	arm->receive = json_string_value(json_object_get(json, "receive"));
	if (!arm->name || !*arm->name || !arm->receive)
		return plan_fault(path, "arms", "each with a name and receive");
	err = plan_list(path, json, "trader", config, &arm->trader);
	if (!err)
		err = plan_list(path, json, "exchange", config, &arm->exchange);
	if (!err)
		err = plan_list(path, json, "layouts", config, &arm->layouts);
	arm->program = arm->layouts ? arm->layouts[0] : NULL;
	return err ? err : plan_machines_read_arm(path, number, config);
}

static int arms_read(const char *path, const json_t *plan,
		     struct campaign_config *config)
{
	const json_t *arms = json_object_get(plan, "arms"), *arm;
	size_t i;

	if (json_array_size(arms) < 1 ||
	    json_array_size(arms) > CAMPAIGN_ARMS_MAX)
		return plan_fault(path, "arms", "a list of 1 to 16");
	config->arm_count = (unsigned int)json_array_size(arms);
	json_array_foreach(arms, i, arm)
	{
		int err = arm_read(path, arm, (unsigned int)i, config);

		if (err)
			return err;
	}
	return 0;
}

/* Trial n of the list, from 0: is it of its block, and its arm's only one
 * there? seen: the arms of the block so far. */
static bool trial_read(const json_t *trial, size_t n,
		       const struct campaign_config *config, unsigned int *seen,
		       unsigned int *arm)
{
	const json_t *block = json_object_get(trial, "block");
	const json_t *which = json_object_get(trial, "arm");
	json_int_t value = json_integer_value(which);

	if (n % config->arm_count == 0)
		*seen = 0;
	if (!json_is_integer(block) || !json_is_integer(which) ||
	    json_integer_value(block) != (json_int_t)(n / config->arm_count) ||
	    value < 0 || value >= config->arm_count || *seen & 1U << value)
		return false;
	*seen |= 1U << value;
	*arm = (unsigned int)value;
	return true;
}

static int trials_read(const char *path, const json_t *plan,
		       struct campaign_config *config)
{
	const json_t *trials = json_object_get(plan, "trials"), *trial;
	unsigned int(*order)[CAMPAIGN_ARMS_MAX], seen = 0;
	size_t n;

	if (!trials)
		return 0;
	if (json_array_size(trials) !=
	    (size_t)config->blocks * config->arm_count)
		return plan_fault(path, "trials",
				  "each arm once in each block");
	order = calloc(config->blocks, sizeof(*order));
	if (!order)
		return -ENOMEM;
	config->order = (const unsigned int(*)[CAMPAIGN_ARMS_MAX])order;
	json_array_foreach(trials, n, trial)
	{
		unsigned int *place =
			&order[n / config->arm_count][n % config->arm_count];

		if (!trial_read(trial, n, config, &seen, place))
			return plan_fault(
				path, "trials",
				"each arm once in each block, block by "
				"block");
	}
	return 0;
}

int campaign_plan_read(const char *path, struct campaign_config *config)
{
	json_error_t error;
	const char *schema;
	int err;

	config->plan = json_load_file(path, 0, &error);
	if (!config->plan) {
		log_error("--campaign %s: line %d: %s", path, error.line,
			  error.text);
		return -EINVAL;
	}
	schema = json_string_value(json_object_get(config->plan, "schema"));
	if (!schema || strcmp(schema, CAMPAIGN_PLAN_SCHEMA) != 0)
		err = plan_fault(path, "schema", CAMPAIGN_PLAN_SCHEMA);
	else
		err = strings_read(path, config->plan, config);
	if (!err)
		err = numbers_read(path, config->plan, config);
	if (!err)
		err = until_read(path, config->plan, config);
	if (!err)
		err = gate_read(path, config->plan, config);
	if (!err)
		err = plan_machines_read(path, config->plan, config);
	if (!err)
		err = arms_read(path, config->plan, config);
	if (!err)
		err = trials_read(path, config->plan, config);
	if (err)
		campaign_plan_free(config);
	return err;
}

void campaign_plan_free(struct campaign_config *config)
{
	if (!config->plan)
		return;
	string_lists_free(config->lists);
	config->lists = NULL;
	free((void *)(uintptr_t)config->order);
	config->order = NULL;
	free((char *)(uintptr_t)config->trial.warm_up);
	config->trial.warm_up = NULL;
	json_decref(config->plan);
	config->plan = NULL;
}
