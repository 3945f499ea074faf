/* SPDX-License-Identifier: MIT */
/* Two places where values gather: against others' dips, and by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>

#include "base/mem.h"
#include "stats/modes.h"

#define LEVEL 0.01

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-9))
		fail_msg("%.12f, wanted %.12f", value, wanted);
}

/* As R's diptest 0.77 has them (its tests/ex1.R); the last is of Hartigan and
 * Hartigan's own example, the quality of 63 faculties: 7.5 of 126. */
static void dips_as_others_have_them(void **state)
{
	static const double two[] = { 1, 1, 2, 2 };
	static const double five[] = { 0, 2, 3, 5, 6 };
	static const double one[] = { 1, 2, 2, 2, 2, 2, 2, 2, 2, 2 };
	static const double faculties[] = {
		30, 33, 35, 36, 37, 37, 39, 39, 39, 39, 39, 40, 40, 40, 40, 41,
		42, 43, 43, 43, 44, 44, 45, 45, 46, 46, 47, 47, 48, 48, 48, 49,
		50, 50, 51, 52, 52, 53, 53, 53, 53, 53, 54, 54, 57, 57, 59, 60,
		60, 60, 61, 61, 61, 61, 62, 62, 62, 62, 63, 66, 70, 72, 72
	};
	double mirrored[ARRAY_SIZE(faculties)];

	(void)state;
	near(modes_dip(two, 4), 0.25);
	near(modes_dip(five, 5), 4.0 / 3 / 10);
	near(modes_dip(one, 10), 0.05);
	near(modes_dip(faculties, 63), 7.5 / 126);
	for (size_t i = 0; i < 63; i++)
		mirrored[i] = -faculties[62 - i];
	near(modes_dip(mirrored, 63), 7.5 / 126);
	assert_true(isnan(modes_dip(two, 1)));
}

static void groups_are_found(void **state)
{
	double values[] = { 9, 30, 8, 31, 8.5, 32, 29, 9.5, 33, 8.8, 30.5 };
	struct modes modes;

	(void)state;
	assert_int_equal(modes_find(values, ARRAY_SIZE(values), &modes), 0);
	assert_true(modes.p <= LEVEL);
	assert_int_equal(modes.low_count, 5);
	near(modes.low, 8.8);
	near(modes.high, 30.75);
	assert_int_equal(modes_find(values, MODES_MIN - 1, &modes), 0);
	assert_true(isnan(modes.p));
}

enum shape { FLAT, BELL, HEAVY, SKEWED, DRIFTING, TWO, SHAPES };

static double drawn(gsl_rng *random, enum shape shape, double place)
{
	switch (shape) {
	case FLAT:
		return gsl_rng_uniform(random);
	case BELL:
		return gsl_ran_gaussian(random, 1);
	case HEAVY:
		return gsl_ran_tdist(random, 3);
	case SKEWED:
		return gsl_ran_exponential(random, 1);
	case DRIFTING:
		return gsl_ran_gaussian(random, 0.1) + place;
	case TWO:
		return gsl_ran_gaussian(random, 0.05) +
		       (gsl_rng_uniform(random) < 0.4);
	case SHAPES:
		break;
	}
	return NAN;
}

/* In how many of a hundred campaigns are two groups seen? */
static double seen(enum shape shape, unsigned int trials,
		   unsigned int campaigns)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, 40 + trials);
	for (unsigned int i = 0; i < campaigns; i++) {
		struct modes modes;
		double values[60];

		for (unsigned int j = 0; j < trials; j++)
			values[j] = drawn(random, shape, (double)j / trials);
		assert_int_equal(modes_find(values, trials, &modes), 0);
		n += modes.p <= LEVEL;
	}
	gsl_rng_free(random);
	return 100.0 * n / campaigns;
}

/* Of what is flat as often as it says, of any peak less. */
static void its_level_is_held(void **state)
{
	static const unsigned int trials[] = { 10, 20, 40 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		const double flat = seen(FLAT, trials[i], 200);

		if (flat > 3.1) /* three standard errors above 1 % */
			fail_msg("flat, %u trials: %.2f %%", trials[i], flat);
		for (enum shape shape = BELL; shape < TWO; shape++)
			if (seen(shape, trials[i], 60) > 1.7)
				fail_msg("shape %d, %u trials", (int)shape,
					 trials[i]);
	}
}

static void two_states_are_seen(void **state)
{
	const double few = seen(TWO, 20, 50), many = seen(TWO, 40, 25);

	(void)state;
	if (few < 50 || many < 95)
		fail_msg("%.1f and %.1f %%", few, many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dips_as_others_have_them),
		cmocka_unit_test(groups_are_found),
		cmocka_unit_test(its_level_is_held),
		cmocka_unit_test(two_states_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
