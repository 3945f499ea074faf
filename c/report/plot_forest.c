/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/json_get.h"
#include "report/plot.h"
#include "report/svg.h"
#include "stats/verdict.h"

#define TOP    48   /* what stands above the rows, px */
#define ROW    56   /* a row's height */
#define LINE   34   /* of its interval, from the row's top */
#define BOTTOM 26   /* of the scale, below them */
#define EDGE   0.02 /* free at both sides */
#define SMALL  0.02
#define TITLE  "Each arm's change of p50 against the baseline"
#define DESCRIPTION                                                        \
	"A row an arm: the estimate of its change, and the interval that " \
	"holds the true one. The last row is the baseline against itself."

static const double *none(double *values)
{
	values[0] = values[1] = values[2] = NAN;
	return values;
}

/* Ratio, low and high; NAN where there is none. */
static const double *ratios_of(const json_t *comparison, double values[3])
{
	static const char *const keys[] = { "ratio", "ratio_low",
					    "ratio_high" };

	if (!comparison)
		return none(values);
	for (size_t i = 0; i < 3; i++) {
		const json_t *value = json_object_get(comparison, keys[i]);

		values[i] =
			json_is_number(value) ? json_number_value(value) : NAN;
	}
	/* Too few blocks for an interval: from 0 to infinity. */
	if (!(values[1] > 0) || isnan(values[2]))
		values[1] = values[2] = NAN;
	return values;
}

static const json_t *row_of(const json_t *summary, size_t row)
{
	const json_t *list = json_object_get(summary, "comparisons");

	return row < json_array_size(list) ? json_array_get(list, row)
					   : json_object_get(summary, "aa");
}

static size_t rows_of(const json_t *summary)
{
	return json_array_size(json_object_get(summary, "comparisons")) +
	       json_is_object(json_object_get(summary, "aa"));
}

static struct scale scale_of_all(const struct results *results,
				 const json_t *summary, size_t rows)
{
	double values[3 * RESULTS_ARMS_MAX + 4];
	size_t count = 0;

	for (size_t i = 0; i < rows && i < RESULTS_ARMS_MAX; i++, count += 3)
		ratios_of(row_of(summary, i), values + count);
	/* A change that is next to none shall not look like much. */
	values[count++] = 1 - SMALL;
	values[count++] = 1 + SMALL;
	values[count++] = 1 + results->equal;
	values[count++] = 1 / (1 + results->equal);
	return scale_of(values, count, true);
}

static double x_of(const struct scale *scale, double ratio)
{
	return EDGE + scale_at(scale, ratio) * (1 - 2 * EDGE);
}

static void ground_draw(FILE *out, const struct results *results,
			const struct scale *scale, size_t rows,
			const char *baseline)
{
	const double bottom = TOP + ROW * (double)rows;
	const double equal = x_of(scale, 1);
	double ticks[SCALE_TICKS_MAX];
	size_t count = scale_ratio_ticks(scale, 6, ticks);
	char text[SCALE_LABEL_MAX], zone[64];

	snprintf(zone, sizeof(zone), "within %.3g %%: no difference",
		 results->equal * 100);
	if (results->equal > 0)
		svg_box(out, x_of(scale, 1 / (1 + results->equal)),
			x_of(scale, 1 + results->equal), TOP - 8,
			bottom - TOP + 8, "zone", zone);
	for (size_t i = 0; i < count; i++) {
		double x = x_of(scale, ticks[i]);

		svg_line(out, x, TOP - 8, x, bottom, "grid");
		svg_text(out, x, bottom + 18, SVG_MIDDLE, "tick",
			 scale_percent(ticks[i], text));
	}
	svg_line(out, equal, TOP - 8, equal, bottom, "equal");
	if (scale->low < 0.99)
		svg_text(out, 0, 14, SVG_START, "axis", "\u25c0 faster");
	if (scale->high > 1.01)
		svg_text(out, 1, 14, SVG_END, "axis", "slower \u25b6");
	snprintf(zone, sizeof(zone), "as %.40s", baseline);
	svg_text(out, equal, 32,
		 equal < 0.25	? SVG_START
		 : equal > 0.75 ? SVG_END
				: SVG_MIDDLE,
		 "axis", zone);
}

/* "faster, -8.59 us, -66.5 %" */
static void words_write(char *text, size_t size, const json_t *comparison,
			double ratio)
{
	const char *call = json_get_text(comparison, "call", "none");
	const json_t *ns = json_object_get(
		json_object_get(comparison, "difference"), "estimate_ns");
	const char *word = !strcmp(call, "~")	   ? "undecided"
			   : !strcmp(call, "none") ? "no verdict"
						   : call;

	if (json_is_boolean(json_object_get(comparison, "alarm")))
		word = json_is_true(json_object_get(comparison, "alarm"))
			       ? "ALARM: differs from itself"
			       : "itself";
	if (isnan(ratio))
		snprintf(text, size, "%s", word);
	else if (json_is_number(ns))
		snprintf(text, size, "%s, %+.2f us, %+.1f %%", word,
			 json_number_value(ns) / 1e3, (ratio - 1) * 100);
	else
		snprintf(text, size, "%s, %+.1f %%", word, (ratio - 1) * 100);
}

/* At most 24 letters: a phone has no more beside the figures. The rest is in
 * the table. UTF-8 is cut between letters. */
static void name_short(char text[static 128], const char *name)
{
	size_t letters = 0, n = 0;

	for (; name[n] && n < 120; n++)
		if ((name[n] & 0xc0) != 0x80 && ++letters > 24)
			break;
	snprintf(text, 128, "%.*s%s", (int)n, name, name[n] ? "\u2026" : "");
}

/* arm: -1 where the comparison's is not known by its name. */
static int arm_named(const struct results *results, const char *name)
{
	for (unsigned int i = 0; i < results->arm_count; i++)
		if (!strcmp(results_arm_name(results, i), name))
			return (int)i;
	return -1;
}

static void row_draw(FILE *out, const struct results *results,
		     const struct scale *scale, const json_t *comparison,
		     double top)
{
	const char *name = json_get_text(comparison, "arm", "");
	const char *call = json_get_text(comparison, "call", "none");
	const int arm = arm_named(results, name);
	double values[3], low, high;
	char words[96], text[128];

	if (top > TOP)
		svg_line(out, 0, top, 1, top, "rule");
	ratios_of(comparison, values);
	name_short(text, name);
	svg_text(out, 0, top + 16, SVG_START, "name", text);
	words_write(words, sizeof(words), comparison, values[0]);
	svg_text(out, 1, top + 16, SVG_END,
		 strcmp(call, "incorrect") && !json_is_true(json_object_get(
						      comparison, "alarm"))
			 ? "word"
			 : "word wrong",
		 words);
	if (isnan(values[0]) || arm < 0)
		return;
	low = isnan(values[1]) ? 0 : x_of(scale, values[1]);
	high = isnan(values[1]) ? 1 : x_of(scale, values[2]);
	svg_line(out, low, top + LINE, high, top + LINE,
		 isnan(values[1]) ? "unbounded" : "interval");
	if (!isnan(values[1])) {
		svg_line(out, low, top + LINE - 5, low, top + LINE + 5,
			 "interval");
		svg_line(out, high, top + LINE - 5, high, top + LINE + 5,
			 "interval");
	}
	svg_mark(out, x_of(scale, values[0]), top + LINE,
		 plot_mark(results, (unsigned int)arm),
		 plot_hollow(results, (unsigned int)arm), words);
}

void plot_forest(FILE *out, const struct results *results,
		 const json_t *summary)
{
	const size_t rows = rows_of(summary);
	const bool again = json_is_object(json_object_get(summary, "aa"));
	const struct scale scale = scale_of_all(results, summary, rows);

	if (rows == 0)
		return;
	fputs("<figure>\n", out);
	svg_open(out, "forest", TOP + ROW * (double)rows + BOTTOM, TITLE,
		 DESCRIPTION);
	ground_draw(out, results, &scale, rows, results_arm_name(results, 0));
	for (size_t i = 0; i < rows; i++)
		row_draw(out, results, &scale, row_of(summary, i),
			 TOP + ROW * (double)i);
	svg_close(out);
	fputs("<figcaption>", out);
	fputs("Change of p50, wire to wire, with the interval that holds the "
	      "true one; all together do in 95 % of campaigns.",
	      out);
	if (results->equal > 0)
		fprintf(out,
			" Shaded: within %.3g %%, which was declared to be no "
			"difference.",
			results->equal * 100);
	if (again)
		fputs(" Last, the baseline against itself: what this machine "
		      "sees where there is nothing to see.",
		      out);
	fputs("</figcaption>\n</figure>\n", out);
}
