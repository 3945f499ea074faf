/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "stats/percentile.h"
#include "stats/quantile_band.h"

#define TRIALS 8
#define EACH   40

static void the_value_is_that_of_all_samples(void **state)
{
	static const uint64_t a[] = { 1, 3, 5, 7, 9 }, b[] = { 2, 4, 6, 8 };
	static const double percents[] = { 0, 50, 100 };
	const struct quantile_trial trials[] = { { a, ARRAY_SIZE(a) },
						 { b, ARRAY_SIZE(b) } };
	struct quantile_band bands[3], again[3];

	(void)state;
	assert_int_equal(quantile_bands(trials, 2, percents, 3, 7, bands), 0);
	assert_int_equal(bands[0].value, 1);
	assert_int_equal(bands[1].value, 5);
	assert_int_equal(bands[2].value, 9);
	for (size_t i = 0; i < 3; i++)
		assert_true(bands[i].low <= bands[i].value &&
			    bands[i].value <= bands[i].high);
	assert_int_equal(quantile_bands(trials, 2, percents, 3, 7, again), 0);
	assert_memory_equal(bands, again, sizeof(bands));
}

static void one_trial_says_nothing_of_others(void **state)
{
	static const uint64_t a[] = { 1, 3, 5 };
	static const double percents[] = { 50 };
	const struct quantile_trial trial = { a, ARRAY_SIZE(a) };
	struct quantile_band band;

	(void)state;
	assert_int_equal(quantile_bands(&trial, 1, percents, 1, 1, &band), 0);
	assert_int_equal(band.low, 3);
	assert_int_equal(band.high, 3);
}

static void of_no_samples_there_is_none(void **state)
{
	static const double percents[] = { 50 };
	const struct quantile_trial none[2] = { { NULL, 0 }, { NULL, 0 } };
	struct quantile_band band = { 1, 1, 1 };

	(void)state;
	assert_int_equal(quantile_bands(none, 2, percents, 1, 1, &band), 0);
	assert_int_equal(band.value, 0);
	assert_int_equal(band.high, 0);
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(random_unit(state))) *
	       cos(2 * 3.14159265358979 * random_unit(state));
}

/* Samples of a trial are 2 apart, trials 20: single samples drawn anew would
 * give an interval ten times too narrow. */
static uint64_t campaign_draw(uint64_t samples[TRIALS][EACH],
			      struct quantile_trial trials[TRIALS],
			      uint64_t *state)
{
	for (size_t i = 0; i < TRIALS; i++) {
		const double centre = 1000 + 20 * normal(state);

		for (size_t j = 0; j < EACH; j++)
			samples[i][j] = (uint64_t)(centre + 2 * normal(state));
		percentile_sort(samples[i], EACH);
		trials[i] = (struct quantile_trial){ samples[i], EACH };
	}
	return 1000;
}

static void the_band_holds_what_all_trials_have(void **state)
{
	static const double percents[] = { 50 };
	static uint64_t samples[TRIALS][EACH];
	struct quantile_trial trials[TRIALS];
	struct quantile_band band;
	unsigned int held = 0;
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		uint64_t truth = campaign_draw(samples, trials, &seed);

		assert_int_equal(
			quantile_bands(trials, TRIALS, percents, 1, i, &band),
			0);
		held += band.low <= truth && truth <= band.high;
	}
	/* 95 % of 200 is 190; a band that holds 90 % would show 181 or more
	 * once in two. */
	assert_in_range(held, 184, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_value_is_that_of_all_samples),
		cmocka_unit_test(one_trial_says_nothing_of_others),
		cmocka_unit_test(of_no_samples_there_is_none),
		cmocka_unit_test(the_band_holds_what_all_trials_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
