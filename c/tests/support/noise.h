/* SPDX-License-Identifier: MIT */
/* What machines do to the p50 of their trials: models of their noise, and what
 * two of them really did. */
#ifndef TESTS_SUPPORT_NOISE_H
#define TESTS_SUPPORT_NOISE_H

#include <gsl/gsl_rng.h>

enum noise {
	GAUSSIAN,
	HEAVY,
	SKEWED,
	BIMODAL,
	STICKY,
	SPIKES,
	QUIET_TRACE,
	BUSY_TRACE,
	NOISES
};

/* Of one trial, on its logarithm; kept: what a trial leaves to the next one, 0
 * before the first. */
double noise_of(gsl_rng *random, enum noise noise, double *kept);

#endif
