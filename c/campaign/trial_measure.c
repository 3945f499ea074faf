/* SPDX-License-Identifier: MIT */
#include "campaign/trial_measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"

#define LOGON	     "logon"
#define SESSIONS     "100"
#define SESSIONS_MAX 100000

int trial_measure_parse(const char *text, struct trial_config *config,
			const char **why)
{
	const size_t len = strlen(LOGON);
	const char *number = text + len + 1;
	char *end;
	unsigned long sessions;

	config->sessions = NULL;
	if (!strcmp(text, "orders"))
		return 0;
	*why = "expected orders, logon or logon:SESSIONS";
	if (strncmp(text, LOGON, len) != 0 || (text[len] && text[len] != ':'))
		return -EINVAL;
	if (!text[len])
		number = SESSIONS;
	sessions = strtoul(number, &end, 10);
	if (strspn(number, "0123456789") != strlen(number) || sessions < 1 ||
	    sessions > SESSIONS_MAX) {
		*why = "logon:SESSIONS: expected 1 to 100000 of them";
		return -EINVAL;
	}
	*why = "all sessions warm up: no logon enters a figure";
	if (config->warm_up && strtoul(config->warm_up, NULL, 10) >= sessions)
		return -EINVAL;
	config->sessions = number;
	return 0;
}

void trial_measure_tell(const struct trial_config *config, json_t *parameters)
{
	if (!config->sessions)
		return;
	json_object_set_new(parameters, "measured", json_string(LOGON));
	json_object_set_new(parameters, "sessions",
			    json_integer(atoll(config->sessions)));
}

void trial_measure_judge(const struct trial_config *config, json_t *analysis)
{
	json_int_t wanted, there;
	json_t *reason;

	if (!config->sessions ||
	    json_is_null(json_object_get(analysis, "correct")))
		return;
	wanted = atoll(config->sessions);
	if (config->warm_up)
		wanted -= atoll(config->warm_up);
	there = json_get_integer(json_object_get(analysis, "logon_ns"),
				 "count");
	if (there == wanted)
		return;
	reason = json_sprintf("%lld logons are in the capture, of %lld",
			      (long long)there, (long long)wanted);
	log_warning("this trial is void: %s", json_string_value(reason));
	json_object_set_new(analysis, "correct", json_null());
	json_object_set_new(analysis, "reason", reason);
}
