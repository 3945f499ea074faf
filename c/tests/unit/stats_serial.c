/* SPDX-License-Identifier: MIT */
/* Whether neighbours are alike: by hand, and by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/mem.h"
#include "stats/serial.h"

#define CAMPAIGNS 4000
#define LEVEL	  0.01

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-9))
		fail_msg("%.12f, wanted %.12f", value, wanted);
}

/* Ranks 1 to 10: nine steps of 1, and 82.5 about their mean. Ties of 1.5:
 * ranks 1.5 1.5 3 4, and squares of 0, 2.25, 1 over 1, 1, 0.25, 2.25. */
static void the_ratio_is_that_of_ranks(void **state)
{
	static const double rising[] = { 1, 2, 4, 8, 16, 32, 64, 99, 100, 101 };
	static const double tied[] = { 7, 7, 8, 9 };
	struct serial serial;

	(void)state;
	assert_int_equal(serial_find(rising, 10, &serial), 0);
	near(serial.ratio, 9 / 82.5);
	assert_true(serial.p < 1e-4);
	assert_int_equal(serial_find(tied, 4, &serial), 0);
	near(serial.ratio, 3.25 / 4.5);
}

static void what_can_not_be_told(void **state)
{
	static const double same[] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
	struct serial serial;

	(void)state;
	assert_int_equal(serial_find(same, 10, &serial), 0);
	near(serial.p, 1);
	assert_int_equal(serial_find(same, 9, &serial), 0);
	assert_true(isnan(serial.p));
	assert_int_equal(serial_find(NULL, 0, &serial), 0);
	assert_true(isnan(serial.p));
}

/* In how many of a hundred is it seen? Each value keeps so much of the one
 * before it. */
static double seen(unsigned int blocks, double kept)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, blocks);
	for (unsigned int i = 0; i < CAMPAIGNS; i++) {
		struct serial serial;
		double values[60];

		for (unsigned int j = 0; j < blocks; j++)
			values[j] = gsl_ran_tdist(random, 3) +
				    (j ? kept * values[j - 1] : 0);
		assert_int_equal(serial_find(values, blocks, &serial), 0);
		n += serial.p <= LEVEL;
	}
	gsl_rng_free(random);
	return 100.0 * n / CAMPAIGNS;
}

static void its_level_is_held(void **state)
{
	static const unsigned int blocks[] = { 10, 20, 40, 60 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		const double of_nothing = seen(blocks[i], 0);

		/* Three standard errors above what its beta distribution is
		 * known to give. */
		if (of_nothing > 1.7)
			fail_msg("%u blocks: %.2f %%", blocks[i], of_nothing);
	}
}

static void neighbours_that_are_alike_are_seen(void **state)
{
	(void)state;
	assert_true(seen(40, 0.6) > 80);
	assert_true(seen(60, 0.6) > 95);
}

/* What swings to and fro is no likeness. */
static void opposites_are_not(void **state)
{
	(void)state;
	assert_true(seen(40, -0.6) < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ratio_is_that_of_ranks),
		cmocka_unit_test(what_can_not_be_told),
		cmocka_unit_test(its_level_is_held),
		cmocka_unit_test(neighbours_that_are_alike_are_seen),
		cmocka_unit_test(opposites_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
