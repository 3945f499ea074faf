/* SPDX-License-Identifier: MIT */
#include "stats/modes.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "stats/statistics.h"

#define SAMPLES_MAX 2000
#define SAMPLES_HIT 20 /* as many as this that are no less settle it */
#define SAMPLE_LEN  200
#define SEED	    7

/* shortest[k]: of the intervals with k values. */
static void intervals_set(const double *x, size_t n, double *shortest)
{
	for (size_t k = 1; k <= n; k++) {
		shortest[k] = INFINITY;
		for (size_t i = 0; i + k <= n; i++)
			shortest[k] = fmin(shortest[k], x[i + k - 1] - x[i]);
	}
}

/* The most that one interval, and that two of them, hold beyond a density, in
 * values. */
static double excess(const double *x, size_t n, double density)
{
	/* Within the first, behind it, within the second, behind that. */
	double in = 1, one = 1, second = -INFINITY, two = -INFINITY;

	for (size_t i = 1; i < n; i++) {
		const double gap = density * (x[i] - x[i - 1]);

		second = fmax(second - gap, one) + 1;
		two = fmax(two, second);
		in = fmax(in - gap, 0) + 1;
		one = fmax(one, in);
	}
	return two - one;
}

double modes_dip(const double *sorted, size_t count)
{
	double *shortest = malloc((count + 1) * sizeof(*shortest));
	double most = 1;

	if (!shortest || count < 2) {
		free(shortest);
		return NAN;
	}
	intervals_set(sorted, count, shortest);
	/* What one interval holds falls as the density grows, by its length:
	 * where another one takes its place the difference may be most. */
	for (size_t k = count, next; k > 1; k = next) {
		double density = INFINITY;

		next = k - 1;
		for (size_t j = k - 1; j >= 1; j--) {
			const double here =
				(double)(k - j) / (shortest[k] - shortest[j]);

			if (here <= density) {
				density = here;
				next = j;
			}
		}
		if (isfinite(density))
			most = fmax(most, excess(sorted, count, density));
	}
	free(shortest);
	return most / (double)(2 * count);
}

/* In how many of uniform samples is the dip no less? */
static double probability(double dip, size_t count)
{
	const size_t len = count < SAMPLE_LEN ? count : SAMPLE_LEN;
	/* Of many values it falls with the root of their number. */
	const double wanted = dip * sqrt((double)count / (double)len);
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int hits = 0, n = 0;
	double sample[SAMPLE_LEN];

	if (!random)
		return NAN;
	gsl_rng_set(random, SEED);
	while (n < SAMPLES_MAX && hits < SAMPLES_HIT) {
		for (size_t i = 0; i < len; i++)
			sample[i] = gsl_rng_uniform(random);
		gsl_sort(sample, 1, len);
		hits += modes_dip(sample, len) >= wanted;
		n++;
	}
	gsl_rng_free(random);
	return hits == SAMPLES_HIT ? (double)hits / n
				   : (double)(hits + 1) / (n + 1);
}

/* Squares' sum about the mean, by sums. */
static double about_mean(double sum, double squares, size_t count)
{
	return squares - sum * sum / (double)count;
}

static void groups_set(double *sorted, size_t count, struct modes *modes)
{
	double sum = 0, squares = 0, low_sum = 0, low_squares = 0;
	double least = INFINITY;

	for (size_t i = 0; i < count; i++) {
		sum += sorted[i];
		squares += sorted[i] * sorted[i];
	}
	for (size_t i = 1; i < count; i++) {
		double apart;

		low_sum += sorted[i - 1];
		low_squares += sorted[i - 1] * sorted[i - 1];
		apart = about_mean(low_sum, low_squares, i) +
			about_mean(sum - low_sum, squares - low_squares,
				   count - i);
		if (apart < least) {
			least = apart;
			modes->low_count = i;
		}
	}
	modes->low = statistics_median(sorted, modes->low_count);
	modes->high = statistics_median(sorted + modes->low_count,
					count - modes->low_count);
}

int modes_find(double *values, size_t count, struct modes *modes)
{
	*modes =
		(struct modes){ .dip = NAN, .p = NAN, .low = NAN, .high = NAN };
	if (count < MODES_MIN)
		return 0;
	gsl_sort(values, 1, count);
	modes->dip = modes_dip(values, count);
	modes->p = probability(modes->dip, count);
	groups_set(values, count, modes);
	return isnan(modes->p) ? -ENOMEM : 0;
}
