/* SPDX-License-Identifier: MIT */
#include "report/power_report.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "report/export.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/scale.h"
#include "report/schema.h"
#include "report/svg.h"

#define SCHEMA	   "t2t-lab-power/1"
#define NAME	   "power.json"
#define WHAT_MAX   64
#define CALLS_MAX  256
#define POINTS_MAX 16
#define HEIGHT	   320
#define TOP	   36
#define BOTTOM	   (HEIGHT - 48)

static const struct schema_row rows[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "arm", .type = SCHEMA_STRING },
	{ .key = "pace", .type = SCHEMA_STRING },
	{ .key = "kinds", .type = SCHEMA_ARRAY },
	{ .key = NULL },
};

bool power_report_is(const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, NAME) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

int power_report_load(const char *folder, json_t **power)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", folder, NAME) >= PATH_MAX)
		return -ENAMETOOLONG;
	return schema_load(path, SCHEMA, rows, power);
}

/* The two curves: of campaigns by themselves, and of those beside processes
 * that never sleep. */
static const struct curve {
	const char *kind, *name; /* what the kinds' names begin with */
	bool hollow;
} curves[] = {
	{ "curve", "by itself", false },
	{ "busy", "beside busy processes", true },
};

/* "slower by 5 %, 2 busy" */
static const char *what_of(const json_t *kind, char text[static WHAT_MAX])
{
	const double percent = json_get_number(kind, "percent");
	const double ns = json_get_number(kind, "ns");
	const json_int_t busy = json_get_integer(kind, "busy");
	int n;

	if (percent > 0)
		n = snprintf(text, WHAT_MAX, "slower by %g %%", percent);
	else if (ns > 0)
		n = snprintf(text, WHAT_MAX, "slower by %g us", ns / 1e3);
	else
		n = snprintf(text, WHAT_MAX, "the same arm");
	if (busy > 0)
		snprintf(text + n, WHAT_MAX - (size_t)n, ", %lld busy",
			 (long long)busy);
	return text;
}

/* "slower 19, ~ 1" */
static const char *calls_of(const json_t *kind, char text[static CALLS_MAX])
{
	json_t *calls = json_object_get(kind, "calls"), *count;
	const char *call;
	size_t n = 0;

	*text = '\0';
	json_object_foreach(calls, call, count)
	{
		if (n < CALLS_MAX)
			n += (size_t)snprintf(
				text + n, CALLS_MAX - n, "%s%s %lld",
				n ? ", " : "", call,
				(long long)json_integer_value(count));
	}
	return text;
}

void power_report_print(FILE *out, const json_t *power)
{
	const json_t *kind;
	size_t i;

	fprintf(out, "power of %s, pace %s\n%-22s %-20s %10s %12s  %s\n",
		json_get_text(power, "arm", "unknown"),
		json_get_text(power, "pace", "unknown"), "campaigns", "until",
		"right", "half by, s", "what they said");
	json_array_foreach(json_object_get(power, "kinds"), i, kind)
	{
		const json_t *seconds = json_object_get(kind, "seconds");
		char what[WHAT_MAX], calls[CALLS_MAX];

		fprintf(out, "%-22s %-20s %3lld of %3lld ", what_of(kind, what),
			json_get_text(kind, "until", "unknown"),
			(long long)json_get_integer(kind, "right"),
			(long long)json_get_integer(kind, "of"));
		if (json_is_number(seconds))
			fprintf(out, "%12.1f", json_number_value(seconds));
		else
			fprintf(out, "%12s", "-");
		fprintf(out, "  %s\n", calls_of(kind, calls));
	}
}

static void row_write(FILE *out, const json_t *kind)
{
	const json_t *seconds = json_object_get(kind, "seconds");
	char what[WHAT_MAX], calls[CALLS_MAX];

	fputs("<tr>", out);
	page_tagged(out, "td", what_of(kind, what));
	page_tagged(out, "td", json_get_text(kind, "until", ""));
	fprintf(out, "<td>%lld of %lld</td>",
		(long long)json_get_integer(kind, "right"),
		(long long)json_get_integer(kind, "of"));
	if (json_is_number(seconds))
		fprintf(out, "<td>%.1f s</td>", json_number_value(seconds));
	else
		fputs("<td>-</td>", out);
	fprintf(out, "<td>%.2f</td>", json_get_number(kind, "others_cpus"));
	page_tagged(out, "td", calls_of(kind, calls));
	fputs("</tr>\n", out);
}

/* Of one curve: by each size when half of its campaigns were decided, and when
 * the first and the last one; all three their limit where fewer than half
 * were. */
struct points {
	double percents[POINTS_MAX], seconds[POINTS_MAX];
	double first[POINTS_MAX], last[POINTS_MAX];
	bool beyond[POINTS_MAX];
	size_t count;
};

/* Seconds, of "decided,120"; 0: it has none. */
static double limit_of(const json_t *kind)
{
	const char *comma = strrchr(json_get_text(kind, "until", ""), ',');

	return comma ? strtod(comma + 1, NULL) : 0;
}

static void points_add(const json_t *power, const struct curve *curve,
		       struct points *points)
{
	const json_t *kind;
	size_t i;

	json_array_foreach(json_object_get(power, "kinds"), i, kind)
	{
		const json_t *seconds = json_object_get(kind, "seconds");
		const json_t *times = json_object_get(kind, "times");
		const size_t at = points->count, of = json_array_size(times);
		double value = json_is_number(seconds)
				       ? json_number_value(seconds)
				       : limit_of(kind);

		if (strncmp(json_get_text(kind, "kind", ""), curve->kind,
			    strlen(curve->kind)) != 0 ||
		    value <= 0 || points->count == POINTS_MAX)
			continue;
		points->percents[at] = json_get_number(kind, "percent");
		points->seconds[at] = value;
		points->beyond[at] = !json_is_number(seconds);
		points->first[at] = points->last[at] = value;
		if (of > 0 && !points->beyond[at]) {
			points->first[at] =
				json_number_value(json_array_get(times, 0));
			points->last[at] = json_number_value(
				json_array_get(times, of - 1));
		}
		points->count++;
	}
}

/* Per cent. */
static const struct scale across = { 0.8, 12.5, true };

static double x_of(double percent)
{
	return PLOT_LEFT +
	       scale_at(&across, percent) * (PLOT_RIGHT - PLOT_LEFT);
}

static void point_draw(FILE *out, const struct points *points, size_t i,
		       const struct scale *up, unsigned int number)
{
	const double x = x_of(points->percents[i]);
	const double y = plot_y(up, TOP, BOTTOM, points->seconds[i]);
	char text[WHAT_MAX], class[16];

	if (points->beyond[i]) {
		snprintf(class, sizeof(class), "c%u", number);
		snprintf(text, sizeof(text), "%g %%: not within %g s, %s",
			 points->percents[i], points->seconds[i],
			 curves[number].name);
		svg_cross(out, x, y, class, text);
		return;
	}
	snprintf(class, sizeof(class), "reach c%u", number);
	svg_line(out, x, plot_y(up, TOP, BOTTOM, points->first[i]), x,
		 plot_y(up, TOP, BOTTOM, points->last[i]), class);
	snprintf(text, sizeof(text), "%g %%: %.1f s, %s", points->percents[i],
		 points->seconds[i], curves[number].name);
	svg_mark(out, x, y, number, curves[number].hollow, text);
}

static void sizes_write(FILE *out)
{
	double ticks[SCALE_TICKS_MAX];
	const size_t count = scale_ticks(&across, SCALE_TICKS_MAX, ticks);
	char text[WHAT_MAX];

	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%g %%", ticks[i]);
		svg_text(out, x_of(ticks[i]), BOTTOM + 18, SVG_MIDDLE, "tick",
			 text);
	}
}

static void legend_write(FILE *out)
{
	fputs("<p class=\"legend\">", out);
	for (unsigned int i = 0; i < ARRAY_SIZE(curves); i++) {
		fputs("<span>", out);
		svg_icon(out, i, curves[i].hollow);
		fprintf(out, "%s</span>\n", curves[i].name);
	}
	fputs("<span>line: from the first to the last that was decided</span>\n"
	      "<span>x: fewer than half within their limit</span></p>\n",
	      out);
}

/* The true difference against the time until half are decided, both on
 * logarithmic scales; a mark a size. */
static void curves_draw(FILE *out, const json_t *power)
{
	struct points points[ARRAY_SIZE(curves)] = { 0 };
	double seconds[ARRAY_SIZE(curves) * POINTS_MAX * 2];
	struct scale up;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		points_add(power, &curves[i], &points[i]);
		for (size_t j = 0; j < points[i].count; j++) {
			seconds[n++] = points[i].first[j];
			seconds[n++] = points[i].last[j];
		}
	}
	if (n == 0) {
		fputs("<p class=\"note\">No curve: none of its campaigns were "
		      "run.</p>\n",
		      out);
		return;
	}
	up = scale_of(seconds, n, true);
	legend_write(out);
	svg_open(out, "power", HEIGHT, "Seconds until half are decided",
		 "A mark for each true difference, in per cent, and each "
		 "machine: by itself or busy.");
	plot_us_axis(out, &up, TOP, BOTTOM, "seconds until half are decided");
	sizes_write(out);
	for (unsigned int i = 0; i < ARRAY_SIZE(curves); i++)
		for (size_t j = 0; j < points[i].count; j++)
			point_draw(out, &points[i], j, &up, i);
	svg_close(out);
}

void power_report_page(FILE *out, const json_t *power)
{
	const json_t *kind;
	size_t i;

	page_head(out, "How small a difference does this lab find?");
	fputs("<p>Arm ", out);
	export_escaped(out, json_get_text(power, "arm", ""));
	fputs(", pace ", out);
	export_escaped(out, json_get_text(power, "pace", ""));
	fputs("</p>\n", out);
	curves_draw(out, power);
	fputs("<div class=\"wide\"><table><tr><th>campaigns</th><th>until</th>"
	      "<th>right</th><th>half by</th><th>others' CPUs</th>"
	      "<th>what they said</th></tr>\n",
	      out);
	json_array_foreach(json_object_get(power, "kinds"), i, kind)
	{
		row_write(out, kind);
	}
	fputs("</table></div>\n<p class=\"note\">Each is a whole campaign of "
	      "an arm and itself, or itself slowed down. Right: of the same "
	      "arm no difference, of one until equivalent that it is. Half by: "
	      "when half of all campaigns had said so. Busy: so many "
	      "processes beside it that never sleep.</p>\n",
	      out);
	page_end(out);
}
