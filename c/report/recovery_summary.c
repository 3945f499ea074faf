/* SPDX-License-Identifier: MIT */
#include "report/recovery_summary.h"

#include "base/json_get.h"
#include "base/mem.h"
#include "stats/histogram.h"

static const char *const counts[] = { "missing", "recovered", "filled",
				      "given_up" };
static const char *const line_counts[] = { "first", "late", "missing" };

static void add(json_t *sums, const char *name, const json_t *more)
{
	json_object_set_new(sums, name,
			    json_integer(json_get_integer(sums, name) +
					 json_get_integer(more, name)));
}

static void lines_add(json_t *lines, const json_t *more)
{
	const json_t *line;
	size_t i;

	json_array_foreach(more, i, line)
	{
		if (i == json_array_size(lines))
			json_array_append_new(lines, json_object());
		for (size_t j = 0; j < ARRAY_SIZE(line_counts); j++)
			add(json_array_get(lines, i), line_counts[j], line);
	}
}

/* Of the gaps that were filled, in ns; null: none was. */
static void fill_set(json_t *sums, const struct histogram *fill,
		     json_int_t fills, json_int_t max_ns)
{
	const uint64_t half_ns = histogram_half_ns(fill, (uint64_t)max_ns);

	json_object_set_new(sums, "fills", json_integer(fills));
	json_object_set_new(sums, "fill_p50_ns",
			    fills ? json_integer((json_int_t)half_ns)
				  : json_null());
	json_object_set_new(sums, "fill_max_ns",
			    fills ? json_integer(max_ns) : json_null());
}

void recovery_summary_set(const struct results *results, unsigned int arm,
			  json_t *summary)
{
	json_t *sums = json_object(), *lines = json_array();
	struct histogram fill = { 0 }, one;
	json_int_t fills = 0, max_ns = 0;
	bool told = false;

	for (size_t i = 0; i < results->count; i++) {
		const json_t *analysis =
			json_object_get(results->trials[i].json, "analysis");
		const json_t *recovery = json_object_get(analysis, "recovery");
		const json_t *fill_ns = json_object_get(recovery, "fill_ns");
		const json_int_t longest = json_get_integer(fill_ns, "max");

		if (results->trials[i].arm != arm || !json_is_object(recovery))
			continue;
		told = true;
		add(sums, "gaps", analysis);
		for (size_t j = 0; j < ARRAY_SIZE(counts); j++)
			add(sums, counts[j], recovery);
		lines_add(lines, json_object_get(recovery, "lines"));
		histogram_from_json(&one,
				    json_object_get(fill_ns, "histogram"));
		for (size_t j = 0; j < HISTOGRAM_BUCKETS; j++)
			fill.count[j] += one.count[j];
		fills += json_get_integer(fill_ns, "count");
		max_ns = longest > max_ns ? longest : max_ns;
	}
	fill_set(sums, &fill, fills, max_ns);
	json_object_set_new(sums, "lines", lines);
	if (told)
		json_object_set(summary, "recovery", sums);
	json_decref(sums);
}
