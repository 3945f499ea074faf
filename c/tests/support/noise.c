/* SPDX-License-Identifier: MIT */
#include "tests/support/noise.h"

#include <gsl/gsl_randist.h>
#include <math.h>

double noise_of(gsl_rng *random, enum noise noise, double *kept)
{
	switch (noise) {
	case GAUSSIAN:
		return gsl_ran_gaussian(random, 0.1);
	case HEAVY:
		return 0.1 * gsl_ran_tdist(random, 3);
	case SKEWED:
		return gsl_ran_exponential(random, 0.15);
	case BIMODAL:
		return (gsl_rng_uniform(random) < 0.2 ? 0.5 : 0) +
		       gsl_ran_gaussian(random, 0.03);
	case STICKY:
		*kept = 0.8 * *kept + gsl_ran_gaussian(random, 0.1);
		return *kept + gsl_ran_gaussian(random, 0.05);
	case SPIKES:
		return gsl_rng_uniform(random) < 0.05
			       ? gsl_ran_exponential(random, 2)
			       : gsl_ran_gaussian(random, 0.05);
	case NOISES:
		break;
	}
	return NAN;
}
