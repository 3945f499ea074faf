/* SPDX-License-Identifier: MIT */
#include "report/stages.h"

#include <math.h>

#include "base/json_get.h"

const struct stage stages[STAGES] = {
	{ "kernel_to_user", "kernel to user" },
	{ "user_to_decision", "user to decision" },
	{ "decision_to_sent", "decision to sent" },
};

double stages_p50(const json_t *trial, size_t stage)
{
	const json_t *all =
		json_object_get(json_object_get(trial, "trader"), "stages_ns");
	const json_t *one = json_object_get(all, stages[stage].key);

	return json_is_integer(json_object_get(one, "p50"))
		       ? json_get_number(one, "p50")
		       : NAN;
}
