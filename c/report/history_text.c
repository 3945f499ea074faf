/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "report/history.h"
#include "stats/change_points.h"

#define NAME 34

static double value_at(const json_t *series, size_t i)
{
	return json_get_number(
		json_array_get(json_object_get(series, "points"), i), "value");
}

/* A p50 in us, a ratio as a change. */
static const char *value_text(const json_t *series, double value,
			      char text[static 24])
{
	if (json_is_string(json_object_get(series, "against")))
		snprintf(text, 24, "%+.1f %%", (value - 1) * 100);
	else
		snprintf(text, 24, "%.2f us", value / 1e3);
	return text;
}

static void series_print(FILE *out, const json_t *series)
{
	const size_t count = json_array_size(json_object_get(series, "points"));
	const char *against = json_get_text(series, "against", NULL);
	double least = INFINITY, most = 0;
	char name[96], first[24], last[24], low[24], high[24];

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		least = fmin(least, value_at(series, i));
		most = fmax(most, value_at(series, i));
	}
	if (against)
		snprintf(name, sizeof(name), "%.40s against %.40s",
			 json_get_text(series, "arm", ""), against);
	else
		snprintf(name, sizeof(name), "p50 of %.80s",
			 json_get_text(series, "arm", ""));
	fprintf(out, "%-*.*s %7zu %11s %11s %11s %11s %8zu\n", NAME, NAME, name,
		count, value_text(series, value_at(series, 0), first),
		value_text(series, value_at(series, count - 1), last),
		value_text(series, least, low), value_text(series, most, high),
		json_array_size(json_object_get(series, "changes")));
}

/* "  changed at 2026-12-01T..: -62.0 % before, -40.1 % since; p 0.001" */
static void changes_print(FILE *out, const json_t *group, const json_t *series,
			  const char *bold, const char *plain)
{
	const json_t *results = json_object_get(group, "results"), *change;
	char before[24], after[24];
	size_t i;

	json_array_foreach(json_object_get(series, "changes"), i, change)
	{
		const size_t at = (size_t)json_get_integer(change, "result");
		const json_t *result = json_array_get(results, at);

		fprintf(out,
			"  %schanged%s at %s, programs %s: %s before, %s "
			"since; p %.2g (%s)\n",
			bold, plain, json_get_text(result, "started", "?"),
			json_get_text(result, "version", "?"),
			value_text(series, json_get_number(change, "before"),
				   before),
			value_text(series, json_get_number(change, "after"),
				   after),
			json_get_number(change, "p"),
			json_get_text(result, "folder", "?"));
	}
}

static void group_print(FILE *out, const json_t *group, const char *bold,
			const char *plain)
{
	const json_t *results = json_object_get(group, "results"), *series;
	const size_t count = json_array_size(results);
	char title[HISTORY_TITLE_MAX];
	size_t i;

	fprintf(out, "\n%s%s%s\n%zu result%s, from %s to %s\n", bold,
		history_title(group, title), plain, count,
		count == 1 ? "" : "s",
		json_get_text(json_array_get(results, 0), "started", "?"),
		json_get_text(json_array_get(results, count - 1), "started",
			      "?"));
	fprintf(out, "%-*s %7s %11s %11s %11s %11s %8s\n", NAME, "", "results",
		"first", "last", "least", "most", "changes");
	json_array_foreach(json_object_get(group, "series"), i, series)
	{
		series_print(out, series);
		changes_print(out, group, series, bold, plain);
	}
}

void history_print(FILE *out, const json_t *history, bool colour)
{
	const char *bold = colour ? "\033[1m" : "",
		   *plain = colour ? "\033[0m" : "";
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(history, "groups"), i, one)
		group_print(out, one, bold, plain);
	fprintf(out,
		"\nResults that ran alike stand together; a change is one of "
		"level, by E-divisive with\n%d results at least on each side, "
		"all series together at 5 %%\n",
		CHANGE_POINTS_LEVEL);
	json_array_foreach(json_object_get(history, "left_out"), i, one)
		fprintf(out, "left out   %s: %s\n",
			json_get_text(one, "folder", ""),
			json_get_text(one, "reason", ""));
}
