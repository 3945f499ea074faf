/* SPDX-License-Identifier: MIT */
/* Tails and deciles of campaigns, simulated: whether their bands hold what is
 * true. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/percentile.h"
#include "stats/tails.h"
#include "tests/support/noise.h"
#include "tests/support/sanitizer.h"

#define BLOCKS_MAX 30
#define ORDERS	   100

struct campaign {
	uint64_t ns[2][BLOCKS_MAX][ORDERS];
	struct tails_block blocks[BLOCKS_MAX];
};

/* Of one trial, around 10 us, each order with a tail of its own. */
static void trial_make(gsl_rng *random, enum noise noise, double factor,
		       double *kept, uint64_t ns[static ORDERS])
{
	const double trial = noise_of(random, noise, kept);

	for (size_t i = 0; i < ORDERS; i++)
		ns[i] = (uint64_t)(1e4 * factor *
				   exp(trial +
				       gsl_ran_exponential(random, 0.3)));
	percentile_sort(ns, ORDERS);
}

static void campaign_make(gsl_rng *random, enum noise noise, double factor,
			  size_t blocks, struct campaign *campaign)
{
	double kept = 0;

	for (size_t b = 0; b < blocks; b++) {
		trial_make(random, noise, 1, &kept, campaign->ns[0][b]);
		trial_make(random, noise, factor, &kept, campaign->ns[1][b]);
		campaign->blocks[b] = (struct tails_block){ campaign->ns[1][b],
							    campaign->ns[0][b],
							    ORDERS, ORDERS };
	}
}

#define FACTOR 1.1

/* Of campaigns of so many blocks and such noise that have a band: *held, in how
 * many do all bands hold what is true, of *there. They are added to. */
static void holds(const double *percents, size_t count, enum noise noise,
		  size_t blocks, unsigned int campaigns, unsigned int *held,
		  unsigned int *there)
{
	static struct campaign campaign;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(random, 7);
	for (unsigned int i = 0; i < campaigns; i++) {
		struct tails_band bands[TAILS_MAX];
		bool all = true;

		for (size_t k = 0; k < count; k++)
			bands[k].percent = percents[k];
		campaign_make(random, noise, FACTOR, blocks, &campaign);
		assert_int_equal(tails_bands(campaign.blocks, blocks, 0.05, i,
					     bands, count),
				 0);
		if (isnan(bands[0].ratio))
			continue;
		for (size_t k = 0; k < count; k++)
			all &= isnan(bands[k].ratio) ||
			       (bands[k].low <= FACTOR &&
				bands[k].high >= FACTOR);
		*held += all;
		(*there)++;
	}
	gsl_rng_free(random);
}

static void tails_hold_the_truth(void **state)
{
	static const double percent = 99;
	unsigned int held = 0, there = 0;
	double share;

	(void)state;
	for (enum noise noise = 0; noise < NOISES; noise++)
		holds(&percent, 1, noise, 20, SANITIZED ? 20 : 150, &held,
		      &there);
	share = 100.0 * held / there;
	print_message("p99: %.1f %% of %u\n", share, there);
	assert_true(there > (SANITIZED ? 90 : 900));
	if (share < (SANITIZED ? 90 : 93) || share > (SANITIZED ? 100 : 97))
		fail_msg("%.1f %%", share);
}

/* Of as few blocks as may be, where trials have two p50s rather than one. */
static void tails_of_few_blocks_hold_the_truth(void **state)
{
	static const double percent = 99;
	unsigned int held = 0, there = 0;
	double share;

	(void)state;
	holds(&percent, 1, BIMODAL, TAILS_BLOCKS_MIN, SANITIZED ? 40 : 400,
	      &held, &there);
	share = 100.0 * held / there;
	print_message("p99, two p50s: %.1f %% of %u\n", share, there);
	if (share < (SANITIZED ? 80 : 91) || share > (SANITIZED ? 100 : 97))
		fail_msg("%.1f %%", share);
}

/* Together: all nine of them. */
static void deciles_hold_the_truth(void **state)
{
	static const double percents[] = { 10, 20, 30, 40, 50, 60, 70, 80, 90 };
	unsigned int held = 0, there = 0;
	double share;

	(void)state;
	for (enum noise noise = 0; noise < NOISES; noise++)
		holds(percents, 9, noise, 20, SANITIZED ? 4 : 30, &held,
		      &there);
	share = 100.0 * held / there;
	print_message("deciles: %.1f %% of %u\n", share, there);
	if (share < (SANITIZED ? 80 : 93) || share > (SANITIZED ? 100 : 98))
		fail_msg("%.1f %%", share);
}

/* By hand: percentiles are nearest ranks of all orders, and the same seed says
 * the same. */
static void percentiles_are_those_of_all(void **state)
{
	static struct campaign campaign;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	static uint64_t all[20 * ORDERS];
	struct tails_band band = { .percent = 99 }, again = band, other = band;
	size_t n = 0;

	(void)state;
	campaign_make(random, GAUSSIAN, FACTOR, 20, &campaign);
	gsl_rng_free(random);
	for (size_t b = 0; b < 20; b++)
		for (size_t i = 0; i < ORDERS; i++)
			all[n++] = campaign.ns[1][b][i];
	percentile_sort(all, n);
	assert_int_equal(tails_bands(campaign.blocks, 20, 0.05, 1, &band, 1),
			 0);
	assert_int_equal(tails_bands(campaign.blocks, 20, 0.05, 1, &again, 1),
			 0);
	assert_int_equal(tails_bands(campaign.blocks, 20, 0.05, 2, &other, 1),
			 0);
	assert_true(band.arm == (double)percentile_of(all, n, 99));
	assert_true(band.low == again.low && band.high == again.high);
	assert_true(band.low != other.low);
	assert_true(band.ratio == other.ratio);
}

/* What one block alone is made of, few orders, few blocks: nothing is said. */
static void what_can_not_be_told_is_not(void **state)
{
	static struct campaign campaign;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	const struct verdict_rule rule = verdict_rule(1);
	struct tails_band band = { .percent = 99 };
	struct verdict verdict;
	double base;

	(void)state;
	campaign_make(random, GAUSSIAN, 2, 20, &campaign);
	gsl_rng_free(random);
	assert_int_equal(tails_verdict(campaign.blocks, 20, 99, &rule, 1,
				       &verdict, &base),
			 0);
	assert_int_equal(verdict.call, VERDICT_SLOWER);
	assert_true(verdict.low > 1 && verdict.p_adjusted < 0.05);
	assert_int_equal(tails_verdict(campaign.blocks, 15, 90, &rule, 1,
				       &verdict, &base),
			 0);
	assert_int_equal(verdict.call, VERDICT_TOO_FEW);
	assert_int_equal(tails_verdict(campaign.blocks, 20, 99.9, &rule, 1,
				       &verdict, &base),
			 0);
	assert_int_equal(verdict.call, VERDICT_FEW_ORDERS);
	assert_int_equal(tails_verdict(campaign.blocks, 0, 99, &rule, 1,
				       &verdict, &base),
			 0);
	assert_int_equal(verdict.call, VERDICT_NONE);
	for (size_t i = 0; i < ORDERS; i++)
		campaign.ns[1][3][i] *= 100;
	assert_int_equal(tails_bands(campaign.blocks, 20, 0.05, 1, &band, 1),
			 0);
	assert_true(isnan(band.ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails_hold_the_truth),
		cmocka_unit_test(tails_of_few_blocks_hold_the_truth),
		cmocka_unit_test(deciles_hold_the_truth),
		cmocka_unit_test(percentiles_are_those_of_all),
		cmocka_unit_test(what_can_not_be_told_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
