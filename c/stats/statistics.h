/* SPDX-License-Identifier: MIT */
/* Figures of repeated rounds. Two arms measured in the same rounds are
 * compared round by round, since what disturbs a machine disturbs both. */
#ifndef STATS_STATISTICS_H
#define STATS_STATISTICS_H

#include <stddef.h>

struct statistics {
	size_t count; /* 0: the rest is NAN */
	double min, median, max;
};

/* Both change the order of the values; of none all is NAN. The median of an
 * even count is the mean of the two in the middle. */
struct statistics statistics_of(double *values, size_t count);
double statistics_median(double *values, size_t count);

/* Of values[i] / bases[i]; both keep their order. A round whose base is 0 is
 * left out. 0 or -ENOMEM. */
int statistics_of_ratios(const double *values, const double *bases,
			 size_t count, struct statistics *ratios);

/* The median of values over the median of bases; both change their order. NAN
 * when one has none or the latter is 0. */
double statistics_ratio_of_medians(double *values, size_t value_count,
				   double *bases, size_t base_count);

#endif
