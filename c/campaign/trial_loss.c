/* SPDX-License-Identifier: MIT */
#include "campaign/trial_loss.h"

#include "base/json_get.h"
#include "base/log.h"

void trial_loss_judge(const json_t *exchange, json_t *analysis)
{
	const json_t *parameters = json_object_get(analysis, "parameters");
	/* What came late was missing at first, and is in the capture. */
	const json_int_t missing = json_get_integer(analysis, "lost_packets") -
				   json_get_integer(analysis, "reordered");
	const json_int_t wanted =
		json_get_integer(json_object_get(exchange, "impaired"), "lost");
	json_t *reason;

	/* Who waits for what is missing is told of each packet anyway. */
	if (!json_is_true(json_object_get(parameters, "impaired")) ||
	    json_object_get(parameters, "recovery") || missing <= wanted)
		return;
	reason = json_sprintf("%lld packets are missing that the exchange did "
			      "not lose on purpose",
			      (long long)(missing - wanted));
	log_warning("this trial is void: %s", json_string_value(reason));
	json_object_set_new(analysis, "correct", json_null());
	json_object_set_new(analysis, "reason", reason);
}
