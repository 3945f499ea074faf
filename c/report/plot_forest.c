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

struct forest {
	const struct results *results;
	const json_t *summary;
	struct scale scale;
	size_t rows;
	double more; /* px in each row: plot_name_room() */
};

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

static double row_top(const struct forest *forest, size_t row)
{
	return TOP + (ROW + forest->more) * (double)row;
}

static void ground_draw(FILE *out, const struct forest *forest)
{
	const struct results *results = forest->results;
	const struct scale *scale = &forest->scale;
	const double bottom = row_top(forest, forest->rows);
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
	snprintf(zone, sizeof(zone), "as %.40s", results_arm_name(results, 0));
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

/* arm: -1 where the comparison's is not known by its name. */
static int arm_named(const struct results *results, const char *name)
{
	for (unsigned int i = 0; i < results->arm_count; i++)
		if (!strcmp(results_arm_name(results, i), name))
			return (int)i;
	return -1;
}

static void interval_draw(FILE *out, const struct forest *forest,
			  const double values[3], double y)
{
	const bool bounded = !isnan(values[1]);
	const double low = bounded ? x_of(&forest->scale, values[1]) : 0;
	const double high = bounded ? x_of(&forest->scale, values[2]) : 1;

	svg_line(out, low, y, high, y, bounded ? "interval" : "unbounded");
	if (!bounded)
		return;
	svg_line(out, low, y - 5, low, y + 5, "interval");
	svg_line(out, high, y - 5, high, y + 5, "interval");
}

static void row_draw(FILE *out, const struct forest *forest, size_t row)
{
	const struct results *results = forest->results;
	const json_t *comparison = row_of(forest->summary, row);
	const double top = row_top(forest, row);
	const double y = top + LINE + forest->more;
	const char *name = json_get_text(comparison, "arm", "");
	const char *call = json_get_text(comparison, "call", "none");
	const int arm = arm_named(results, name);
	const bool alarm = json_is_true(json_object_get(comparison, "alarm"));
	char words[96], text[PLOT_NAME_MAX];
	double values[3];

	if (row > 0)
		svg_line(out, 0, top, 1, top, "rule");
	ratios_of(comparison, values);
	svg_text(out, 0, top + 16, SVG_START, "name", plot_name(name, text));
	words_write(words, sizeof(words), comparison, values[0]);
	svg_text(out, 1, top + 16 + forest->more, SVG_END,
		 alarm || !strcmp(call, "incorrect") ? "word wrong" : "word",
		 words);
	if (isnan(values[0]) || arm < 0)
		return;
	interval_draw(out, forest, values, y);
	svg_mark(out, x_of(&forest->scale, values[0]), y,
		 plot_mark(results, (unsigned int)arm),
		 plot_hollow(results, (unsigned int)arm), words);
}

static void caption_write(FILE *out, const struct forest *forest)
{
	fprintf(out,
		"<figcaption>Change of p50, %s, with the interval that "
		"holds the true one; all together do in 95 %% of campaigns.",
		forest->results->measured->title);
	if (forest->results->equal > 0)
		fprintf(out,
			" Shaded: within %.3g %%, which was declared to be no "
			"difference.",
			forest->results->equal * 100);
	if (json_is_object(json_object_get(forest->summary, "aa")))
		fputs(" Last, the baseline against itself: what this machine "
		      "sees where there is nothing to see.",
		      out);
	fputs("</figcaption>\n", out);
}

void plot_forest(FILE *out, const struct results *results,
		 const json_t *summary)
{
	const size_t rows = rows_of(summary);
	const struct forest forest = {
		.results = results,
		.summary = summary,
		.scale = scale_of_all(results, summary, rows),
		.rows = rows,
		.more = plot_name_room(results),
	};

	if (rows == 0)
		return;
	fputs("<figure>\n", out);
	svg_open(out, "forest", row_top(&forest, rows) + BOTTOM, TITLE,
		 DESCRIPTION);
	ground_draw(out, &forest);
	for (size_t row = 0; row < rows; row++)
		row_draw(out, &forest, row);
	svg_close(out);
	caption_write(out, &forest);
	fputs("</figure>\n", out);
}
