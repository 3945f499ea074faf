/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/plot.h"
#include "report/svg.h"
#include "stats/percentile.h"
#include "stats/quantile_band.h"

#define HEIGHT	   400
#define TOP	   30
#define BOTTOM	   (HEIGHT - 44)
#define PER_DECADE 24
/* 99.9999999 % of what there is: more than anyone measures. */
#define POINTS_MAX (9 * PER_DECADE + 1)
#define TITLE	   "All of each arm, by percentile"
#define DESCRIPTION                                        \
	"A line an arm: latency, us, by percentile, with " \
	"the band in which it would be with other trials of the same."

/* One arm's. */
struct curve {
	struct quantile_band points[POINTS_MAX];
	size_t count;
};

/* 1 / (1 - percentile): each decade is another nine. */
static double far_of(size_t point)
{
	return pow(10, (double)point / PER_DECADE);
}

/* The trials that count, and how many samples they have. */
static size_t trials_of(const struct results *results, unsigned int arm,
			struct quantile_trial *trials, size_t *samples)
{
	size_t count = 0;

	*samples = 0;
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		if (!results_counts(trial, arm))
			continue;
		trials[count++] =
			(struct quantile_trial){ trial->ns,
						 trial->percentiles.count };
		*samples += trial->percentiles.count;
	}
	return count;
}

static int curve_make(const struct results *results, unsigned int arm,
		      struct quantile_trial *trials, struct curve *curve)
{
	double percents[POINTS_MAX];
	size_t samples, count = trials_of(results, arm, trials, &samples);

	curve->count = 0;
	while (curve->count < POINTS_MAX) {
		double percent = 100 * (1 - 1 / far_of(curve->count));

		/* Further out it is one or another of the largest. */
		if (!percentile_supported(samples, percent))
			break;
		percents[curve->count++] = percent;
	}
	return quantile_bands(trials, count, percents, curve->count, 1,
			      curve->points);
}

static void x_axis(FILE *out, size_t points)
{
	static const char *const names[] = { "0 %",	 "90 %",    "99 %",
					     "99.9 %",	 "99.99 %", "99.999 %",
					     "99.9999 %" };
	const double most = (double)points - 1;
	const double half = log10(2) * PER_DECADE;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double at = (double)(i * PER_DECADE) / most;
		double x = PLOT_LEFT + at * (PLOT_RIGHT - PLOT_LEFT);

		if (at > 1)
			break;
		svg_line(out, x, TOP, x, BOTTOM, "grid");
		svg_text(out, fmin(x, 0.95), BOTTOM + 18, SVG_MIDDLE, "tick",
			 names[i]);
	}
	if (half <= most) {
		double x = PLOT_LEFT + half / most * (PLOT_RIGHT - PLOT_LEFT);

		svg_line(out, x, TOP, x, BOTTOM, "grid");
		svg_text(out, x, BOTTOM + 18, SVG_MIDDLE, "tick", "50 %");
	}
	svg_text(out, PLOT_RIGHT, BOTTOM + 36, SVG_END, "axis", "percentile");
}

static double y_of(const struct scale *scale, uint64_t ns)
{
	return plot_y(scale, TOP, BOTTOM, (double)ns / 1e3) - TOP;
}

/* There along the lower ends, back along the upper ones; then the line. */
static void curve_draw(FILE *out, const struct scale *scale,
		       const struct curve *curve, size_t most,
		       unsigned int colour, bool dashed)
{
	const double width = (double)most - 1;

	fprintf(out, "<path class=\"band c%u\" d=\"", colour % SVG_COLOURS);
	for (size_t i = 0; i < curve->count; i++)
		svg_point(out, (double)i / width,
			  y_of(scale, curve->points[i].low), i == 0);
	for (size_t i = curve->count; i-- > 0;)
		svg_point(out, (double)i / width,
			  y_of(scale, curve->points[i].high), false);
	fprintf(out, "Z\"/>\n<path class=\"curve%s c%u\" d=\"",
		dashed ? " dashed" : "", colour % SVG_COLOURS);
	for (size_t i = 0; i < curve->count; i++)
		svg_point(out, (double)i / width,
			  y_of(scale, curve->points[i].value), i == 0);
	fputs("\"/>\n", out);
}

/* On the line, so that it is known in grey too. */
static void marks_draw(FILE *out, const struct results *results,
		       const struct scale *scale, const struct curve *curve,
		       size_t most, unsigned int arm)
{
	const size_t step = PER_DECADE / 3;

	/* Not at the same places as the other arms'. */
	for (size_t i = arm * 2 % step; i < curve->count; i += step)
		svg_mark(out,
			 PLOT_LEFT + (double)i / ((double)most - 1) *
					     (PLOT_RIGHT - PLOT_LEFT),
			 TOP + y_of(scale, curve->points[i].value),
			 plot_mark(results, arm), plot_hollow(results, arm),
			 results_arm_name(results, arm));
}

static struct scale scale_of_all(const struct curve *curves, size_t count)
{
	double ends[2] = { NAN, NAN };

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < curves[i].count; j++) {
			ends[0] = fmin(ends[0],
				       (double)curves[i].points[j].low / 1e3);
			ends[1] = fmax(ends[1],
				       (double)curves[i].points[j].high / 1e3);
		}
	return scale_of(ends, 2, true);
}

static void figure_draw(FILE *out, const struct results *results,
			const struct curve *curves, size_t most)
{
	const struct scale scale = scale_of_all(curves, results->arm_count);
	char axis[64];

	fputs("<figure>\n", out);
	plot_legend(out, results);
	svg_open(out, "percentiles", HEIGHT, TITLE, DESCRIPTION);
	snprintf(axis, sizeof(axis), "us, %s", results->measured->title);
	plot_us_axis(out, &scale, TOP, BOTTOM, axis);
	x_axis(out, most);
	svg_area_open(out, PLOT_LEFT, PLOT_RIGHT, TOP, BOTTOM - TOP);
	for (unsigned int arm = 0; arm < results->arm_count; arm++)
		curve_draw(out, &scale, &curves[arm], most,
			   plot_mark(results, arm), plot_hollow(results, arm));
	svg_area_close(out);
	for (unsigned int arm = 0; arm < results->arm_count; arm++)
		marks_draw(out, results, &scale, &curves[arm], most, arm);
	svg_close(out);
	fprintf(out,
		"<figcaption>All %s of the trials that count, as far as ten "
		"lie beyond. Band: where each percentile would be with other "
		"trials of the same, 95 %% of the time, each by itself; whole "
		"trials are drawn anew for it.</figcaption>\n</figure>\n",
		results->measured->all);
}

int plot_percentiles(FILE *out, const struct results *results)
{
	struct quantile_trial *trials =
		calloc(results->count + 1, sizeof(*trials));
	struct curve *curves = calloc(results->arm_count, sizeof(*curves));
	int err = trials && curves ? 0 : -ENOMEM;
	size_t most = 2;

	for (unsigned int arm = 0; arm < results->arm_count && !err; arm++) {
		err = curve_make(results, arm, trials, &curves[arm]);
		if (curves && curves[arm].count > most)
			most = curves[arm].count;
	}
	if (!err)
		figure_draw(out, results, curves, most);
	free(curves);
	free(trials);
	return err;
}
