/* SPDX-License-Identifier: MIT */
#include "report/scale.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"

/* So much of the whole is free at either end. */
#define ROOM 0.06

static double placed(const struct scale *scale, double value)
{
	return scale->log ? log(value) : value;
}

struct scale scale_of(const double *values, size_t count, bool log_scale)
{
	struct scale scale = { INFINITY, -INFINITY, log_scale };
	double room;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]) || (log_scale && values[i] <= 0))
			continue;
		scale.low = fmin(scale.low, values[i]);
		scale.high = fmax(scale.high, values[i]);
	}
	if (scale.low > scale.high)
		return (struct scale){ 1, 10, log_scale };
	room = ROOM * (placed(&scale, scale.high) - placed(&scale, scale.low));
	if (room <= 0)
		room = log_scale ? 0.05 : fmax(fabs(scale.low) * 0.05, 0.05);
	if (log_scale) {
		scale.low *= exp(-room);
		scale.high *= exp(room);
		return scale;
	}
	/* What is counted or timed does not begin below 0. */
	scale.low =
		scale.low < 0 ? scale.low - room : fmax(scale.low - room, 0);
	scale.high += room;
	return scale;
}

double scale_at(const struct scale *scale, double value)
{
	const double low = placed(scale, scale->low);
	double at;

	if (scale->log && value <= 0)
		return 0;
	at = (placed(scale, value) - low) / (placed(scale, scale->high) - low);
	return fmin(fmax(at, 0), 1);
}

/* The multiples of step; how many there would be, of which most are kept. */
static size_t evenly(const struct scale *scale, double step, size_t most,
		     double *ticks)
{
	const double first = ceil(scale->low / step - 1e-9);
	const double last = floor(scale->high / step + 1e-9);

	if (last - first >= (double)most)
		return (size_t)fmin(last - first + 1, 1e6);
	for (size_t i = 0; first + (double)i <= last; i++)
		ticks[i] = (first + (double)i) * step;
	return last < first ? 0 : (size_t)(last - first) + 1;
}

/* The finest of the steps 1, 2 and 5 that keeps within most. */
static size_t even_ticks(const struct scale *scale, size_t most, double *ticks)
{
	static const double steps[] = { 1, 2, 5 };
	double unit = pow(
		10,
		floor(log10((scale->high - scale->low) / (double)most)) - 1);

	for (;; unit *= 10)
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			size_t count =
				evenly(scale, unit * steps[i], most, ticks);

			if (count <= most)
				return count;
		}
}

/* Each step-th power of 10; fine: and 2 and 5 times it. As evenly()
 * otherwise. */
static size_t by_decades(const struct scale *scale, bool fine,
			 unsigned int step, size_t most, double *ticks)
{
	static const double multiples[] = { 1, 2, 5 };
	const size_t multiple_count = fine ? ARRAY_SIZE(multiples) : 1;
	const double last = floor(log10(scale->high));
	size_t count = 0;

	for (double power = floor(log10(scale->low)); power <= last;
	     power += step)
		for (size_t i = 0; i < multiple_count; i++) {
			double tick = multiples[i] * pow(10, power);

			if (tick < scale->low || tick > scale->high)
				continue;
			if (count < most)
				ticks[count] = tick;
			count++;
		}
	return count;
}

size_t scale_ticks(const struct scale *scale, size_t most,
		   double ticks[static SCALE_TICKS_MAX])
{
	size_t count;

	if (most > SCALE_TICKS_MAX)
		most = SCALE_TICKS_MAX;
	if (!scale->log || scale->high / scale->low < 8)
		return even_ticks(scale, most, ticks);
	count = by_decades(scale, true, 1, most, ticks);
	for (unsigned int step = 1; count > most; step++)
		count = by_decades(scale, false, step, most, ticks);
	return count;
}

const char *scale_label(double tick, char text[static SCALE_LABEL_MAX])
{
	/* Sums of steps are not quite round. */
	snprintf(text, SCALE_LABEL_MAX, fabs(tick) < 1e6 ? "%.6g" : "%.3g",
		 fabs(tick) < 1e-12 ? 0.0 : tick);
	return text;
}

const char *scale_percent(double ratio, char text[static SCALE_LABEL_MAX])
{
	const double percent = round((ratio - 1) * 1e6) / 1e4;

	if (percent == 0)
		snprintf(text, SCALE_LABEL_MAX, "0");
	else
		snprintf(text, SCALE_LABEL_MAX, "%+.4g %%", percent);
	return text;
}

size_t scale_ratio_ticks(const struct scale *scale, size_t most,
			 double ticks[static SCALE_TICKS_MAX])
{
	struct scale percent = { (scale->low - 1) * 100,
				 (scale->high - 1) * 100, false };
	size_t count;

	/* What is several times the baseline is a ratio, not a step. */
	if (scale->high / scale->low > 20)
		return scale_ticks(scale, most, ticks);
	if (most > SCALE_TICKS_MAX)
		most = SCALE_TICKS_MAX;
	count = even_ticks(&percent, most, ticks);
	for (size_t i = 0; i < count; i++)
		ticks[i] = 1 + ticks[i] / 100;
	return count;
}
