/* SPDX-License-Identifier: MIT */
#include "report/page_verdicts.h"

#include <math.h>
#include <string.h>

#include "base/json_get.h"
#include "report/export.h"
#include "report/noticed.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/stages.h"
#include "stats/verdict.h"

#define SIDE_BY_SIDE 3

/* What an arm's box looks like. */
static const struct look {
	const char *class, *sign;
} looks[] = {
	[VERDICT_NONE] = { "no", "?" },
	[VERDICT_INCORRECT] = { "no", "!" },
	[VERDICT_OPPOSITE] = { "no", "!" },
	[VERDICT_TOO_FEW] = { "open", "?" },
	[VERDICT_FEW_ORDERS] = { "open", "?" },
	[VERDICT_INCONCLUSIVE] = { "open", "\u2248" },
	[VERDICT_FASTER] = { "faster", "\u25bc" },
	[VERDICT_SLOWER] = { "slower", "\u25b2" },
	[VERDICT_EQUIVALENT] = { "same", "=" },
};

static const struct look *look_of(const char *call)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (!strcmp(call, verdict_call_names[i]))
			return &looks[i];
	return &looks[VERDICT_NONE];
}

static bool is_number(const json_t *object, const char *key)
{
	return json_is_number(json_object_get(object, key));
}

/* "p50 12.90 us, now 4.31: -8.59 us (95 % CI -9.03..-8.10)" */
static void time_write(FILE *out, const json_t *comparison)
{
	const json_t *difference = json_object_get(comparison, "difference");
	const bool tail = is_number(comparison, "base_ns");
	const double base =
		json_get_number(comparison, tail ? "base_ns" : "base_p50_ns") /
		1e3;
	const double change = json_get_number(difference, "estimate_ns") / 1e3;

	fprintf(out, "p%g %.2f \u2192 %.2f us: <strong>%+.2f us</strong>",
		tail ? json_get_number(comparison, "judged") : 50, base,
		base + change, change);
	if (is_number(difference, "low_ns") && is_number(difference, "high_ns"))
		fprintf(out, " (95 %% CI %+.2f..%+.2f)",
			json_get_number(difference, "low_ns") / 1e3,
			json_get_number(difference, "high_ns") / 1e3);
}

/* Of the stages that surely changed as the whole did the one that did most:
 * "kernel to user -3.90 us (95 % CI -4.10..-3.71)". */
static void why_write(FILE *out, const json_t *comparison)
{
	const json_t *by_stage = json_object_get(comparison, "stages");
	const double all = json_get_number(
		json_object_get(comparison, "difference"), "estimate_ns");
	const char *call = json_get_text(comparison, "call", "");
	const json_t *most = NULL;
	const char *name = "";
	double change = 0;

	if (strcmp(call, verdict_call_names[VERDICT_FASTER]) != 0 &&
	    strcmp(call, verdict_call_names[VERDICT_SLOWER]) != 0)
		return;
	for (size_t i = 0; i < STAGES; i++) {
		const json_t *one = json_object_get(by_stage, stages[i].key);
		const double here = json_get_number(one, "estimate_ns");

		if (!is_number(one, "low_ns") || !is_number(one, "high_ns") ||
		    json_get_number(one, "low_ns") *
				    json_get_number(one, "high_ns") <=
			    0 ||
		    here * all <= 0 || fabs(here) <= fabs(change))
			continue;
		most = one;
		change = here;
		name = stages[i].text;
	}
	if (most)
		fprintf(out,
			"; of the trader's stages most in <strong>%s</strong>, "
			"%+.2f us (95 %% CI %+.2f..%+.2f)",
			name, change / 1e3,
			json_get_number(most, "low_ns") / 1e3,
			json_get_number(most, "high_ns") / 1e3);
}

static void figures_write(FILE *out, const json_t *comparison)
{
	const long long pairs =
		(long long)json_get_integer(comparison, "pairs");

	if (pairs == 0)
		return;
	fputs("<p class=\"figures\">", out);
	if (is_number(json_object_get(comparison, "difference"),
		      "estimate_ns")) {
		time_write(out, comparison);
		fputs("; ", out);
	}
	fprintf(out, "ratio %.3f", json_get_number(comparison, "ratio"));
	if (is_number(comparison, "ratio_low") &&
	    is_number(comparison, "ratio_high"))
		fprintf(out, " (%.3f..%.3f)",
			json_get_number(comparison, "ratio_low"),
			json_get_number(comparison, "ratio_high"));
	fprintf(out, "; %lld blocks", pairs);
	if (!strcmp(json_get_text(comparison, "call", ""),
		    verdict_call_names[VERDICT_INCONCLUSIVE]) &&
	    is_number(comparison, "finds"))
		fprintf(out,
			", which find a change of %.1f %% in 9 of 10 "
			"campaigns; to find 5 %% takes about %.0f",
			json_get_number(comparison, "finds") * 100,
			json_get_number(comparison, "blocks_for_5_percent"));
	why_write(out, comparison);
	fputs("</p>\n", out);
}

/* On a page with room for it a "~" is a word. */
static void verdict_write(FILE *out, const char *verdict)
{
	const char *undecided = verdict_call_names[VERDICT_INCONCLUSIVE];
	const size_t len = strlen(undecided);

	fputs("<strong>", out);
	if (!strncmp(verdict, undecided, len)) {
		fputs("undecided", out);
		verdict += len;
	}
	export_escaped(out, verdict);
	fputs("</strong>", out);
}

/* What else differs than the arms. */
static void methods_write(FILE *out, const json_t *comparison)
{
	const char *methods = json_get_text(comparison, "methods", NULL);

	if (!methods)
		return;
	fputs("; of two methods, whose difference is in it: ", out);
	export_escaped(out, methods);
}

static void comparison_write(FILE *out, const json_t *comparison)
{
	const struct look *look =
		look_of(json_get_text(comparison, "call", ""));

	fprintf(out,
		"<div class=\"call %s\"><p><span class=\"sign\" "
		"aria-hidden=\"true\">%s</span><strong>",
		look->class, look->sign);
	export_escaped(out, json_get_text(comparison, "arm", ""));
	fputs("</strong> against ", out);
	export_escaped(out, json_get_text(comparison, "against", ""));
	fputs(": ", out);
	verdict_write(out, json_get_text(comparison, "verdict", ""));
	methods_write(out, comparison);
	fputs("</p>\n", out);
	figures_write(out, comparison);
	fputs("</div>\n", out);
}

/* Who won, or who can't be told apart, before how each of them did. */
static void race_write(FILE *out, const json_t *summary)
{
	const json_t *race = json_object_get(summary, "race");

	if (!race)
		return;
	fprintf(out, "<div class=\"call %s\"><p>race: <strong>",
		!strcmp(json_get_text(race, "end", ""), "best") ? "faster"
								: "open");
	export_escaped(out, json_get_text(race, "verdict", ""));
	fputs("</strong></p></div>\n", out);
}

/* One of the facts, if it is known. */
static void fact_write(FILE *out, const char *head, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "<span>%s ", head);
	page_tagged(out, "b", text);
	fputs("</span>\n", out);
}

static void facts_write(FILE *out, const struct results *results)
{
	const json_t *manifest = results->manifest;
	const json_t *host = json_object_get(manifest, "host");
	const char *place = json_get_text(manifest, "place", "");
	char text[256];

	fputs("<p class=\"facts\">", out);
	fact_write(out, "run", json_get_text(manifest, "started", ""));
	snprintf(text, sizeof(text), "%s%s%s%s", place,
		 strcmp(place, "local") ? "" : " (two namespaces, a veth pair)",
		 strcmp(json_get_text(manifest, "accelerator", "none"), "none")
			 ? ", accelerator "
			 : "",
		 strcmp(json_get_text(manifest, "accelerator", "none"), "none")
			 ? json_get_text(manifest, "accelerator", "")
			 : "");
	fact_write(out, "place", text);
	snprintf(text, sizeof(text), "%.150s", json_get_text(host, "cpu", ""));
	if (*text && is_number(host, "cpus"))
		snprintf(text + strlen(text), 32, ", %lld CPUs",
			 (long long)json_get_integer(host, "cpus"));
	fact_write(out, "on", text);
	fact_write(out, "Linux", json_get_text(host, "kernel", ""));
	snprintf(text, sizeof(text), "%u arms, %u blocks, %zu trials",
		 results->arm_count, results->blocks, results->count);
	fact_write(out, "of", text);
	fact_write(out, "pace",
		   json_get_text(json_object_get(manifest, "parameters"),
				 "pace", ""));
	fact_write(out, "programs",
		   json_get_text(json_object_get(manifest, "programs"),
				 "version", ""));
	fputs("</p>\n", out);
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

static void incorrect_write(FILE *out, const json_t *summary)
{
	const json_t *arm;
	size_t i;

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
}

/* What is to be known before a verdict is believed. */
static void warnings_write(FILE *out, const json_t *summary)
{
	incorrect_write(out, summary);
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
	noticed_write(out, summary);
	void_write(out, summary);
}

void page_verdicts(FILE *out, const struct results *results,
		   const json_t *summary)
{
	const char *question = json_get_text(results->manifest, "question", "");
	const json_t *list = json_object_get(summary, "comparisons");
	const json_t *comparison;
	size_t i;

	page_head(out, *question ? question
				 : "which arm gets an order out soonest?");
	facts_write(out, results);
	race_write(out, summary);
	/* Of many two stand side by side, where there is room. */
	if (json_array_size(list) > SIDE_BY_SIDE)
		fputs("<div class=\"calls\">\n", out);
	json_array_foreach(list, i, comparison)
	{
		comparison_write(out, comparison);
	}
	if (i > SIDE_BY_SIDE)
		fputs("</div>\n", out);
	if (i == 0)
		fputs("<div class=\"call no\"><p>one arm alone: there is "
		      "nothing to compare it with</p></div>\n",
		      out);
	warnings_write(out, summary);
	plot_forest(out, results, summary);
	ambiguous_write(out, summary);
}
