/* SPDX-License-Identifier: MIT */
/* The scale of a figure's axis, and where its marks stand: pure. */
#ifndef REPORT_SCALE_H
#define REPORT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#define SCALE_TICKS_MAX 9
#define SCALE_LABEL_MAX 24

/* From low, at 0, to high, at 1; of a logarithmic one low must be above 0. */
struct scale {
	double low, high;
	bool log;
};

/* That holds all of count values, and has room beside the outermost. What is
 * not finite is passed over, and what is not above 0 on a logarithmic scale.
 * Of none it is 1 to 10. */
struct scale scale_of(const double *values, size_t count, bool log);

/* A value's place: 0 at low, 1 at high, and kept within. */
double scale_at(const struct scale *scale, double value);

/* Round values within the scale, ascending, at most most of them and
 * SCALE_TICKS_MAX: as many as there may be. On a logarithmic scale they are
 * powers of 10, or 1, 2 and 5 times those, or evenly spaced values where it is
 * a narrow one. Returns how many. */
size_t scale_ticks(const struct scale *scale, size_t most,
		   double ticks[static SCALE_TICKS_MAX]);

/* A tick as people write it: "0.5", "20", "5000". Returns text. */
const char *scale_label(double tick, char text[static SCALE_LABEL_MAX]);

/* The same of a ratio, as a change in per cent: 0.5 is "-50 %". */
const char *scale_percent(double ratio, char text[static SCALE_LABEL_MAX]);

/* Round changes of a scale of ratios, which is logarithmic: 0 %, +5 %. Ticks
 * are ratios. */
size_t scale_ratio_ticks(const struct scale *scale, size_t most,
			 double ticks[static SCALE_TICKS_MAX]);

#endif
