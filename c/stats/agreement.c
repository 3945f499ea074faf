/* SPDX-License-Identifier: MIT */
#include "stats/agreement.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

/* Ranks from 1, ties having the middle of theirs. Returns the sum of t^3 - t
 * over the ties. */
static double ranks_set(const double *values, const size_t *order, size_t n,
			double *ranks)
{
	double ties = 0;

	for (size_t first = 0, next; first < n; first = next) {
		next = first + 1;
		while (next < n &&
		       !(values[order[next]] > values[order[first]]))
			next++;
		for (size_t i = first; i < next; i++)
			ranks[order[i]] = (double)(first + next + 1) / 2;
		ties += pow((double)(next - first), 3) - (double)(next - first);
	}
	return ties;
}

/* The statistic from ranks, group after group. */
static double statistic(const double *ranks, const size_t *counts, size_t count,
			double n, double ties)
{
	double sum = 0;

	for (size_t group = 0; group < count; group++) {
		double of_group = 0;

		for (size_t i = 0; i < counts[group]; i++)
			of_group += *ranks++;
		if (counts[group])
			sum += of_group * of_group / (double)counts[group];
	}
	return (12 * sum / (n * (n + 1)) - 3 * (n + 1)) /
	       (1 - ties / (n * n * n - n));
}

double agreement_p(const double *values, const size_t *counts, size_t count,
		   double *h)
{
	size_t n = 0, groups = 0, *order;
	double *ranks, ties, found = NAN, p = NAN;

	for (size_t i = 0; i < count; i++) {
		n += counts[i];
		groups += counts[i] > 0;
	}
	order = malloc((n + 1) * sizeof(*order));
	ranks = malloc((n + 1) * sizeof(*ranks));
	if (order && ranks && groups > 1) {
		gsl_sort_index(order, values, 1, n);
		ties = ranks_set(values, order, n, ranks);
		found = statistic(ranks, counts, count, (double)n, ties);
		/* Where all are the same nobody differs. */
		p = isfinite(found) ? gsl_cdf_chisq_Q(fmax(found, 0),
						      (double)(groups - 1))
				    : 1;
	}
	if (h)
		*h = found;
	free(ranks);
	free(order);
	return p;
}
