/* SPDX-License-Identifier: MIT */
#include "report/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "stats/verdict.h"

#define PERCENT_MAX 1000

int gate_parse(const char *text, struct gate *gate, const char **why)
{
	static const char slower[] = "slower:";
	const size_t prefix = sizeof(slower) - 1;
	double percent;
	char *end;

	*why = "expected slower:PERCENT, 0 to 1000";
	if (strncmp(text, slower, prefix) != 0 || text[prefix] < '0' ||
	    text[prefix] > '9')
		return -EINVAL;
	percent = strtod(text + prefix, &end);
	end += *end == '%';
	if (*end || !(percent <= PERCENT_MAX))
		return -EINVAL;
	*gate = (struct gate){ .set = true, .slower = percent / 100 };
	return 0;
}

bool gate_fails(const struct gate *gate, const json_t *comparison)
{
	static const enum verdict_call passes[] = { VERDICT_FASTER,
						    VERDICT_EQUIVALENT,
						    VERDICT_INCONCLUSIVE };
	const char *call = json_get_text(comparison, "call", "");

	if (!gate->set)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(passes); i++)
		if (!strcmp(call, verdict_call_names[passes[i]]))
			return false;
	if (strcmp(call, verdict_call_names[VERDICT_SLOWER]) != 0)
		return true;
	return json_get_number(comparison, "ratio") >= 1 + gate->slower;
}

/* Of a campaign of one arm nothing is compared. */
static size_t arms_wrong(const json_t *summary)
{
	const json_t *arm;
	size_t i, wrong = 0;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		wrong += !json_is_true(json_object_get(arm, "correct"));
	}
	return wrong;
}

size_t gate_failures(const struct gate *gate, const json_t *summary)
{
	const json_t *comparison;
	size_t i, failures = 0;

	if (!gate->set)
		return 0;
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		failures += gate_fails(gate, comparison);
	}
	return i > 0 ? failures : arms_wrong(summary);
}
