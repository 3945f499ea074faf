/* SPDX-License-Identifier: MIT */
#include "report/text_race.h"

#include "base/json_get.h"

void text_race(FILE *out, const json_t *summary, const struct text_style *style)
{
	const json_t *race = json_object_get(summary, "race"), *one;
	size_t i;

	if (!race)
		return;
	fprintf(out, "\n%srace: %s%s\n", style->bold,
		json_get_text(race, "verdict", "unknown"), style->plain);
	json_array_foreach(json_object_get(race, "pairs"), i, one)
		fprintf(out, "  %s against %s: %s\n",
			json_get_text(one, "arm", "unknown"),
			json_get_text(one, "against", "unknown"),
			json_get_text(one, "verdict", "unknown"));
	json_array_foreach(json_object_get(race, "out"), i, one)
		fprintf(out, "  out after block %lld: %s, against %s: %s\n",
			(long long)json_get_integer(one, "after"),
			json_get_text(one, "arm", "unknown"),
			json_get_text(one, "against", "unknown"),
			json_get_text(one, "verdict", "unknown"));
}
