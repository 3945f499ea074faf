/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/json_get.h"
#include "report/measured.h"
#include "report/export.h"
#include "report/plot.h"
#include "report/stages.h"
#include "report/svg.h"

#define ROW    50
#define BAR    20 /* its height */
#define BOTTOM 40
#define TITLE  "Where an order's time goes, by arm"
#define DESCRIPTION                                                       \
	"A bar an arm, as long as its p50, wire to wire; within it what " \
	"each of the trader's stages takes, one after the other."

/* What an arm's bar is made of, us. */
struct bar {
	double stages[STAGES]; /* NAN: not told */
	double sum, whole;     /* of the stages; wire to wire, NAN: none */
};

static struct bar bar_of(const json_t *arm)
{
	const json_t *medians = json_object_get(arm, "stages_p50_ns");
	const json_t *whole = json_object_get(measured_ns(arm), "p50");
	struct bar bar = { .whole = json_is_number(whole)
					    ? json_number_value(whole) / 1e3
					    : NAN };

	for (size_t i = 0; i < STAGES; i++) {
		const json_t *ns = json_object_get(medians, stages[i].key);

		bar.stages[i] =
			json_is_number(ns) ? json_number_value(ns) / 1e3 : NAN;
		if (!isnan(bar.stages[i]))
			bar.sum += bar.stages[i];
	}
	return bar;
}

static double x_of(double us, double most)
{
	return us / most;
}

/* "7.14 + 0.13 + 2.40, of 12.90 us" */
static void words_write(char text[static 128], const struct bar *bar)
{
	int n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < STAGES && n < 90; i++)
		if (!isnan(bar->stages[i]))
			n += snprintf(text + n, 128 - (size_t)n, "%s%.2f",
				      n ? " + " : "", bar->stages[i]);
	if (!isnan(bar->whole))
		snprintf(text + n, 128 - (size_t)n, "%s%.2f us",
			 n ? ", of " : "", bar->whole);
	else
		snprintf(text + n, 128 - (size_t)n, " us");
}

static void bar_draw(FILE *out, const char *name, const struct bar *bar,
		     double most, double top, double more)
{
	char text[128], shown[PLOT_NAME_MAX];
	double from = 0;

	svg_text(out, 0, top + 15, SVG_START, "name", plot_name(name, shown));
	words_write(text, bar);
	top += more;
	svg_text(out, 1, top + 15, SVG_END, "word", text);
	if (!isnan(bar->whole))
		svg_box(out, 0, x_of(bar->whole, most), top + 21, BAR, "rest",
			"p50, wire to wire");
	for (size_t i = 0; i < STAGES; i++) {
		char class[16];

		if (isnan(bar->stages[i]))
			continue;
		snprintf(class, sizeof(class), "s%zu", i);
		svg_box(out, x_of(from, most),
			x_of(from + bar->stages[i], most), top + 21, BAR, class,
			stages[i].text);
		from += bar->stages[i];
	}
	if (!isnan(bar->whole))
		svg_box(out, x_of(bar->whole, most) - 0.002,
			x_of(bar->whole, most) + 0.002, top + 18, BAR + 6,
			"whole", "p50, wire to wire");
}

static void axis_draw(FILE *out, double most, double bottom)
{
	const struct scale scale = { 0, most, false };
	double ticks[SCALE_TICKS_MAX];
	const size_t count = scale_ticks(&scale, 6, ticks);
	char text[SCALE_LABEL_MAX];

	for (size_t i = 0; i < count; i++) {
		double x = x_of(ticks[i], most);

		svg_line(out, x, bottom, x, bottom + 4, "equal");
		svg_text(out, fmin(x, 0.97), bottom + 18,
			 i ? SVG_MIDDLE : SVG_START, "tick",
			 scale_label(ticks[i], text));
	}
	svg_line(out, 0, bottom, 1, bottom, "equal");
	svg_text(out, 0, bottom + 34, SVG_START, "axis", "us");
}

static void legend_write(FILE *out)
{
	fputs("<p class=\"legend\">", out);
	for (size_t i = 0; i < STAGES; i++)
		fprintf(out, "<span><b class=\"swatch s%zu\"></b>%s</span>\n",
			i, stages[i].text);
	fputs("<span><b class=\"swatch rest\"></b>wire, and kernel before and "
	      "after these</span>\n<span><b class=\"swatch whole\"></b>p50, "
	      "wire to wire</span></p>\n",
	      out);
}

void plot_stages(FILE *out, const struct results *results,
		 const json_t *summary)
{
	const json_t *arms = json_object_get(summary, "arms"), *arm;
	const double more = plot_name_room(results);
	double most = 0, told = 0, top = 0;
	size_t i;

	json_array_foreach(arms, i, arm)
	{
		const struct bar bar = bar_of(arm);

		most = fmax(most, fmax(bar.sum, bar.whole));
		told += bar.sum;
	}
	if (!(told > 0))
		return;
	most *= 1.02;
	fputs("<h2>Where the time goes</h2>\n<figure>\n", out);
	legend_write(out);
	svg_open(out, "stages", (ROW + more) * results->arm_count + BOTTOM,
		 TITLE, DESCRIPTION);
	json_array_foreach(arms, i, arm)
	{
		const struct bar bar = bar_of(arm);

		bar_draw(out, json_get_text(arm, "receive", ""), &bar, most,
			 top, more);
		top += ROW + more;
	}
	axis_draw(out, most, top + 2);
	svg_close(out);
	fputs("<figcaption>Medians over trials of each stage's p50, by the "
	      "trader's own clock. The last stage ends when the send has "
	      "returned, which may be after the frame has left: then it "
	      "reaches beyond p50. What differs, and how surely, stands "
	      "below.</figcaption>\n</figure>\n",
	      out);
}
