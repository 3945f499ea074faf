/* SPDX-License-Identifier: MIT */
#include "stats/signed_rank.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

/* No clock tells values apart that are so close. */
#define EQUAL 1e-12

/* The averages of all pairs, each value with itself too. */
struct walsh {
	double *averages; /* ascending */
	size_t count;
};

static int walsh_open(struct walsh *walsh, const double *values, size_t count)
{
	size_t n = 0;

	walsh->count = count * (count + 1) / 2;
	walsh->averages = malloc((walsh->count + 1) * sizeof(double));
	if (!walsh->averages)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i; j < count; j++) {
			double average = (values[i] + values[j]) / 2;

			/* log(a/b) + log(b/a) is 0, but for rounding. */
			walsh->averages[n++] =
				fabs(average) < EQUAL ? 0 : average;
		}
	gsl_sort(walsh->averages, 1, n);
	return 0;
}

static void walsh_close(struct walsh *walsh)
{
	free(walsh->averages);
}

/* P(W+ <= i) of values around 0, for i from 0 to the number of their Walsh
 * averages: how many choices of the signs give each sum of ranks. NULL:
 * -ENOMEM. */
static double *null_exact(size_t count)
{
	const size_t max = count * (count + 1) / 2;
	double *lower = calloc(max + 1, sizeof(*lower));

	if (!lower)
		return NULL;
	lower[0] = 1;
	for (size_t rank = 1; rank <= count; rank++)
		for (size_t sum = max + 1; sum-- > 0;)
			lower[sum] = lower[sum] / 2 +
				     (sum < rank ? 0 : lower[sum - rank] / 2);
	for (size_t sum = 1; sum <= max; sum++)
		lower[sum] += lower[sum - 1];
	return lower;
}

/* The same by the normal distribution, for many values. */
static double *null_normal(size_t count)
{
	const double n = (double)count;
	const size_t max = count * (count + 1) / 2;
	double *lower = calloc(max + 1, sizeof(*lower));

	for (size_t sum = 0; lower && sum <= max; sum++)
		lower[sum] = gsl_cdf_ugaussian_P(
			((double)sum + 0.5 - (double)max / 2) /
			sqrt(n * (n + 1) * (2 * n + 1) / 24));
	return lower;
}

static double *null_of(size_t count)
{
	return count <= SIGNED_RANK_EXACT_MAX ? null_exact(count)
					      : null_normal(count);
}

/* Two-sided; the averages that are 0 go to the lesser side. */
static double p_of(const struct walsh *walsh, const double *null,
		   double *w_plus)
{
	size_t above = 0, below = 0, zero, lesser;

	for (size_t i = 0; i < walsh->count; i++) {
		above += walsh->averages[i] > 0;
		below += walsh->averages[i] < 0;
	}
	zero = walsh->count - above - below;
	lesser = (above < below ? above : below) + zero;
	if (w_plus)
		*w_plus = (double)above + (double)zero / 2;
	return fmin(1, 2 * null[lesser]);
}

double signed_rank_p(const double *values, size_t count, double *w_plus)
{
	struct walsh walsh;
	double *null, p = NAN;

	if (walsh_open(&walsh, values, count) < 0)
		return NAN;
	null = null_of(count);
	if (null)
		p = p_of(&walsh, null, w_plus);
	free(null);
	walsh_close(&walsh);
	return p;
}

/* The values that a test at level alpha does not reject. */
static void interval_of(const struct walsh *walsh, const double *null,
			double alpha, double *low, double *high)
{
	size_t critical = 0; /* so many averages may lie beyond each end */

	while (critical < walsh->count && 2 * null[critical] <= alpha)
		critical++;
	*low = critical ? walsh->averages[critical - 1] : -INFINITY;
	*high = critical ? walsh->averages[walsh->count - critical] : INFINITY;
}

int signed_rank_interval(const double *values, size_t count, double alpha,
			 double *estimate, double *low, double *high)
{
	struct walsh walsh;
	double *null;
	int err = walsh_open(&walsh, values, count);

	if (err)
		return err;
	null = null_of(count);
	if (null) {
		*estimate = gsl_stats_median_from_sorted_data(walsh.averages, 1,
							      walsh.count);
		interval_of(&walsh, null, alpha, low, high);
	} else {
		err = -ENOMEM;
	}
	free(null);
	walsh_close(&walsh);
	return err;
}
