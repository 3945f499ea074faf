/* SPDX-License-Identifier: MIT */
#include "report/html.h"

#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/export.h"
#include "report/page.h"
#include "report/page_comparison.h"
#include "report/page_counters.h"
#include "report/page_trials.h"
#include "report/page_verdicts.h"
#include "report/plot.h"
#include "report/prepared.h"
#include "report/recovery_table.h"
#include "report/results.h"
#include "stats/latencies.h"

#define LEAF_ENTRIES_MAX 32

/* Any JSON value, as a reader wants it: text without its quotes. */
static void value_cell(FILE *out, const json_t *value)
{
	char *dump;

	if (json_is_string(value)) {
		page_tagged(out, "td", json_string_value(value));
		return;
	}
	dump = value && !json_is_null(value)
		       ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)
		       : NULL;
	page_tagged(out, "td", dump ? dump : "-");
	free(dump);
}

static void arms_write(FILE *out, const struct results *results,
		       const json_t *summary)
{
	static const char *const counts[] = { "triggers", "matched",
					      "missing",  "extra",
					      "wrong",	  "tap_dropped" };
	const json_t *arm;
	size_t n;

	fprintf(out,
		"<h2>Figures, us, %s, of all %s of all blocks</h2>\n"
		"<div class=\"wide\"><table>"
		"<tr><th>arm</th>",
		results->measured->title, results->measured->all);
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		page_tagged(out, "th", latencies_columns[i].head);
	fputs("<th>triggers</th><th>matched</th><th>missing</th>"
	      "<th>extra</th><th>wrong</th><th>tap drops</th></tr>\n",
	      out);
	json_array_foreach(json_object_get(summary, "arms"), n, arm)
	{
		fputs("<tr>", out);
		page_tagged(out, "td", json_get_text(arm, "receive", ""));
		for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
			page_us_cell(out,
				     json_object_get(measured_ns(arm),
						     latencies_columns[i].key));
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
			fprintf(out, "<td>%lld</td>",
				(long long)json_get_number(arm, counts[i]));
		fputs("</tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

static void bias_write(FILE *out, const json_t *summary)
{
	const json_t *bias = json_object_get(
		json_object_get(summary, "back_to_back"), "back_to_back_ns");

	if (json_is_number(json_object_get(bias, "p50")))
		fprintf(out,
			"<p class=\"note\">Known bias: the wire looped back "
			"without a trader takes p50 %.2f us; it is in every "
			"figure.</p>\n",
			json_get_number(bias, "p50") / 1e3);
	else if (json_is_object(bias))
		fputs("<p class=\"note\">Known bias: of too few frames to "
		      "tell.</p>\n",
		      out);
	else
		fputs("<p class=\"note\">Known bias: not measured.</p>\n", out);
}

static void clocks_write(FILE *out, const json_t *summary)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(summary, "clocks"), i, one) fprintf(
		out, "<p class=\"note\">Stamped by the clock of: %s.</p>\n",
		json_string_value(one));
}

/* Any list of objects as a table; its columns are the first one's keys. */
static void list_write(FILE *out, const char *title, const json_t *list)
{
	const json_t *row, *first = json_array_get(list, 0), *value;
	const char *key;
	size_t i;

	if (!json_is_object(first))
		return;
	fprintf(out,
		"<h2>%s</h2>\n<div class=\"wide\"><table class=\"text\"><tr>",
		title);
	json_object_foreach((json_t *)(uintptr_t)first, key, value)
		page_tagged(out, "th", key);
	fputs("</tr>\n", out);
	json_array_foreach(list, i, row)
	{
		fputs("<tr>", out);
		json_object_foreach((json_t *)(uintptr_t)first, key, value)
			value_cell(out, json_object_get(row, key));
		fputs("</tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

/* What people read through; of a longer list how long it is. */
static void leaf_write(FILE *out, const json_t *value)
{
	const size_t entries = json_array_size(value);

	if (entries <= LEAF_ENTRIES_MAX)
		value_cell(out, value);
	else
		fprintf(out, "<td>%zu entries: manifest.json</td>", entries);
}

/* Leaves of nested objects, a row each: "host.kernel". */
static void leaves_write(FILE *out, const char *prefix, const json_t *object)
{
	const json_t *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char name[256];

		snprintf(name, sizeof(name), "%s%s%s", prefix,
			 *prefix ? "." : "", key);
		if (json_is_object(value)) {
			leaves_write(out, name, value);
			continue;
		}
		fputs("<tr>", out);
		page_tagged(out, "td", name);
		leaf_write(out, value);
		fputs("</tr>\n", out);
	}
}

static void table_write(FILE *out, const char *title, const json_t *object)
{
	if (json_object_size(object) == 0)
		return;
	fprintf(out,
		"<h2>%s</h2>\n<div class=\"wide\"><table class=\"text\">\n",
		title);
	leaves_write(out, "", object);
	fputs("</table></div>\n", out);
}

/* Of arms with trials in which they are many. */
static void lateness_write(FILE *out, const json_t *summary)
{
	const json_t *arm;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		const json_t *lateness = json_object_get(arm, "lateness");

		if (json_array_size(json_object_get(lateness, "trials")) == 0)
			continue;
		if (!any)
			fprintf(out,
				"<p class=\"note\">Orders that answer "
				"packets which the exchange sent %.0f us late "
				"or more, and so in a burst: ",
				json_get_number(lateness, "late_ns") / 1e3);
		fputs(any ? ", " : "", out);
		any = true;
		export_escaped(out, json_get_text(arm, "receive", ""));
		fprintf(out, " %.1f %%",
			100 * json_get_number(lateness, "orders_late") /
				json_get_number(lateness, "orders"));
	}
	if (any)
		fputs(". Trials with more than 1 % of them are marked "
		      "!.</p>\n",
		      out);
}

static bool has_orders(const struct results *results)
{
	for (size_t i = 0; i < results->count; i++)
		if (results_counts(&results->trials[i], results->trials[i].arm))
			return true;
	return false;
}

static int plots_write(FILE *out, const struct results *results,
		       const json_t *summary)
{
	int err;

	if (!has_orders(results)) {
		fprintf(out,
			"<p class=\"bad\">No correct trial has %s: there "
			"is nothing to plot.</p>\n",
			results->measured->all);
		return 0;
	}
	fprintf(out, "<h2>All %s, by percentile</h2>\n",
		results->measured->all);
	err = plot_percentiles(out, results);
	if (err)
		return err;
	fputs("<h2>Every trial, in the order they ran</h2>\n", out);
	err = plot_trials(out, results, summary);
	lateness_write(out, summary);
	return err;
}

int html_write(FILE *out, const struct results *results, const json_t *summary,
	       const char *links)
{
	int err;

	page_verdicts(out, results, summary);
	err = plots_write(out, results, summary);
	if (err)
		return err;
	plot_stages(out, results, summary);
	page_differences(out, results->measured, summary);
	page_bands(out, summary);
	err = page_counters(out, results);
	if (err)
		return err;
	page_comparisons(out, summary, results->manifest);
	arms_write(out, results, summary);
	recovery_table_write(out, json_object_get(summary, "arms"));
	prepared_write(out, json_object_get(summary, "arms"));
	clocks_write(out, summary);
	bias_write(out, summary);
	page_trials(out, results, links);
	list_write(out, "Incorrect, and what is known of it",
		   json_object_get(summary, "incorrect_trials"));
	list_write(out, "Could not be judged, and why",
		   json_object_get(summary, "void_trials"));
	list_write(out, "Failed the gate, and why",
		   json_object_get(json_object_get(summary, "gate"), "failed"));
	list_write(out, "Knobs, wanted and found",
		   json_object_get(results->manifest, "knobs"));
	list_write(out, "Skipped, and why",
		   json_object_get(results->manifest, "skipped"));
	fputs("<h2>Run it again</h2>\n", out);
	page_tagged(out, "pre",
		    json_get_text(results->manifest, "command_line", ""));
	table_write(out, "Provenance", results->manifest);
	page_end(out);
	return 0;
}
