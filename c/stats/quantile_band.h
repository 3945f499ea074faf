/* SPDX-License-Identifier: MIT */
/*
 * Quantiles of all samples of several trials, and how far they would have been
 * elsewhere with other trials of the same: samples of one trial resemble each
 * other, so that whole trials are drawn, with replacement, and never single
 * samples (Davison and Hinkley, Bootstrap Methods and their Application, 1997,
 * 3.8). The interval is the percentile one, at a level that makes up for how
 * narrow it is with few trials (Hesterberg, What Teachers Should Know About the
 * Bootstrap, The American Statistician 69 (2015), 371-386, 5.3). Each holds by
 * itself, not all at once. For pictures: no verdict is made of it.
 */
#ifndef STATS_QUANTILE_BAND_H
#define STATS_QUANTILE_BAND_H

#include <stddef.h>
#include <stdint.h>

struct quantile_trial {
	const uint64_t *values; /* ascending */
	size_t count;
};

struct quantile_band {
	uint64_t value;	    /* of all samples */
	uint64_t low, high; /* 95 %; both value where there is one trial */
};

/* For each of percent_count percents (0 to 100, ascending) a band. The same
 * for the same seed. Of no samples: 0. 0 or -ENOMEM. */
int quantile_bands(const struct quantile_trial *trials, size_t trial_count,
		   const double *percents, size_t percent_count, uint64_t seed,
		   struct quantile_band *bands);

#endif
