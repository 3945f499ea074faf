/* SPDX-License-Identifier: MIT */
/* Whether groups differ, against figures from elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/mem.h"
#include "stats/agreement.h"

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-6))
		fail_msg("%.9f, wanted %.9f", value, wanted);
}

/* R: kruskal.test(list(x, y, z)) in its own help page, with the mucociliary
 * efficiencies of Hollander and Wolfe (1973), p. 116: H = 0.7714, p = 0.68. */
static void kruskal_as_hollander_and_wolfe(void **state)
{
	static const double values[] = { 2.9, 3.0, 2.5, 2.6, 3.2, 3.8, 2.7,
					 4.0, 2.4, 2.8, 3.4, 3.7, 2.2, 2.0 };
	static const size_t counts[] = { 5, 4, 5 };
	double h;

	(void)state;
	near(agreement_p(values, counts, 3, &h), exp(-27.0 / 35 / 2));
	near(h, 27.0 / 35);
}

/* By hand: ranks 1.5 1.5 3.5 3.5; 2.4 without, 3 with the correction. */
static void ties_have_the_middle_of_their_ranks(void **state)
{
	static const double values[] = { 1, 1, 2, 2 };
	static const size_t counts[] = { 2, 2 };
	double h;

	(void)state;
	near(agreement_p(values, counts, 2, &h), erfc(sqrt(1.5)));
	near(h, 3);
}

static void what_can_not_differ(void **state)
{
	static const double values[] = { 1, 1, 1, 1 };
	static const size_t two[] = { 2, 2 }, one[] = { 4 }, empty[] = { 4, 0 };

	(void)state;
	near(agreement_p(values, two, 2, NULL), 1);
	assert_true(isnan(agreement_p(values, one, 1, NULL)));
	assert_true(isnan(agreement_p(values, empty, 2, NULL)));
	assert_true(isnan(agreement_p(NULL, NULL, 0, NULL)));
}

/* Machines whose effects are alike are rarely said to disagree, also where one
 * of them is three times as noisy. */
static void noise_is_no_disagreement(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	static const size_t counts[] = { 8, 8 };
	unsigned int found = 0;

	(void)state;
	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < 2000; i++) {
		double values[16];

		for (size_t j = 0; j < ARRAY_SIZE(values); j++)
			values[j] = gsl_ran_gaussian(random, j < 8 ? 0.1 : 0.3);
		found += agreement_p(values, counts, 2, NULL) <= 0.05;
	}
	gsl_rng_free(random);
	assert_true(found > 20);
	if (found > 2000 * 8 / 100)
		fail_msg("%u of 2000", found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kruskal_as_hollander_and_wolfe),
		cmocka_unit_test(ties_have_the_middle_of_their_ranks),
		cmocka_unit_test(what_can_not_differ),
		cmocka_unit_test(noise_is_no_disagreement),
	};

	return cmocka_run_group_tests_name("stats/agreement", tests, NULL,
					   NULL);
}
