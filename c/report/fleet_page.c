/* SPDX-License-Identifier: MIT */
#include "report/fleet.h"

#include <string.h>

#include "base/json_get.h"
#include "report/export.h"
#include "report/measured.h"
#include "report/noticed.h"
#include "report/page.h"

static const char head[] =
	"<th>blocks</th><th>p50 change</th><th>CI low</th><th>CI high</th>"
	"<th>p, adjusted</th><th>verdict</th>";

static bool is_merged(const json_t *row)
{
	return !strcmp(json_get_text(row, "state", ""), "merged");
}

/* The cells below `head`; said: NULL for the baseline, of which it is empty. */
static void said_cells(FILE *out, const json_t *said, const char *prefix)
{
	if (!json_is_object(said)) {
		fputs("<td></td><td></td><td></td><td></td><td></td><td></td>",
		      out);
		return;
	}
	fprintf(out, "<td>%lld</td>",
		(long long)json_get_integer(said, "pairs"));
	page_percent_cell(out, json_object_get(said, "ratio"));
	page_percent_cell(out, json_object_get(said, "ratio_low"));
	page_percent_cell(out, json_object_get(said, "ratio_high"));
	fprintf(out, "<td>%.4f</td><td>%s", json_get_number(said, "p_adjusted"),
		prefix);
	export_escaped(out, json_get_text(said, "call", ""));
	fputs("</td>", out);
}

static void verdict_write(FILE *out, const json_t *merged)
{
	fputs("<p><strong>", out);
	export_escaped(out, json_get_text(merged, "arm", ""));
	fputs("</strong> against ", out);
	export_escaped(out, json_get_text(merged, "against", ""));
	fprintf(out, ", on %lld cells: ",
		(long long)json_get_integer(merged, "cells"));
	page_tagged(out, "strong", json_get_text(merged, "verdict", ""));
	fputs("</p>\n", out);
	if (json_is_true(json_object_get(merged, "disagree")))
		fprintf(out,
			"<p class=\"bad\">The cells disagree (Kruskal-Wallis p "
			"%.4f): how much it is depends on the machine; see "
			"each one's own row.</p>\n",
			json_get_number(merged, "agreement_p"));
}

static void verdicts_write(FILE *out, const json_t *summary)
{
	const json_t *merged, *row;
	size_t i;

	fputs("\n<div class=\"verdict\">\n", out);
	json_array_foreach(json_object_get(summary, "comparisons"), i, merged)
		verdict_write(out, merged);
	if (i == 0)
		fputs("<p>no cell has a result that could be merged</p>\n",
		      out);
	json_array_foreach(json_object_get(summary, "cells"), i, row)
	{
		noticed_write(out, row);
		if (is_merged(row))
			continue;
		fputs("<p class=\"bad\">Not in it: cell ", out);
		export_escaped(out, json_get_text(row, "cell", ""));
		fprintf(out, ", %s: ", json_get_text(row, "state", ""));
		export_escaped(out, json_get_text(row, "reason", ""));
		fputs("</p>\n", out);
	}
	if (json_is_true(
		    json_object_get(json_object_get(summary, "aa"), "alarm")))
		fputs("<p class=\"bad\">ALARM: a baseline differs from itself "
		      "(A/A): repeat the campaign before you believe a "
		      "verdict</p>\n",
		      out);
	fputs("</div>\n", out);
}

static void arm_write(FILE *out, const json_t *row, const json_t *arm)
{
	const json_t *ns = measured_ns(arm);
	const json_t *aa = json_object_get(row, "aa"), *said = NULL, *one;
	const char *name = json_get_text(arm, "arm", "");
	const bool again = !strcmp(json_get_text(aa, "arm", ""), name);
	size_t i;

	json_array_foreach(json_object_get(row, "comparisons"), i, one)
	{
		if (!strcmp(json_get_text(one, "arm", ""), name))
			said = one;
	}
	fputs("<tr>", out);
	page_tagged(out, "td", json_get_text(row, "cell", ""));
	page_tagged(out, "td", name);
	page_us_cell(out, json_object_get(ns, "p50"));
	page_us_cell(out, json_object_get(ns, "p99"));
	said_cells(out, again ? aa : said, again ? "A/A: " : "");
	fputs("</tr>\n", out);
}

static void cells_write(FILE *out, const json_t *summary)
{
	const json_t *row, *arm;
	size_t i, j;

	fprintf(out,
		"<h2>Each cell, by itself</h2>\n<div class=\"wide\"><table>"
		"<tr><th>cell</th><th>arm</th><th>p50, us</th><th>p99, us</th>"
		"%s</tr>\n",
		head);
	json_array_foreach(json_object_get(summary, "cells"), i, row)
	{
		json_array_foreach(json_object_get(row, "arms"), j, arm)
			arm_write(out, row, arm);
		if (j > 0)
			continue;
		fputs("<tr>", out);
		page_tagged(out, "td", json_get_text(row, "cell", ""));
		fputs("<td colspan=\"9\" class=\"bad\">", out);
		export_escaped(out, json_get_text(row, "state", ""));
		fputs("</td></tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

static void merged_row(FILE *out, const json_t *merged, const char *prefix)
{
	fputs("<tr>", out);
	page_tagged(out, "td", json_get_text(merged, "arm", ""));
	fprintf(out, "<td>%lld</td>",
		(long long)json_get_integer(merged, "cells"));
	said_cells(out, merged, prefix);
	if (json_is_number(json_object_get(merged, "agreement_p")))
		fprintf(out, "<td>%.4f</td>",
			json_get_number(merged, "agreement_p"));
	else
		fputs("<td>-</td>", out);
	fputs("</tr>\n", out);
}

static void merged_write(FILE *out, const json_t *summary)
{
	const json_t *merged, *aa = json_object_get(summary, "aa");
	size_t i;

	fprintf(out,
		"<h2>All cells, the machine being a factor</h2>\n"
		"<div class=\"wide\"><table><tr><th>arm</th><th>cells</th>%s"
		"<th>p of disagreement</th></tr>\n",
		head);
	json_array_foreach(json_object_get(summary, "comparisons"), i, merged)
		merged_row(out, merged, "");
	if (json_is_object(aa))
		merged_row(out, aa, "A/A: ");
	fputs("</table></div>\n<p class=\"note\">A block gives the ratio of an "
	      "arm's p50 to both trials of the baseline, and is held against "
	      "its own cell's blocks alone; what they say is added up (a "
	      "randomization test, stratified), and change and CI are those of "
	      "that test. "
	      "Latencies of two cells are never pooled. p of disagreement: "
	      "Kruskal and Wallis's test of the blocks' ratios.</p>\n",
	      out);
}

void fleet_page(FILE *out, const json_t *summary)
{
	page_head(out, json_get_text(summary, "question",
				     "which arm gets an order out soonest?"));
	verdicts_write(out, summary);
	cells_write(out, summary);
	merged_write(out, summary);
	page_end(out);
}
