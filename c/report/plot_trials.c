/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "report/measured.h"
#include "report/plot.h"
#include "report/svg.h"
#include "report/trial_mark.h"

#define HEIGHT 360
#define TOP    36
#define BOTTOM (HEIGHT - 48)
/* Below the scale, where trials without a figure stand, if there are any. */
#define LANE  (BOTTOM - 14)
#define TITLE "Every trial's p50, in the order they ran"
#define DESCRIPTION                                                         \
	"A mark a trial: its p50, us. Blocks are shaded by turns. A cross " \
	"is a trial that enters no figure."

/* Trials are numbered from 1, as they ran. */
struct frame {
	double last;   /* trial */
	double bottom; /* of the scale, px */
	struct scale scale;
};

static double x_of(const struct frame *frame, double number)
{
	double at = (number - 0.5) / frame->last;

	return PLOT_LEFT + fmin(fmax(at, 0), 1) * (PLOT_RIGHT - PLOT_LEFT);
}

static bool has_figure(const struct results_trial *trial)
{
	return trial->word != RESULTS_VOID && trial->percentiles.count > 0 &&
	       trial->percentiles.p50 > 0;
}

/* The numbers of a block's first and last trial. False: it has none. */
static bool block_ends(const struct results *results, unsigned int block,
		       unsigned int *first, unsigned int *last)
{
	*first = 0;
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		if (trial->block != block)
			continue;
		if (!*first)
			*first = trial->number;
		*last = trial->number;
	}
	return *first > 0;
}

/* Which of them have their number below, so that they don't touch. */
static unsigned int every(unsigned int blocks)
{
	static const unsigned int steps[] = { 1, 2, 5, 10, 20, 50, 100 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (blocks / steps[i] <= 12)
			return steps[i];
	return 200;
}

static void blocks_draw(FILE *out, const struct results *results,
			const struct frame *frame)
{
	const unsigned int step = every(results->blocks);
	unsigned int first, last;

	for (unsigned int block = 0; block < results->blocks; block++) {
		char text[24];
		double x1, x2;

		if (!block_ends(results, block, &first, &last))
			continue;
		x1 = x_of(frame, first - 0.5);
		x2 = x_of(frame, last + 0.5);
		snprintf(text, sizeof(text), "%u", block + 1);
		if (block % 2)
			svg_box(out, x1, x2, TOP, BOTTOM - TOP, "shade", NULL);
		if ((block + 1) % step == 0 || step == 1)
			svg_text(out, (x1 + x2) / 2, HEIGHT - 28, SVG_MIDDLE,
				 "tick", text);
	}
	svg_line(out, PLOT_LEFT, BOTTOM, PLOT_RIGHT, BOTTOM, "equal");
	if (frame->bottom < LANE)
		svg_text(out, PLOT_LEFT - 0.01, LANE + 4, SVG_END, "tick",
			 "none");
	svg_text(out, PLOT_RIGHT, HEIGHT - 8, SVG_END, "axis",
		 "block, in the order they ran");
}

/* "17, block 4, spin: 4.31 us; counts, but: why" */
static void tip_make(char text[static 512], const struct results *results,
		     const struct results_trial *trial,
		     const struct trial_mark *mark)
{
	int n = snprintf(text, 512, "trial %u, block %u, %.100s", trial->number,
			 trial->block + 1,
			 results_arm_name(results, trial->arm));

	if (has_figure(trial))
		n += snprintf(text + n, 512 - (size_t)n, ": p50 %.2f us",
			      (double)trial->percentiles.p50 / 1e3);
	if (mark->kind != TRIAL_MARK_NONE)
		snprintf(text + n, 512 - (size_t)n, "; %s%s%s",
			 trial_mark_words[mark->kind], *mark->why ? ": " : "",
			 mark->why);
}

/* Returns its mark. */
static enum trial_mark_kind trial_draw(FILE *out, const struct results *results,
				       const struct results_trial *trial,
				       const struct frame *frame)
{
	const struct trial_mark mark =
		trial_mark(trial->json, trial->block_void);
	const double x = x_of(frame, trial->number);
	char tip[512];
	double y = LANE;

	tip_make(tip, results, trial, &mark);
	if (has_figure(trial))
		y = plot_y(&frame->scale, TOP, frame->bottom,
			   (double)trial->percentiles.p50 / 1e3);
	if (!trial_mark_counts(&mark) || !has_figure(trial)) {
		svg_cross(out, x, y, "wrong", tip);
		return mark.kind;
	}
	svg_mark(out, x, y, plot_mark(results, trial->arm),
		 plot_hollow(results, trial->arm), tip);
	if (mark.kind == TRIAL_MARK_NOTED)
		svg_text(out, x, y - 7, SVG_MIDDLE, "noted", "!");
	return mark.kind;
}

/* Those of blocks that were made again: below where they would stand. */
static size_t aside_draw(FILE *out, const json_t *trials,
			 const struct frame *frame)
{
	const json_t *json;
	char tip[512];
	size_t i;

	json_array_foreach(trials, i, json)
	{
		const struct trial_mark mark = trial_mark_aside(json);

		snprintf(tip, sizeof(tip), "made again: trial %lld: %s%s%s",
			 (long long)json_get_integer(json, "number"),
			 trial_mark_words[mark.kind], *mark.why ? ": " : "",
			 mark.why);
		svg_cross(out, x_of(frame, json_get_number(json, "number")),
			  LANE, "aside", tip);
	}
	return i;
}

/* Where the summary says that the baseline drifts: from where to where, its
 * median in the middle. False: it doesn't. */
static bool drift_draw(FILE *out, const json_t *summary,
		       const struct frame *frame)
{
	const json_t *drift = json_object_get(
		json_object_get(summary, "steadiness"), "drift");
	const json_t *arm = json_array_get(json_object_get(summary, "arms"), 0);
	const double us = json_get_number(measured_ns(arm), "p50") / 1e3;
	const double half = sqrt(1 + json_get_number(drift, "whole"));

	if (!json_is_true(json_object_get(drift, "found")) || !(us > 0) ||
	    !(half > 0))
		return false;
	svg_line(out, x_of(frame, 1),
		 plot_y(&frame->scale, TOP, frame->bottom, us / half),
		 x_of(frame, frame->last),
		 plot_y(&frame->scale, TOP, frame->bottom, us * half), "drift");
	return true;
}

/* What the crosses and marks are, as many as there are. */
static void caption_write(FILE *out, const size_t kinds[TRIAL_MARKS],
			  size_t aside, bool drifts)
{
	fputs("<figcaption>", out);
	if (kinds[TRIAL_MARK_NOTED] > 0)
		fprintf(out,
			"!: %zu count, but something is to be said of "
			"them. ",
			kinds[TRIAL_MARK_NOTED]);
	for (size_t i = TRIAL_MARK_INCORRECT; i < TRIAL_MARKS; i++)
		if (kinds[i] > 0)
			fprintf(out, "Red cross, %s: %zu. ",
				trial_mark_words[i], kinds[i]);
	if (aside > 0)
		fprintf(out,
			"Grey crosses: %zu trials of blocks that were made "
			"again. ",
			aside);
	if (drifts)
		fputs("Broken line: the baseline drifts. ", out);
	fputs("What rises or falls for all arms alike is the machine, and "
	      "blocks take it out of the comparison.</figcaption>\n",
	      out);
}

/* 0 or -ENOMEM. */
static int frame_make(const struct results *results, struct frame *frame)
{
	double *us = calloc(results->count + 1, sizeof(*us));
	bool lane = json_array_size(results->aside) +
			    json_array_size(results->gated) >
		    0;
	size_t count = 0;

	if (!us)
		return -ENOMEM;
	frame->last = 1;
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		frame->last = fmax(frame->last, trial->number);
		if (has_figure(trial))
			us[count++] = (double)trial->percentiles.p50 / 1e3;
		else
			lane = true;
	}
	frame->scale = scale_of(us, count, true);
	frame->bottom = lane ? LANE - 18 : BOTTOM;
	free(us);
	return 0;
}

int plot_trials(FILE *out, const struct results *results, const json_t *summary)
{
	size_t kinds[TRIAL_MARKS] = { 0 }, aside;
	struct frame frame;
	bool drifts;
	int err = frame_make(results, &frame);

	if (err)
		return err;
	fputs("<figure>\n", out);
	plot_legend(out, results);
	svg_open(out, "trials", HEIGHT, TITLE, DESCRIPTION);
	blocks_draw(out, results, &frame);
	plot_us_axis(out, &frame.scale, TOP, frame.bottom,
		     "us, p50 of each trial");
	drifts = drift_draw(out, summary, &frame);
	aside = aside_draw(out, results->aside, &frame) +
		aside_draw(out, results->gated, &frame);
	for (size_t i = 0; i < results->count; i++)
		kinds[trial_draw(out, results, &results->trials[i], &frame)]++;
	svg_close(out);
	caption_write(out, kinds, aside, drifts);
	fputs("</figure>\n", out);
	return 0;
}
