/* SPDX-License-Identifier: MIT */
/* A trend in what came one after the other, against figures from elsewhere and
 * by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/mem.h"
#include "stats/drift.h"

#define CAMPAIGNS 2000
#define LEVEL	  0.01

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-6))
		fail_msg("%.9f, wanted %.9f", value, wanted);
}

/* J. Little, "A Mann-Kendall example, by hand" (College of the Holy Cross):
 * two are the same, S = 54, Z = 2.9058. */
static void mann_kendall_as_by_hand(void **state)
{
	static const double values[] = { 12.9, 14.8, 13.2, 15.7, 13.8,
					 15.6, 12.9, 11.0, 17.3, 15.9,
					 19.0, 18.3, 20.1, 21.7 };
	const double variance = (14 * 13 * 33 - 2 * 1 * 9) / 18.0;
	struct drift drift;

	(void)state;
	assert_int_equal(drift_find(values, ARRAY_SIZE(values), &drift), 0);
	near(drift.p, erfc(53 / sqrt(variance) / sqrt(2)));
}

/* By counting: of 720 orders of six two are without an inversion or without
 * anything else; of 24 of four so many have at most one, or at least five. */
static void the_exact_distribution_is_that_of_inversions(void **state)
{
	static const double rising[] = { 1, 2, 3, 4, 5, 6 };
	static const double falling[] = { 6, 5, 4, 3, 2, 1 };
	static const double almost[] = { 2, 1, 3, 4 };
	struct drift drift;

	(void)state;
	assert_int_equal(drift_find(rising, 6, &drift), 0);
	near(drift.p, 2.0 / 720);
	near(drift.whole, 5);
	assert_int_equal(drift_find(falling, 6, &drift), 0);
	near(drift.p, 2.0 / 720);
	near(drift.whole, -5);
	assert_int_equal(drift_find(almost, 4, &drift), 0);
	near(drift.p, 8.0 / 24);
}

static void what_can_not_drift(void **state)
{
	static const double values[] = { 3, 3, 3, 3 };
	struct drift drift;

	(void)state;
	assert_int_equal(drift_find(values, 4, &drift), 0);
	near(drift.p, 1);
	near(drift.whole, 0);
	assert_int_equal(drift_find(values, 1, &drift), 0);
	assert_true(isnan(drift.p) && isnan(drift.whole));
}

/* In how many of a hundred campaigns is it seen? Their noise's tails are
 * heavy; from first to last they rise by so much. */
static double seen(unsigned int blocks, double whole)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, blocks);
	for (unsigned int i = 0; i < CAMPAIGNS; i++) {
		double values[80];
		struct drift drift;

		for (unsigned int j = 0; j < blocks; j++)
			values[j] = 0.1 * gsl_ran_tdist(random, 3) +
				    whole * j / (blocks - 1);
		assert_int_equal(drift_find(values, blocks, &drift), 0);
		n += drift.p <= LEVEL;
	}
	gsl_rng_free(random);
	return 100.0 * n / CAMPAIGNS;
}

static void its_level_is_held(void **state)
{
	static const unsigned int blocks[] = { 8, 20, 50, 60 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		const double of_nothing = seen(blocks[i], 0);

		/* Three standard errors above 1 %. */
		if (of_nothing > 1.7)
			fail_msg("%u blocks: %.2f %%", blocks[i], of_nothing);
	}
}

static void a_drift_is_seen(void **state)
{
	(void)state;
	assert_true(seen(20, 0.5) > 90);
	assert_true(seen(60, 0.3) > 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mann_kendall_as_by_hand),
		cmocka_unit_test(the_exact_distribution_is_that_of_inversions),
		cmocka_unit_test(what_can_not_drift),
		cmocka_unit_test(its_level_is_held),
		cmocka_unit_test(a_drift_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
