/* SPDX-License-Identifier: MIT */
#include "report/history.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/schema.h"
#include "stats/change_points.h"
#include "stats/statistics.h"

#define ALPHA	     0.05
#define PERMUTATIONS 999
/* Of longer series the last ones: what it takes grows with their square. */
#define POINTS_MAX 400

static int by_start(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	int order = strcmp(json_get_text(left, "started", ""),
			   json_get_text(right, "started", ""));

	return order ? order
		     : strcmp(json_get_text(left, "folder", ""),
			      json_get_text(right, "folder", ""));
}

static int entries_sort(json_t *entries)
{
	const size_t count = json_array_size(entries);
	json_t **list = calloc(count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		list[i] = json_incref(json_array_get(entries, i));
	qsort(list, count, sizeof(*list), by_start);
	json_array_clear(entries);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(entries, list[i]);
	free(list);
	return 0;
}

static json_t *group_of(json_t *groups, json_t *fingerprint)
{
	json_t *group;
	size_t i;

	json_array_foreach(groups, i, group)
	{
		if (json_equal(json_object_get(group, "fingerprint"),
			       fingerprint))
			return group;
	}
	group = json_pack("{s:O,s:[],s:[]}", "fingerprint", fingerprint,
			  "results", "series");
	json_array_append_new(groups, group);
	return group;
}

/* against: NULL of a p50. */
static json_t *series_of(json_t *group, const char *arm, const char *against)
{
	json_t *all = json_object_get(group, "series"), *series;
	size_t i;

	json_array_foreach(all, i, series)
	{
		const char *other = json_get_text(series, "against", NULL);

		if (!strcmp(json_get_text(series, "arm", ""), arm) &&
		    !other == !against && (!other || !strcmp(other, against)))
			return series;
	}
	series = json_pack("{s:s,s:s?,s:[],s:[]}", "arm", arm, "against",
			   against, "points", "changes");
	json_array_append_new(all, series);
	return series;
}

/* What is no number above 0 is no point. */
static void point_add(json_t *series, json_int_t result, json_t *value,
		      json_t *low, json_t *high)
{
	if (!json_is_number(value) || !(json_number_value(value) > 0))
		return;
	json_array_append_new(json_object_get(series, "points"),
			      json_pack("{s:I,s:O,s:O?,s:O?}", "result", result,
					"value", value, "low", low, "high",
					high));
}

static void entry_add(json_t *groups, const json_t *entry)
{
	json_t *group = group_of(groups, json_object_get(entry, "fingerprint"));
	json_t *results = json_object_get(group, "results"), *one;
	const json_int_t result = (json_int_t)json_array_size(results);
	size_t i;

	json_array_append_new(
		results, json_pack("{s:O?,s:O?,s:O?}", "folder",
				   json_object_get(entry, "folder"), "started",
				   json_object_get(entry, "started"), "version",
				   json_object_get(entry, "version")));
	json_array_foreach(json_object_get(entry, "comparisons"), i, one)
	{
		point_add(series_of(group, json_get_text(one, "arm", ""),
				    json_get_text(one, "against", "")),
			  result, json_object_get(one, "ratio"),
			  json_object_get(one, "low"),
			  json_object_get(one, "high"));
	}
	json_array_foreach(json_object_get(entry, "arms"), i, one)
	{
		point_add(series_of(group, json_get_text(one, "arm", ""), NULL),
			  result, json_object_get(one, "p50_ns"), NULL, NULL);
	}
}

static double level_median(const double *logs, size_t first, size_t last,
			   double *room)
{
	memcpy(room, logs + first, (last - first) * sizeof(*room));
	return exp(statistics_median(room, last - first));
}

/* The points' changes, told by what lies before and behind each. */
static void changes_tell(json_t *series, const double *logs, size_t count,
			 size_t skipped, const struct change_point *points,
			 size_t point_count, double *room)
{
	const json_t *all = json_object_get(series, "points");

	for (size_t i = 0; i < point_count; i++) {
		size_t before = i ? points[i - 1].at : 0;
		size_t after = i + 1 < point_count ? points[i + 1].at : count;
		json_t *at = json_array_get(all, skipped + points[i].at);

		json_array_append_new(
			json_object_get(series, "changes"),
			json_pack(
				"{s:O,s:f,s:f,s:f}", "result",
				json_object_get(at, "result"), "before",
				level_median(logs, before, points[i].at, room),
				"after",
				level_median(logs, points[i].at, after, room),
				"p", points[i].p));
	}
}

/* Of logarithms, since what changes is a share. */
static int series_changes(json_t *series, double alpha)
{
	const json_t *all = json_object_get(series, "points");
	const size_t n = json_array_size(all);
	const size_t count = n < POINTS_MAX ? n : POINTS_MAX;
	/* p has to be able to get below alpha. */
	const struct change_points_rule rule = {
		.alpha = alpha,
		.permutations = (size_t)fmax(PERMUTATIONS, 2 / alpha),
		.seed = 1
	};
	struct change_point *points = calloc(count + 1, sizeof(*points));
	double *logs = calloc(2 * count + 1, sizeof(*logs));
	size_t point_count;
	int err = points && logs ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !err; i++)
		logs[i] = log(json_get_number(
			json_array_get(all, n - count + i), "value"));
	if (!err)
		err = change_points_find(logs, count, &rule, points,
					 &point_count);
	if (!err)
		changes_tell(series, logs, count, n - count, points,
			     point_count, logs + count);
	free(logs);
	free(points);
	return err;
}

int history_make(json_t *entries, json_t **history)
{
	json_t *groups = json_array(), *group, *series;
	const json_t *entry;
	size_t i, j, count = 0;
	int err = entries_sort(entries);
	double alpha;

	json_array_foreach(entries, i, entry) entry_add(groups, entry);
	json_array_foreach(groups, i, group) count +=
		json_array_size(json_object_get(group, "series"));
	alpha = ALPHA / (double)(count ? count : 1);
	json_array_foreach(groups, i, group){
		json_array_foreach(json_object_get(group, "series"), j, series){
			if (!err) err = series_changes(series, alpha);
}
}
*history = json_pack("{s:s,s:f,s:o}", "schema", HISTORY_SCHEMA, "alpha", alpha,
		     "groups", groups);
return *history ? err : -ENOMEM;
}

/* What is between comes before it. */
static size_t title_add(char *text, size_t n, const char *head,
			const json_t *value, int letters, const char *tail)
{
	const char *between = n ? ", " : "";

	if (n >= HISTORY_TITLE_MAX)
		return n;
	if (json_is_string(value))
		n += (size_t)snprintf(text + n, HISTORY_TITLE_MAX - n,
				      "%s%s%.*s%s", between, head, letters,
				      json_string_value(value), tail);
	else if (json_is_integer(value))
		n += (size_t)snprintf(
			text + n, HISTORY_TITLE_MAX - n, "%s%s%lld%s", between,
			head, (long long)json_integer_value(value), tail);
	return n;
}

const char *history_title(const json_t *group,
			  char text[static HISTORY_TITLE_MAX])
{
	static const struct {
		const char *key, *head;
		int letters;
		const char *tail;
	} parts[] = {
		{ "place", "", 80, "" },
		{ "accelerator", "accelerator ", 20, "" },
		{ "host.cpu", "", 80, "" },
		{ "host.cpus", "", 20, " CPUs" },
		{ "host.kernel", "Linux ", 60, "" },
		{ "parameters.pace", "pace ", 60, "" },
		{ "feed.sha256", "feed ", 12, "" },
	};
	const json_t *fingerprint = json_object_get(group, "fingerprint");
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		n = title_add(text, n, parts[i].head,
			      json_object_get(fingerprint, parts[i].key),
			      parts[i].letters, parts[i].tail);
	return text;
}
