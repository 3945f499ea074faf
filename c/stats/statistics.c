/* SPDX-License-Identifier: MIT */
#include "stats/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

struct statistics statistics_of(double *values, size_t count)
{
	if (count == 0)
		return (struct statistics){ .min = NAN,
					    .median = NAN,
					    .max = NAN };
	qsort(values, count, sizeof(*values), ascending);
	return (struct statistics){
		.count = count,
		.min = values[0],
		.median = (values[(count - 1) / 2] + values[count / 2]) / 2,
		.max = values[count - 1],
	};
}

double statistics_median(double *values, size_t count)
{
	return statistics_of(values, count).median;
}

int statistics_of_ratios(const double *values, const double *bases,
			 size_t count, struct statistics *ratios)
{
	double *ratio = malloc((count + 1) * sizeof(*ratio));
	size_t kept = 0;

	if (!ratio)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (bases[i] != 0)
			ratio[kept++] = values[i] / bases[i];
	*ratios = statistics_of(ratio, kept);
	free(ratio);
	return 0;
}

double statistics_ratio_of_medians(double *values, size_t value_count,
				   double *bases, size_t base_count)
{
	double base = statistics_median(bases, base_count);

	if (base == 0)
		return NAN;
	return statistics_median(values, value_count) / base;
}
