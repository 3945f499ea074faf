/* SPDX-License-Identifier: MIT */
#include "report/html.h"

#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/export.h"
#include "report/page.h"
#include "report/page_comparison.h"
#include "report/plot.h"
#include "report/prepared.h"
#include "report/recovery_table.h"
#include "report/results.h"
#include "stats/latencies.h"

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

static void head_write(FILE *out, const struct results *results)
{
	const char *question = json_get_text(results->manifest, "question", "");

	question =
		*question ? question : "which arm gets an order out soonest?";
	page_head(out, question);
}

/* " 3, 7" */
static void numbers_write(FILE *out, const json_t *numbers)
{
	const json_t *number;
	size_t i;

	json_array_foreach(numbers, i, number)
	{
		fprintf(out, "%s %lld", i ? "," : "",
			(long long)json_integer_value(number));
	}
}

static void void_write(FILE *out, const json_t *summary)
{
	const size_t trials =
		json_array_size(json_object_get(summary, "void_trials"));

	if (trials == 0)
		return;
	fprintf(out,
		"<p class=\"bad\">%zu trial%s could not be judged: their "
		"blocks were made again, but for %zu that count for nothing. "
		"Why stands below.</p>\n",
		trials, trials == 1 ? "" : "s",
		json_array_size(json_object_get(summary, "void_blocks")));
}

static void lateness_write(FILE *out, const json_t *summary)
{
	const json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		const json_t *lateness = json_object_get(arm, "lateness");
		const json_t *trials = json_object_get(lateness, "trials");

		if (json_array_size(trials) == 0)
			continue;
		fputs("<p class=\"note\">", out);
		export_escaped(out, json_get_text(arm, "receive", ""));
		fprintf(out,
			": %.1f %% of its orders answer packets that the "
			"exchange sent %.0f us late or more; most in trials",
			100 * json_get_number(lateness, "orders_late") /
				json_get_number(lateness, "orders"),
			json_get_number(lateness, "late_ns") / 1e3);
		numbers_write(out, trials);
		fputs("</p>\n", out);
	}
}

static void ambiguous_write(FILE *out, const json_t *summary)
{
	const json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		const json_int_t count = json_get_integer(arm, "ambiguous");

		if (count == 0)
			continue;
		fputs("<p class=\"note\">", out);
		export_escaped(out, json_get_text(arm, "receive", ""));
		fprintf(out, ": %lld " RESULTS_AMBIGUOUS "</p>\n",
			(long long)count);
	}
}

static void verdict_write(FILE *out, const json_t *summary)
{
	const json_t *comparison, *arm;
	size_t i;

	fputs("\n<div class=\"verdict\">\n", out);
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		fputs("<p><strong>", out);
		export_escaped(out, json_get_text(comparison, "arm", ""));
		fputs("</strong> against ", out);
		export_escaped(out, json_get_text(comparison, "against", ""));
		fputs(": ", out);
		page_tagged(out, "strong",
			    json_get_text(comparison, "verdict", ""));
		fputs("</p>\n", out);
	}
	if (i == 0)
		fputs("<p>one arm alone: there is nothing to compare it "
		      "with</p>\n",
		      out);
	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		if (json_get_number(arm, "incorrect_trials") == 0)
			continue;
		fputs("<p class=\"bad\">", out);
		export_escaped(out, json_get_text(arm, "receive", ""));
		fprintf(out,
			": %lld of %lld trials INCORRECT, in no figure, and no "
			"verdict for this arm: number",
			(long long)json_get_number(arm, "incorrect_trials"),
			(long long)json_get_number(arm, "trials"));
		numbers_write(out, json_object_get(arm, "incorrect"));
		fputs("</p>\n", out);
	}
	if (json_get_number(summary, "others_cpus") >= 0.3)
		fprintf(out,
			"<p class=\"bad\">CPU contention: "
			"other processes kept %.2f CPUs busy</p>\n",
			json_get_number(summary, "others_cpus"));
	if (json_is_true(
		    json_object_get(json_object_get(summary, "aa"), "alarm")))
		fputs("<p class=\"bad\">ALARM: the baseline differs from "
		      "itself (A/A): repeat the campaign before you believe a "
		      "verdict</p>\n",
		      out);
	void_write(out, summary);
	lateness_write(out, summary);
	ambiguous_write(out, summary);
	fputs("</div>\n", out);
}

static void arms_write(FILE *out, const json_t *summary)
{
	static const char *const counts[] = { "triggers", "matched",
					      "missing",  "extra",
					      "wrong",	  "tap_dropped" };
	const json_t *arm;
	size_t n;

	fputs("<h2>Figures, us, of all orders of all blocks</h2>\n"
	      "<div class=\"wide\"><table>"
	      "<tr><th>arm</th>",
	      out);
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
			page_us_cell(
				out,
				json_object_get(
					json_object_get(arm, "wire_to_wire_ns"),
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
		value_cell(out, value);
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

/* What the counters of a trial rose by, summed by arm; 0 is left out. */
static json_t *counters_of(const struct results *results)
{
	json_t *sums = json_object();

	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];
		const json_t *counters =
			json_object_get(trial->json, "counters");
		json_t *after = json_object_get(counters, "after"), *value;
		const char *key;

		json_object_foreach(after, key, value)
		{
			char name[256];
			json_int_t rise =
				json_integer_value(value) -
				json_integer_value(json_object_get(
					json_object_get(counters, "before"),
					key));

			if (rise == 0)
				continue;
			snprintf(name, sizeof(name), "%s: %s",
				 results_arm_name(results, trial->arm), key);
			json_object_set_new(
				sums, name,
				json_integer(rise +
					     json_integer_value(json_object_get(
						     sums, name))));
		}
	}
	return sums;
}

static void counters_write(FILE *out, const struct results *results)
{
	json_t *sums = counters_of(results);

	table_write(out, "Counters, what each rose by", sums);
	json_decref(sums);
}

/* gnuplot refuses to draw nothing. */
static bool has_orders(const struct results *results)
{
	for (size_t i = 0; i < results->count; i++)
		if (results_counts(&results->trials[i], results->trials[i].arm))
			return true;
	return false;
}

static int plots_write(FILE *out, const struct results *results)
{
	int err;

	if (!has_orders(results)) {
		fputs("<p class=\"bad\">No correct trial has an order: there "
		      "is nothing to plot.</p>\n",
		      out);
		return 0;
	}
	fputs("<h2>All orders, by percentile</h2>\n", out);
	err = plot_curves(out, results);
	if (err)
		return err;
	fputs("<h2>Every trial, by block</h2>\n", out);
	return plot_blocks(out, results);
}

int html_write(FILE *out, const struct results *results, const json_t *summary)
{
	int err;

	head_write(out, results);
	verdict_write(out, summary);
	err = plots_write(out, results);
	if (err)
		return err;
	page_comparisons(out, summary, results->manifest);
	arms_write(out, summary);
	recovery_table_write(out, json_object_get(summary, "arms"));
	prepared_write(out, json_object_get(summary, "arms"));
	clocks_write(out, summary);
	bias_write(out, summary);
	list_write(out, "Knobs, wanted and found",
		   json_object_get(results->manifest, "knobs"));
	list_write(out, "Could not be judged, and why",
		   json_object_get(summary, "void_trials"));
	list_write(out, "Skipped, and why",
		   json_object_get(results->manifest, "skipped"));
	counters_write(out, results);
	fputs("<h2>Run it again</h2>\n", out);
	page_tagged(out, "pre",
		    json_get_text(results->manifest, "command_line", ""));
	table_write(out, "Provenance", results->manifest);
	page_end(out);
	return 0;
}
