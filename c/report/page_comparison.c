/* SPDX-License-Identifier: MIT */
#include "report/page_comparison.h"

#include "base/json_get.h"
#include "base/mem.h"
#include "report/export.h"
#include "report/page.h"
#include "report/schema.h"
#include "report/stages.h"
#include "stats/tails.h"

static void comparison_row(FILE *out, const json_t *comparison)
{
	fputs("<tr>", out);
	page_tagged(out, "td", json_get_text(comparison, "arm", ""));
	fprintf(out, "<td>%lld</td>",
		(long long)json_get_number(comparison, "pairs"));
	page_percent_cell(out, json_object_get(comparison, "ratio"));
	page_percent_cell(out, json_object_get(comparison, "ratio_low"));
	page_percent_cell(out, json_object_get(comparison, "ratio_high"));
	fprintf(out, "<td>%.4f</td>",
		json_get_number(comparison, "p_adjusted"));
	if (json_is_number(json_object_get(comparison, "finds")))
		fprintf(out, "<td>%.1f %%</td>",
			json_get_number(comparison, "finds") * 100);
	else
		fputs("<td>-</td>", out);
	page_tagged(out, "td", json_get_text(comparison, "call", ""));
	fputs("</tr>\n", out);
}

static void comparisons_write(FILE *out, const json_t *summary)
{
	const json_t *comparison, *aa = json_object_get(summary, "aa");
	size_t i;

	fputs("<h2>How sure</h2>\n<div class=\"wide\"><table><tr><th>arm</th>"
	      "<th>blocks</th><th>p50 change</th><th>CI low</th>"
	      "<th>CI high</th><th>p, adjusted</th><th>would find</th>"
	      "<th>verdict</th></tr>\n",
	      out);
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison) comparison_row(out, comparison);
	if (json_is_object(aa))
		comparison_row(out, aa);
	fprintf(out,
		"</table></div>\n<p class=\"note\">Each arm ran once in each "
		"block, in a balanced order drawn from seed %lld, and the "
		"baseline twice; a block gives the ratio of an arm's p50 to "
		"both. p: a randomization test of their logarithms, in which "
		"blocks count for less the further apart their trials lie. "
		"CI: the ratios that this test does not reject, so that a "
		"verdict is an interval without 0; all "
		"intervals together hold with 95 %%. Would find: the "
		"difference that so many blocks, differing as much, find in 9 "
		"of 10 campaigns. If the baseline differs from itself (A/A), "
		"that is an alarm.</p>\n",
		(long long)json_get_number(
			json_object_get(summary, "statistics"), "seed"));
}

static void difference_row(FILE *out, const json_t *comparison,
			   const char *what, const json_t *difference)
{
	static const char *const keys[] = { "estimate_ns", "low_ns",
					    "high_ns" };

	if (!json_is_number(json_object_get(difference, keys[0])))
		return;
	fputs("<tr>", out);
	page_tagged(out, "td", json_get_text(comparison, "arm", ""));
	page_tagged(out, "td", what);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *ns = json_object_get(difference, keys[i]);

		if (json_is_number(ns))
			fprintf(out, "<td>%+.2f</td>",
				json_number_value(ns) / 1e3);
		else
			fputs("<td>-</td>", out);
	}
	fputs("</tr>\n", out);
}

void page_differences(FILE *out, const struct measured *measured,
		      const json_t *summary)
{
	const json_t *comparison;
	char whole[64];
	size_t i;

	if (json_array_size(json_object_get(summary, "comparisons")) == 0)
		return;
	snprintf(whole, sizeof(whole), "p50, %s", measured->title);
	fprintf(out,
		"<h3>%s takes more or less, us</h3>\n"
		"<div class=\"wide\"><table class=\"of\">"
		"<tr><th>arm</th><th>of</th><th>change</th><th>CI low</th>"
		"<th>CI high</th></tr>\n",
		measured->staged ? "What each stage" : "What a logon");
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		const json_t *by_stage = json_object_get(comparison, "stages");

		difference_row(out, comparison, whole,
			       json_object_get(comparison, "difference"));
		for (size_t j = 0; j < STAGES; j++)
			difference_row(
				out, comparison, stages[j].text,
				json_object_get(by_stage, stages[j].key));
	}
	fputs("</table></div>\n", out);
	if (!measured->staged)
		return;
	fputs("<p class=\"note\">The first is the verdict's "
	      "ratio of the baseline's p50. Stages are by the trader's own "
	      "clock, each by itself, by the same estimate of their "
	      "differences block by block.</p>\n",
	      out);
}

/* By the band alone. */
static const char *band_words(const json_t *band)
{
	if (json_get_number(band, "ratio_high") < 1)
		return "faster";
	return json_get_number(band, "ratio_low") > 1 ? "slower" : "~";
}

static void bands_write(FILE *out, const json_t *comparison,
			const json_t *bands)
{
	static const char *const keys[] = { "ratio", "ratio_low",
					    "ratio_high" };
	const json_t *band;
	size_t i;

	json_array_foreach(bands, i, band)
	{
		const double base = json_get_number(band, "base_ns") / 1e3;

		fputs("<tr>", out);
		page_tagged(out, "td", json_get_text(comparison, "arm", ""));
		fprintf(out, "<td>p%g</td><td>%.2f</td>",
			json_get_number(band, "percent"), base);
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			fprintf(out, "<td>%+.2f</td>",
				base * (json_get_number(band, keys[k]) - 1));
		page_tagged(out, "td", band_words(band));
		fputs("</tr>\n", out);
	}
}

/* The shift function and the tails; where no band can be told there is no
 * table, but the reason. */
void page_bands(FILE *out, const json_t *summary)
{
	const json_t *comparison;
	size_t i, there = 0;

	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison) there +=
		json_array_size(json_object_get(comparison, "shift")) +
		json_array_size(json_object_get(comparison, "tails"));
	if (i == 0)
		return;
	fputs("<h3>Where in the distribution, us</h3>\n", out);
	if (there == 0) {
		fprintf(out,
			"<p class=\"note\">Neither deciles nor tails are told: "
			"%d blocks are needed, and ten orders beyond each.</p>"
			"\n",
			TAILS_BLOCKS_MIN);
		return;
	}
	fputs("<div class=\"wide\"><table class=\"of\"><tr><th>arm</th>"
	      "<th>of all orders</th><th>baseline</th><th>change</th>"
	      "<th>band low</th><th>band high</th><th>it is</th></tr>\n",
	      out);
	json_array_foreach(json_object_get(summary, "comparisons"), i,
			   comparison)
	{
		bands_write(out, comparison,
			    json_object_get(comparison, "shift"));
		bands_write(out, comparison,
			    json_object_get(comparison, "tails"));
	}
	fputs("</table></div>\n<p class=\"note\">Percentiles of all orders of "
	      "all blocks; bands by a bootstrap of whole blocks. An arm's nine "
	      "deciles hold together in 95 % of campaigns (the shift "
	      "function); p99 and above each by itself, and only with ten "
	      "orders beyond it.</p>\n",
	      out);
}

/* Why there are no more blocks, where it could end by its own verdicts. */
static void until_write(FILE *out, const json_t *manifest)
{
	const json_t *until = schema_value(manifest, "parameters.until"), *at;
	size_t i;

	if (!until)
		return;
	fputs("<p class=\"note\">It could end before its ", out);
	fprintf(out,
		"%lld blocks: ", (long long)json_get_integer(until, "blocks"));
	export_escaped(out, json_get_text(until, "condition", "unknown"));
	fputs(". It ended by: ", out);
	export_escaped(out, json_get_text(until, "ended", "nothing yet"));
	json_array_foreach(json_object_get(until, "looks"), i, at)
	{
		fprintf(out, "%s %lld",
			i ? "," : ". It looked, or would have, after",
			(long long)json_integer_value(at));
	}
	if (i > 0)
		fprintf(out,
			" blocks; so that all looks together err in 5 %% of "
			"campaigns at most, each is at %.2g %%",
			json_get_number(until, "alpha") * 100);
	fputs(".</p>\n", out);
}

void page_comparisons(FILE *out, const json_t *summary, const json_t *manifest)
{
	comparisons_write(out, summary);
	until_write(out, manifest);
}
