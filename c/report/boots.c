/* SPDX-License-Identifier: MIT */
#include "report/boots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"

/* NULL: the trial doesn't say. */
static json_t *boot_of_trial(const json_t *trial)
{
	const json_t *rows = json_object_get(
		json_object_get(json_object_get(trial, "found"), "knobs"),
		"guests");
	const json_t *row;
	size_t i;

	json_array_foreach(
		rows, i,
		row) if (strcmp(json_get_text(row, "knob", ""), "boot") ==
			 0) return json_object_get(row, "found");
	return NULL;
}

static bool has(const json_t *list, const json_t *one)
{
	const json_t *other;
	size_t i;

	json_array_foreach(list, i,
			   other) if (json_equal(other, one)) return true;
	return false;
}

void boots_set(const struct results *results, unsigned int arm, json_t *summary)
{
	json_t *boots = json_array();

	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];
		json_t *boot = boot_of_trial(trial->json);

		if (boot && results_counts(trial, arm) && !has(boots, boot))
			json_array_append(boots, boot);
	}
	if (json_array_size(boots) > 0)
		json_object_set(summary, "boots", boots);
	json_decref(boots);
}

static bool same(const json_t *boots, const json_t *others)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(boots, i, boot) if (!has(others, boot)) return false;
	return json_array_size(boots) == json_array_size(others);
}

char *boots_text(const json_t *arms)
{
	const json_t *first = json_object_get(json_array_get(arms, 0), "boots");
	const json_t *arm;
	bool differ = false, few = false;
	char *text = NULL;
	size_t i, len;
	FILE *out;

	json_array_foreach(arms, i, arm)
	{
		const json_t *boots = json_object_get(arm, "boots");

		differ = differ || !same(boots, first);
		few = few || json_array_size(boots) <
				     json_array_size(json_object_get(
					     arm, "p50_of_trials_ns"));
	}
	if (!differ || !few)
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	fputs("arms had guests of their own: ", out);
	json_array_foreach(arms, i, arm)
	{
		const json_t *boots = json_object_get(arm, "boots");
		const json_t *p50s = json_object_get(arm, "p50_of_trials_ns");

		fprintf(out, "%s%s %zu trials in %zu boot%s", i > 0 ? ", " : "",
			json_get_text(arm, "receive", "unknown"),
			json_array_size(p50s), json_array_size(boots),
			json_array_size(boots) == 1 ? "" : "s");
	}
	fputs("; what differs from boot to boot is not in the intervals", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
