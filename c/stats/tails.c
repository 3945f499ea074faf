/* SPDX-License-Identifier: MIT */
#include "stats/tails.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/random.h"
#include "stats/percentile.h"
#include "stats/pool.h"

#define DRAWS 1000

/* All orders of an arm, and how many are of each block. */
struct orders {
	struct pool pool;
	size_t *of_block;
};

static void orders_close(struct orders *orders)
{
	pool_close(&orders->pool);
	free(orders->of_block);
}

static int orders_open(struct orders *orders, const struct tails_block *blocks,
		       size_t block_count, bool base)
{
	size_t count = 0;

	orders->of_block = calloc(block_count + 1, sizeof(*orders->of_block));
	if (!orders->of_block)
		return -ENOMEM;
	for (size_t b = 0; b < block_count; b++)
		count += orders->of_block[b] =
			base ? blocks[b].base_count : blocks[b].arm_count;
	if (pool_open(&orders->pool, count) < 0) {
		free(orders->of_block);
		return -ENOMEM;
	}
	for (size_t b = 0; b < block_count; b++)
		pool_add(&orders->pool, base ? blocks[b].base : blocks[b].arm,
			 orders->of_block[b], b);
	pool_sort(&orders->pool);
	return 0;
}

/* The percentiles where each block is there as often as times says: the least
 * sample with so many at or below it, sought from above, where tails are. */
static void orders_percentiles(const struct orders *orders,
			       const unsigned int *times, size_t block_count,
			       const struct tails_band *bands, size_t count,
			       double *ns)
{
	double all = 0, above = 0;
	size_t i = orders->pool.count;

	for (size_t b = 0; b < block_count; b++)
		all += (double)times[b] * (double)orders->of_block[b];
	for (size_t k = count; k-- > 0;) {
		const double beyond =
			floor((1 - bands[k].percent / 100) * all + 1e-9);

		while (i > 1 &&
		       above + times[orders->pool.samples[i - 1].group] <=
			       beyond)
			above += times[orders->pool.samples[--i].group];
		ns[k] = (double)orders->pool.samples[i - 1].value;
	}
}

/* Of how many blocks, as if they had equally many, are the orders beyond a
 * value (Kish, Survey Sampling, 1965, 8.2)? What one block alone is made of
 * another one does not tell again. */
static double blocks_beyond(const struct pool *pool, double ns,
			    unsigned int *counts, size_t block_count)
{
	double sum = 0, squares = 0;

	for (size_t b = 0; b < block_count; b++)
		counts[b] = 0;
	for (size_t i = pool->count;
	     i > 0 && (double)pool->samples[i - 1].value > ns; i--)
		counts[pool->samples[i - 1].group]++;
	for (size_t b = 0; b < block_count; b++) {
		sum += counts[b];
		squares += (double)counts[b] * counts[b];
	}
	return squares > 0 ? sum * sum / squares : (double)block_count;
}

struct drawn {
	double *logs; /* of draw d and percentile k: logs[k * DRAWS + d] */
	double error[TAILS_MAX];
};

static void logs_of(const struct orders *arm, const struct orders *base,
		    const unsigned int *times, size_t block_count,
		    const struct tails_band *bands, size_t count, double *logs,
		    size_t stride)
{
	double of_arm[TAILS_MAX], of_base[TAILS_MAX];

	orders_percentiles(arm, times, block_count, bands, count, of_arm);
	orders_percentiles(base, times, block_count, bands, count, of_base);
	for (size_t k = 0; k < count; k++)
		logs[k * stride] = log(of_arm[k] / of_base[k]);
}

/* DRAWS times as many blocks, each any of them. */
static int draw(const struct orders *arm, const struct orders *base,
		size_t block_count, uint64_t seed,
		const struct tails_band *bands, size_t count,
		struct drawn *drawn)
{
	unsigned int *times = calloc(block_count, sizeof(*times));
	uint64_t random = seed;

	drawn->logs = calloc(count * DRAWS, sizeof(*drawn->logs));
	if (!times || !drawn->logs) {
		free(times);
		free(drawn->logs);
		return -ENOMEM;
	}
	for (size_t d = 0; d < DRAWS; d++) {
		for (size_t b = 0; b < block_count; b++)
			times[b] = 0;
		for (size_t b = 0; b < block_count; b++)
			times[random_below(&random, block_count)]++;
		logs_of(arm, base, times, block_count, bands, count,
			drawn->logs + d, DRAWS);
	}
	free(times);
	for (size_t k = 0; k < count; k++)
		drawn->error[k] =
			isnan(bands[k].ratio)
				? 0
				: gsl_stats_sd(drawn->logs + k * DRAWS, 1,
					       DRAWS);
	return 0;
}

/* How many standard errors the bands reach: Student's of one percentile; of
 * several, as much wider as the largest of all deviates more than one does. */
static double reach(const struct drawn *drawn, const struct tails_band *bands,
		    size_t count, size_t block_count, double alpha)
{
	const double n = (double)block_count;
	const double few =
		gsl_cdf_tdist_Qinv(alpha / 2, n - 1) * sqrt(n / (n - 1));
	double most[DRAWS];

	if (count == 1)
		return few;
	for (size_t d = 0; d < DRAWS; d++) {
		most[d] = 0;
		for (size_t k = 0; k < count; k++)
			if (drawn->error[k] > 0)
				most[d] = fmax(most[d],
					       fabs(drawn->logs[k * DRAWS + d] -
						    log(bands[k].ratio)) /
						       drawn->error[k]);
	}
	gsl_sort(most, 1, DRAWS);
	return few / gsl_cdf_ugaussian_Qinv(alpha / 2) *
	       gsl_stats_quantile_from_sorted_data(most, 1, DRAWS, 1 - alpha);
}

static void bands_set(const struct drawn *drawn, double alpha,
		      size_t block_count, struct tails_band *bands,
		      size_t count)
{
	const double n = (double)block_count;
	const double far = reach(drawn, bands, count, block_count, alpha);

	for (size_t k = 0; k < count; k++) {
		const double error = drawn->error[k], ratio = bands[k].ratio;

		if (isnan(ratio))
			continue;
		bands[k].low = ratio * exp(-far * error);
		bands[k].high = ratio * exp(far * error);
		bands[k].p =
			error > 0
				? 2 * gsl_cdf_tdist_Q(fabs(log(ratio)) / error /
							      sqrt(n / (n - 1)),
						      n - 1)
				: 1;
	}
}

/* As they are, and no band yet. */
static void estimates_set(const struct orders *arm, const struct orders *base,
			  size_t block_count, struct tails_band *bands,
			  size_t count, unsigned int *times)
{
	double of_arm[TAILS_MAX], of_base[TAILS_MAX];

	for (size_t b = 0; b < block_count; b++)
		times[b] = 1;
	orders_percentiles(arm, times, block_count, bands, count, of_arm);
	orders_percentiles(base, times, block_count, bands, count, of_base);
	for (size_t k = 0; k < count; k++) {
		const double percent = bands[k].percent;

		bands[k].arm = of_arm[k];
		bands[k].base = of_base[k];
		bands[k].ratio = of_arm[k] / of_base[k];
		bands[k].low = 0;
		bands[k].high = INFINITY;
		bands[k].p = 1;
		if (!percentile_supported(arm->pool.count, percent) ||
		    !percentile_supported(base->pool.count, percent) ||
		    blocks_beyond(&arm->pool, of_arm[k], times, block_count) <
			    TAILS_BLOCKS_BEYOND ||
		    blocks_beyond(&base->pool, of_base[k], times, block_count) <
			    TAILS_BLOCKS_BEYOND)
			bands[k].arm = bands[k].base = bands[k].ratio = NAN;
	}
}

static int pools_band(const struct orders *arm, const struct orders *base,
		      size_t block_count, double alpha, uint64_t seed,
		      struct tails_band *bands, size_t count)
{
	unsigned int *times = calloc(block_count + 1, sizeof(*times));
	struct drawn drawn;
	int err = times ? 0 : -ENOMEM;

	if (!err)
		estimates_set(arm, base, block_count, bands, count, times);
	free(times);
	if (err || block_count < TAILS_BLOCKS_MIN)
		return err;
	err = draw(arm, base, block_count, seed, bands, count, &drawn);
	if (err)
		return err;
	bands_set(&drawn, alpha, block_count, bands, count);
	free(drawn.logs);
	return 0;
}

int tails_bands(const struct tails_block *blocks, size_t block_count,
		double alpha, uint64_t seed, struct tails_band *bands,
		size_t count)
{
	struct orders arm, base;
	int err = orders_open(&arm, blocks, block_count, false);

	if (err)
		return err;
	err = orders_open(&base, blocks, block_count, true);
	if (err)
		goto close_arm;
	if (arm.pool.count > 0 && base.pool.count > 0)
		err = pools_band(&arm, &base, block_count, alpha, seed, bands,
				 count);
	else
		for (size_t k = 0; k < count; k++)
			bands[k] = (struct tails_band){
				bands[k].percent, NAN, NAN, NAN, 0, INFINITY, 1
			};
	orders_close(&base);
close_arm:
	orders_close(&arm);
	return err;
}

int tails_verdict(const struct tails_block *blocks, size_t block_count,
		  double percent, const struct verdict_rule *rule,
		  uint64_t seed, struct verdict *verdict, double *base)
{
	struct tails_band band = { .percent = percent };
	int err = tails_bands(blocks, block_count, verdict_level(rule), seed,
			      &band, 1);

	if (err)
		return err;
	*base = band.base;
	*verdict = (struct verdict){
		.pairs = block_count,
		.ratio = band.ratio,
		.low = band.low,
		.high = band.high,
		.p = band.p,
		.p_adjusted = fmin(1, band.p * (double)rule->arm_count),
		.equal = rule->equal
	};
	verdict_decide(verdict, rule);
	if (block_count == 0)
		verdict->call = VERDICT_NONE;
	else if (isnan(band.ratio))
		*verdict = verdict_of_few_orders();
	else if (block_count < TAILS_BLOCKS_MIN)
		verdict->call = VERDICT_TOO_FEW;
	return 0;
}
