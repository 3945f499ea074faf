/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/export.h"
#include "report/history.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/scale.h"
#include "report/svg.h"
#include "stats/change_points.h"

#define HEIGHT 356
#define TOP    44
#define BOTTOM (HEIGHT - 46)
/* The shares of the width that a version's name takes, on a phone. */
#define NAME 0.25

/* What one figure shows of a group. */
struct figure {
	const json_t *group;
	bool ratios; /* and not p50s, us */
	size_t results;
	struct scale scale;
};

static bool is_ratio(const json_t *series)
{
	return json_is_string(json_object_get(series, "against"));
}

/* In the unit of the figure: a ratio, or us. */
static double in_unit(const struct figure *figure, double value)
{
	return figure->ratios ? value : value / 1e3;
}

static double x_of(const struct figure *figure, size_t result)
{
	const double at = ((double)result + 0.5) / (double)figure->results;

	return PLOT_LEFT + at * (PLOT_RIGHT - PLOT_LEFT);
}

static double y_of(const struct figure *figure, double value)
{
	return plot_y(&figure->scale, TOP, BOTTOM, in_unit(figure, value));
}

/* False: it is not in the figure. */
static bool shows(const struct figure *figure, const json_t *series)
{
	return is_ratio(series) == figure->ratios &&
	       json_array_size(json_object_get(series, "points")) > 0;
}

/* By the estimates, not the intervals: those of few blocks have no bounds. */
static bool scale_set(struct figure *figure)
{
	const json_t *series, *point;
	double ends[] = { NAN, NAN };
	size_t i, j;

	json_array_foreach(json_object_get(figure->group, "series"), i, series)
	{
		if (!shows(figure, series))
			continue;
		json_array_foreach(json_object_get(series, "points"), j, point)
		{
			double value = in_unit(figure,
					       json_get_number(point, "value"));

			ends[0] = fmin(ends[0], value);
			ends[1] = fmax(ends[1], value);
		}
	}
	if (isnan(ends[0]))
		return false;
	if (figure->ratios) {
		ends[0] = fmin(ends[0], 0.98);
		ends[1] = fmax(ends[1], 1.02);
	}
	figure->scale = scale_of(ends, 2, true);
	return true;
}

static void ratio_axis(FILE *out, const struct figure *figure,
		       const char *title)
{
	double ticks[SCALE_TICKS_MAX];
	size_t count = scale_ratio_ticks(&figure->scale, 6, ticks);
	char text[SCALE_LABEL_MAX];

	svg_text(out, 0, 14, SVG_START, "axis", title);
	for (size_t i = 0; i < count; i++) {
		double y = y_of(figure, ticks[i]);

		svg_line(out, PLOT_LEFT, y, PLOT_RIGHT, y,
			 fabs(ticks[i] - 1) < 1e-9 ? "equal" : "grid");
		svg_text(out, PLOT_LEFT - 0.01, y + 4, SVG_END, "tick",
			 scale_percent(ticks[i], text));
	}
}

/* "12-01 09:30" of the first, the last and the one in the middle. */
static void times_write(FILE *out, const struct figure *figure)
{
	const json_t *results = json_object_get(figure->group, "results");
	const size_t shown[] = { 0, figure->results / 2, figure->results - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		const char *started = json_get_text(
			json_array_get(results, shown[i]), "started", "");
		char text[16];

		if (i == 1 && figure->results < 3)
			continue;
		snprintf(text, sizeof(text), "%.11s",
			 strlen(started) >= 16 ? started + 5 : started);
		for (char *c = text; *c; c++)
			*c = *c == 'T' ? ' ' : *c;
		svg_text(out, x_of(figure, shown[i]), BOTTOM + 20,
			 (enum svg_anchor)i, "tick", text);
	}
}

/* Where it is another than that of the result before, named where there is
 * room. */
static void versions_write(FILE *out, const struct figure *figure)
{
	const json_t *results = json_object_get(figure->group, "results");
	const char *before = "";
	double free_from = 0;

	for (size_t i = 0; i < figure->results; i++) {
		const char *version = json_get_text(json_array_get(results, i),
						    "version", "");
		const double x = x_of(figure, i);
		char text[16];

		if (!strcmp(version, before))
			continue;
		before = version;
		svg_line(out, x, BOTTOM, x, BOTTOM + 6, "equal");
		if (x < free_from)
			continue;
		snprintf(text, sizeof(text), "%.15s", version);
		svg_text(out, x, BOTTOM + 38,
			 x > 1 - NAME ? SVG_END : SVG_START, "tick", text);
		free_from = x + NAME;
	}
	svg_line(out, PLOT_LEFT, BOTTOM, PLOT_RIGHT, BOTTOM, "grid");
}

static void point_draw(FILE *out, const struct figure *figure,
		       const json_t *series, const json_t *point,
		       unsigned int index)
{
	const size_t at = (size_t)json_get_integer(point, "result");
	const json_t *result =
		json_array_get(json_object_get(figure->group, "results"), at);
	const json_t *low = json_object_get(point, "low");
	const json_t *high = json_object_get(point, "high");
	const double x = x_of(figure, at);
	const double value = json_get_number(point, "value");
	char tip[320];

	snprintf(tip, sizeof(tip), "%.80s: %.4g, %.40s, programs %.60s",
		 json_get_text(series, "arm", ""), in_unit(figure, value),
		 json_get_text(result, "started", ""),
		 json_get_text(result, "version", "unknown"));
	if (json_is_number(low) && json_is_number(high) &&
	    json_number_value(low) > 0) {
		char class[16];

		snprintf(class, sizeof(class), "reach c%u",
			 index % SVG_COLOURS);
		svg_line(out, x, y_of(figure, json_number_value(low)), x,
			 y_of(figure, json_number_value(high)), class);
	}
	svg_mark(out, x, y_of(figure, value), index, false, tip);
}

/* From one change to the next, as wide as its results. */
static void level_draw(FILE *out, const struct figure *figure, size_t first,
		       size_t last, double value, unsigned int index)
{
	const double y = y_of(figure, value);
	char class[16];

	snprintf(class, sizeof(class), "level c%u", index % SVG_COLOURS);
	svg_line(out, x_of(figure, first), y, x_of(figure, last), y, class);
}

static void levels_draw(FILE *out, const struct figure *figure,
			const json_t *series, unsigned int index,
			unsigned int *number)
{
	const json_t *changes = json_object_get(series, "changes"), *change;
	const size_t count = json_array_size(changes);
	size_t first = 0, i;

	json_array_foreach(changes, i, change)
	{
		const size_t at = (size_t)json_get_integer(change, "result");
		/* Between the last of the old and the first of the new. */
		const double x = (x_of(figure, at) + x_of(figure, at - 1)) / 2;
		char text[16];

		level_draw(out, figure, first, at - 1,
			   json_get_number(change, "before"), index);
		if (i + 1 == count)
			level_draw(out, figure, at, figure->results - 1,
				   json_get_number(change, "after"), index);
		svg_line(out, x, TOP - 6, x, BOTTOM, "change");
		snprintf(text, sizeof(text), "%u", ++*number);
		svg_text(out, x, TOP - 11, SVG_MIDDLE, "name", text);
		first = at;
	}
}

static void legend_write(FILE *out, const struct figure *figure)
{
	const json_t *series;
	unsigned int index = 0;
	size_t i;

	fputs("<p class=\"legend\">", out);
	json_array_foreach(json_object_get(figure->group, "series"), i, series)
	{
		if (!shows(figure, series))
			continue;
		fputs("<span>", out);
		svg_icon(out, index++, false);
		export_escaped(out, json_get_text(series, "arm", ""));
		if (figure->ratios) {
			fputs(" against ", out);
			export_escaped(out,
				       json_get_text(series, "against", ""));
		}
		fputs("</span>\n", out);
	}
	fputs("</p>\n", out);
}

/* number: of the changes drawn so far in the group. */
static void figure_write(FILE *out, const json_t *group, size_t group_index,
			 bool ratios, unsigned int *number)
{
	struct figure figure = {
		.group = group,
		.ratios = ratios,
		.results = json_array_size(json_object_get(group, "results")),
	};
	const char *title = ratios ? "change of p50 against the baseline"
				   : "p50, us: the median of the trials'";
	const json_t *series, *point;
	unsigned int index = 0;
	char id[48];
	size_t i, j;

	if (!scale_set(&figure))
		return;
	snprintf(id, sizeof(id), "%s%zu", ratios ? "ratios" : "arms",
		 group_index);
	fputs("<figure>\n", out);
	legend_write(out, &figure);
	svg_open(out, id, HEIGHT, title,
		 "A mark a result, from the oldest to the newest; a numbered "
		 "line is where the level changes. Below, when they ran, and "
		 "of which version the programs were.");
	if (ratios)
		ratio_axis(out, &figure, title);
	else
		plot_us_axis(out, &figure.scale, TOP, BOTTOM, "");
	if (!ratios)
		svg_text(out, 0, 14, SVG_START, "axis", title);
	times_write(out, &figure);
	versions_write(out, &figure);
	json_array_foreach(json_object_get(group, "series"), i, series)
	{
		if (!shows(&figure, series))
			continue;
		levels_draw(out, &figure, series, index, number);
		json_array_foreach(json_object_get(series, "points"), j, point)
			point_draw(out, &figure, series, point, index);
		index++;
	}
	svg_close(out);
	fputs("</figure>\n", out);
}

static void level_write(FILE *out, const json_t *series, double value)
{
	if (is_ratio(series))
		fprintf(out, "%+.1f %%", (value - 1) * 100);
	else
		fprintf(out, "%.2f us", value / 1e3);
}

static void change_write(FILE *out, const json_t *group, const json_t *series,
			 const json_t *change, unsigned int number)
{
	const json_t *result =
		json_array_get(json_object_get(group, "results"),
			       (size_t)json_get_integer(change, "result"));
	const double before = json_get_number(change, "before");
	const double after = json_get_number(change, "after");

	fprintf(out,
		"<div class=\"call %s\"><p><span class=\"sign\" "
		"aria-hidden=\"true\">%s</span>%u: <strong>",
		after < before ? "faster" : "slower",
		after < before ? "\u25bc" : "\u25b2", number);
	export_escaped(out, json_get_text(series, "arm", ""));
	fputs("</strong>", out);
	if (is_ratio(series)) {
		fputs(" against ", out);
		export_escaped(out, json_get_text(series, "against", ""));
		fputs(": <strong>", out);
	} else {
		fputs(": <strong>p50 ", out);
	}
	level_write(out, series, before);
	fputs(" \u2192 ", out);
	level_write(out, series, after);
	fputs("</strong></p>\n<p class=\"figures\">since ", out);
	export_escaped(out, json_get_text(result, "started", ""));
	fputs(", programs ", out);
	export_escaped(out, json_get_text(result, "version", "unknown"));
	fprintf(out, "; p %.2g; ", json_get_number(change, "p"));
	export_escaped(out, json_get_text(result, "folder", ""));
	fputs("</p></div>\n", out);
}

/* Of the ratios first, as the figures number them. */
static void changes_write(FILE *out, const json_t *group)
{
	const json_t *all = json_object_get(group, "series"), *series, *change;
	unsigned int number = 0;
	size_t i, j;

	for (int ratios = 1; ratios >= 0; ratios--)
		json_array_foreach(all, i, series)
		{
			if (is_ratio(series) != (bool)ratios)
				continue;
			json_array_foreach(json_object_get(series, "changes"),
					   j, change)
				change_write(out, group, series, change,
					     ++number);
		}
	if (number == 0)
		fputs("<div class=\"call open\"><p>No change of level was "
		      "found.</p></div>\n",
		      out);
}

static void group_write(FILE *out, const json_t *group, size_t index)
{
	const json_t *results = json_object_get(group, "results");
	char title[HISTORY_TITLE_MAX];
	unsigned int number = 0;

	page_tagged(out, "h2", history_title(group, title));
	if (json_array_size(results) < 2) {
		fputs("<p>One result, and nothing to hold it against: ", out);
		export_escaped(out, json_get_text(json_array_get(results, 0),
						  "folder", ""));
		fputs("</p>\n", out);
		return;
	}
	fprintf(out, "<p class=\"facts\"><span>results <b>%zu</b></span></p>\n",
		json_array_size(results));
	changes_write(out, group);
	figure_write(out, group, index, true, &number);
	figure_write(out, group, index, false, &number);
}

void history_page(FILE *out, const json_t *history)
{
	const json_t *one;
	size_t i;

	page_head(out, "What changed over the results that were kept");
	json_array_foreach(json_object_get(history, "groups"), i, one)
	{
		group_write(out, one, i);
	}
	fprintf(out,
		"<p class=\"note\">Results of the same machine, kernel, place "
		"and load stand in one figure, of whatever version of the "
		"programs. A change is one of level, with %d results at least "
		"on each side, by E-divisive; all series together err in 5 %% "
		"of histories, unless results resemble those next to them: a "
		"machine that wanders is called changed.</p>\n",
		CHANGE_POINTS_LEVEL);
	json_array_foreach(json_object_get(history, "left_out"), i, one)
	{
		fputs("<p class=\"note\">Left out: ", out);
		export_escaped(out, json_get_text(one, "folder", ""));
		fputs(": ", out);
		export_escaped(out, json_get_text(one, "reason", ""));
		fputs("</p>\n", out);
	}
	page_end(out);
}
