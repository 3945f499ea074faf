/* SPDX-License-Identifier: MIT */
#include "stats/serial.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <math.h>
#include <stdlib.h>

/* From 1, ties having the middle of theirs. */
static double rank(const double *values, size_t count, size_t of)
{
	double below = 0, same = 0;

	for (size_t i = 0; i < count; i++) {
		below += values[i] < values[of];
		same += !(values[i] < values[of]) && !(values[i] > values[of]);
	}
	return below + (same + 1) / 2;
}

static double probability(double ratio, double n)
{
	const double shape = 5 * n * (n + 1) * gsl_pow_2(n - 1) /
				     (2 * (n - 2) * (5 * n * n - 2 * n - 9)) -
			     0.5;

	return gsl_cdf_beta_P(fmin(ratio / 4, 1), shape, shape);
}

int serial_find(const double *values, size_t count, struct serial *serial)
{
	double *ranks = malloc((count + 1) * sizeof(*ranks));
	double steps = 0, all = 0;

	if (!ranks)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ranks[i] = rank(values, count, i);
	for (size_t i = 0; i < count; i++) {
		all += gsl_pow_2(ranks[i] - ((double)count + 1) / 2);
		if (i > 0)
			steps += gsl_pow_2(ranks[i] - ranks[i - 1]);
	}
	free(ranks);
	serial->ratio = all > 0 ? steps / all : NAN;
	serial->r = 1 - serial->ratio / 2;
	serial->p = count < SERIAL_MIN ? NAN
		    : all > 0 ? probability(serial->ratio, (double)count)
			      : 1;
	return 0;
}
