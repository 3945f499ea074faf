/* SPDX-License-Identifier: MIT */
#include "stats/power.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* Of a test by ranks, the least that there is, whatever the noise (Hodges and
 * Lehmann, Annals of Mathematical Statistics 27 (1956), 324-335). Ours is at
 * least as sharp as one (tests/unit/stats_verdict.c), so that it errs on the
 * safe side. */
#define EFFICIENCY 0.864

double power_spread(const double *logs, size_t count)
{
	return count > 1 ? gsl_stats_sd(logs, 1, count) : NAN;
}

/*
 * So many standard errors away must the true value lie, where the standard
 * error itself is known by so many degrees of freedom: the quantile of
 * Student's distribution around the test's own critical value (Jennett and
 * Welch, Supplement to the Journal of the Royal Statistical Society 6 (1939),
 * 80-89; Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions
 * 2, 31.6). INFINITY: nothing can be promised by so few.
 */
static double errors_away(const struct verdict_rule *rule, size_t freedom)
{
	const double f = (double)freedom, z = gsl_cdf_ugaussian_Pinv(POWER);
	const double critical = gsl_cdf_ugaussian_Qinv(verdict_level(rule) / 2);
	double mean, rest, below; /* of the standard error; its variance */

	if (freedom == 0)
		return INFINITY;
	mean = sqrt(2 / f) *
	       exp(gsl_sf_lngamma((f + 1) / 2) - gsl_sf_lngamma(f / 2));
	rest = 1 - mean * mean;
	below = mean * mean - z * z * rest;
	if (below <= 0)
		return INFINITY;
	return (critical * mean +
		z * sqrt(mean * mean + (critical * critical - z * z) * rest)) /
	       below;
}

/* Of one block's spread, times the square root of their number: how far the
 * true value must lie from none. */
static double reach(const struct verdict_rule *rule, size_t freedom)
{
	return errors_away(rule, freedom) / sqrt(EFFICIENCY);
}

double power_finds(double spread, size_t freedom, size_t blocks,
		   const struct verdict_rule *rule)
{
	if (blocks < verdict_blocks_needed(rule))
		return INFINITY;
	return expm1(reach(rule, freedom) * spread / sqrt((double)blocks));
}

double power_blocks(double spread, size_t freedom, double difference,
		    const struct verdict_rule *rule)
{
	const double blocks = ceil(
		gsl_pow_2(reach(rule, freedom) * spread / log1p(difference)));

	return fmax(blocks, verdict_blocks_needed(rule));
}
