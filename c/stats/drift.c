/* SPDX-License-Identifier: MIT */
#include "stats/drift.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "stats/statistics.h"

/* Pairs that rise less those that fall. */
static double score(const double *values, size_t count)
{
	double s = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			s += (values[j] > values[i]) - (values[j] < values[i]);
	return s;
}

/* Kendall's variance of the score; *tied: are two values the same? sorted:
 * room for count. */
static double variance(const double *values, size_t count, double *sorted,
		       bool *tied)
{
	const double n = (double)count;
	double sum = n * (n - 1) * (2 * n + 5);

	for (size_t i = 0; i < count; i++)
		sorted[i] = values[i];
	gsl_sort(sorted, 1, count);
	*tied = false;
	for (size_t first = 0, next; first < count; first = next) {
		double t;

		next = first + 1;
		while (next < count && !(sorted[next] > sorted[first]))
			next++;
		t = (double)(next - first);
		*tied |= t > 1;
		sum -= t * (t - 1) * (2 * t + 5);
	}
	return sum / 18;
}

/* Both tails from |s| on. ways: room for all pairs and one: the share of
 * permutations with so many inversions, value by value. */
static double exact(double s, size_t count, double *ways)
{
	const size_t pairs = count * (count - 1) / 2;
	const size_t most = (size_t)((double)pairs - fabs(s)) / 2;
	double tail = 0;

	for (size_t i = 0; i <= pairs; i++)
		ways[i] = i == 0;
	/* One more value is behind 0 to m - 1 of those before it. */
	for (size_t m = 2; m <= count; m++) {
		for (size_t i = 1; i <= pairs; i++)
			ways[i] += ways[i - 1];
		for (size_t i = pairs; i >= m; i--)
			ways[i] -= ways[i - m];
		for (size_t i = 0; i <= pairs; i++)
			ways[i] /= (double)m;
	}
	for (size_t i = 0; i <= most; i++)
		tail += ways[i];
	return fmin(1, 2 * tail);
}

static double slope(const double *values, size_t count, double *slopes)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			slopes[n++] = (values[j] - values[i]) / (double)(j - i);
	return statistics_median(slopes, n);
}

int drift_find(const double *values, size_t count, struct drift *drift)
{
	double *room, s, spread;
	bool tied;

	*drift = (struct drift){ .whole = NAN, .p = NAN };
	if (count < 2)
		return 0;
	room = malloc((count * (count - 1) / 2 + count) * sizeof(*room));
	if (!room)
		return -ENOMEM;
	s = score(values, count);
	spread = sqrt(variance(values, count, room, &tied));
	if (!tied && count <= DRIFT_EXACT_MAX)
		drift->p = exact(s, count, room);
	else if (spread > 0) /* a step of s is 2: half of it */
		drift->p =
			2 * gsl_cdf_ugaussian_Q(fmax(fabs(s) - 1, 0) / spread);
	else
		drift->p = 1;
	drift->whole = slope(values, count, room) * (double)(count - 1);
	free(room);
	return 0;
}
