/* SPDX-License-Identifier: MIT */
#include "stats/power.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

double power_spread(const double *logs, size_t count)
{
	return count > 1 ? gsl_stats_sd(logs, 1, count) : NAN;
}

/* Of one block's spread, times the square root of their number: how far the
 * true value must lie from none. */
static double reach(const struct verdict_rule *rule)
{
	return (gsl_cdf_ugaussian_Qinv(verdict_level(rule) / 2) +
		gsl_cdf_ugaussian_Pinv(POWER)) *
	       sqrt(M_PI / 3);
}

double power_finds(double spread, size_t blocks,
		   const struct verdict_rule *rule)
{
	if (blocks < verdict_blocks_needed(rule))
		return INFINITY;
	return expm1(reach(rule) * spread / sqrt((double)blocks));
}

double power_blocks(double spread, double difference,
		    const struct verdict_rule *rule)
{
	const double blocks =
		ceil(gsl_pow_2(reach(rule) * spread / log1p(difference)));

	return fmax(blocks, verdict_blocks_needed(rule));
}
