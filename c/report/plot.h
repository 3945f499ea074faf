/* SPDX-License-Identifier: MIT */
/* The figures of a campaign's page (report/svg.h). An arm has the same colour
 * and shape in each; the baseline's second run has the baseline's, hollow. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"
#include "report/scale.h"

/* Where the part of a figure that has scales begins and ends, as a share of
 * its width. */
#define PLOT_LEFT  0.09
#define PLOT_RIGHT 0.985

/* Every comparison's interval, the A/A one's last, on one scale, with what is
 * no difference where the campaign says. */
void plot_forest(FILE *out, const struct results *results,
		 const json_t *summary);

/* Every arm's percentiles of all orders, each with the interval that its
 * trials give (stats/quantile_band.h). 0 or -ENOMEM. */
int plot_percentiles(FILE *out, const struct results *results);

/* Every trial's p50 in the order they ran, marked as report/trial_mark.h has
 * it, and the baseline's drift where the summary found one. 0 or -ENOMEM. */
int plot_trials(FILE *out, const struct results *results,
		const json_t *summary);

/* Every arm's p50, and what of it the trader's stages take. */
void plot_stages(FILE *out, const struct results *results,
		 const json_t *summary);

/* For the above: an arm's number for svg_mark(), and whether it is hollow. */
unsigned int plot_mark(const struct results *results, unsigned int arm);
bool plot_hollow(const struct results *results, unsigned int arm);

/* Which mark is whose, above a figure. */
void plot_legend(FILE *out, const struct results *results);

/* Beside a row's name there is room for its figures on a phone, or, where one
 * of the names is long, below them: so many pixels more in each row, or 0. */
double plot_name_room(const struct results *results);

/* A name cut to what a phone has room for, between letters of UTF-8. Returns
 * text. */
#define PLOT_NAME_MAX 192
const char *plot_name(const char *name, char text[static PLOT_NAME_MAX]);

/* The vertical scale of us with its grid, top to bottom in pixels. */
void plot_us_axis(FILE *out, const struct scale *scale, double top,
		  double bottom, const char *title);

/* Its place there. */
double plot_y(const struct scale *scale, double top, double bottom,
	      double value);

#endif
