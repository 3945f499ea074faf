/* SPDX-License-Identifier: MIT */
#include "stats/quantile_band.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "stats/percentile.h"
#include "stats/pool.h"

#define DRAWS_MAX 999
#define DRAWS_MIN 199
/* Samples looked at in all: a second or two. */
#define EFFORT 4e8

struct bands {
	struct pool pool; /* of all trials */
	size_t *weights;  /* how often each trial was drawn */
	uint64_t *values; /* of each percent, draw by draw */
	size_t draws;
};

static int bands_open(struct bands *bands, const struct quantile_trial *trials,
		      size_t trial_count, size_t percent_count)
{
	size_t count = 0;
	int err;

	memset(bands, 0, sizeof(*bands));
	for (size_t i = 0; i < trial_count; i++)
		count += trials[i].count;
	bands->draws = (size_t)fmin(
		fmax(EFFORT / ((double)count + 1), DRAWS_MIN), DRAWS_MAX);
	err = pool_open(&bands->pool, count);
	bands->weights = malloc((trial_count + 1) * sizeof(*bands->weights));
	bands->values = malloc((percent_count * bands->draws + 1) *
			       sizeof(*bands->values));
	if (err || !bands->weights || !bands->values)
		return -ENOMEM;
	for (size_t i = 0; i < trial_count; i++)
		pool_add(&bands->pool, trials[i].values, trials[i].count, i);
	pool_sort(&bands->pool);
	return 0;
}

static void bands_close(struct bands *bands)
{
	pool_close(&bands->pool);
	free(bands->weights);
	free(bands->values);
}

/* The quantiles of all samples, each as often as its trial was drawn. values:
 * the next percent's is step further on. */
static void weighted(const struct bands *bands, const double *percents,
		     size_t percent_count, size_t total, uint64_t *values,
		     size_t step)
{
	size_t passed = 0, next = 0;

	for (size_t i = 0; i < bands->pool.count; i++) {
		passed += bands->weights[bands->pool.samples[i].group];
		while (next < percent_count &&
		       passed >= percentile_rank(total, percents[next]))
			values[step * next++] = bands->pool.samples[i].value;
		if (next == percent_count)
			return;
	}
}

static void draw(const struct bands *bands, const struct quantile_trial *trials,
		 size_t trial_count, const double *percents,
		 size_t percent_count, uint64_t *state, uint64_t *values)
{
	size_t total = 0;

	/* Of trials that are all empty there would be no quantile. */
	while (total == 0) {
		memset(bands->weights, 0,
		       trial_count * sizeof(*bands->weights));
		for (size_t i = 0; i < trial_count; i++) {
			size_t drawn = random_below(state, trial_count);

			bands->weights[drawn]++;
			total += trials[drawn].count;
		}
	}
	weighted(bands, percents, percent_count, total, values, bands->draws);
}

/* Which of the draws, counted from the least, is the interval's end. */
static size_t end_of(size_t draws, size_t trial_count)
{
	const double n = (double)trial_count;
	const double tail = gsl_cdf_ugaussian_P(
		-sqrt(n / (n - 1)) * gsl_cdf_tdist_Pinv(0.975, n - 1));

	return (size_t)floor(tail * (double)(draws - 1));
}

int quantile_bands(const struct quantile_trial *trials, size_t trial_count,
		   const double *percents, size_t percent_count, uint64_t seed,
		   struct quantile_band *bands)
{
	struct bands all;
	int err = bands_open(&all, trials, trial_count, percent_count);

	memset(bands, 0, percent_count * sizeof(*bands));
	if (err || all.pool.count == 0)
		goto close_bands;
	for (size_t i = 0; i < percent_count; i++) {
		uint64_t value =
			all.pool.samples[percentile_rank(all.pool.count,
							 percents[i]) -
					 1]
				.value;

		bands[i] = (struct quantile_band){ value, value, value };
	}
	if (trial_count < 2)
		goto close_bands;
	for (size_t i = 0; i < all.draws; i++)
		draw(&all, trials, trial_count, percents, percent_count, &seed,
		     all.values + i);
	for (size_t i = 0; i < percent_count; i++) {
		uint64_t *values = all.values + i * all.draws;
		size_t end = end_of(all.draws, trial_count);

		percentile_sort(values, all.draws);
		bands[i].low = values[end];
		bands[i].high = values[all.draws - 1 - end];
	}
close_bands:
	bands_close(&all);
	return err;
}
