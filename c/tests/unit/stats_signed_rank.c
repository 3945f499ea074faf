/* SPDX-License-Identifier: MIT */
/* Against figures from elsewhere, each with its source. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stats/signed_rank.h"

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-6))
		fail_msg("%.9f, wanted %.9f", value, wanted);
}

/* R: wilcox.test(x, y, paired = TRUE) in its own help page, with the
 * depression scores of Hollander and Wolfe (1973), p. 29: V = 40, and two-sided
 * p = 0.0390625 (one-sided 0.01953, as printed there). */
static void wilcoxon_as_hollander_and_wolfe(void **state)
{
	static const double x[] = { 1.83, 0.50, 1.62, 2.48, 1.68,
				    1.88, 1.55, 3.06, 1.30 };
	static const double y[] = { 0.878, 0.647, 0.598, 2.05, 1.06,
				    1.29,  1.06,  3.14,	 1.29 };
	double differences[ARRAY_SIZE(x)], w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(x); i++)
		differences[i] = x[i] - y[i];
	near(signed_rank_p(differences, ARRAY_SIZE(x), &w), 0.0390625);
	near(w, 40);
}

/* Darwin's maize (Fisher, The Design of Experiments, 1935, section 17), as R's
 * wilcox.test has it: V = 96, p = 0.04126 with exact ranks. */
static void wilcoxon_as_darwins_maize(void **state)
{
	static const double eighths[] = { 49, -67, 8,  16, 6,  23, 28, 41,
					  14, 29,  56, 24, 75, 60, -48 };
	double w;

	(void)state;
	near(signed_rank_p(eighths, ARRAY_SIZE(eighths), &w), 0.041259765625);
	near(w, 96);
}

/* By hand: the Walsh averages of {1, 1, 2, 0} are nine above 0 and one that is
 * 0 and counts against: p = 2 P(W+ <= 1) = 2 * 2 / 16. The least p of n values
 * is 2 / 2^n. */
static void wilcoxon_ties_zeros_and_ends(void **state)
{
	static const double ties[] = { 1, 1, 2, 0 };
	static const double none[] = { 0, 0 };
	static const double six[] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	near(signed_rank_p(ties, 4, NULL), 0.25);
	near(signed_rank_p(none, 2, NULL), 1);
	near(signed_rank_p(six, 6, NULL), 0.03125);
}

/* The normal approximation goes on where the exact distribution ends. */
static void wilcoxon_of_many(void **state)
{
	double values[SIGNED_RANK_EXACT_MAX + 1], exact, normal;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = ((double)i + 1) * (i % 3 ? 1 : -1);
	exact = signed_rank_p(values, SIGNED_RANK_EXACT_MAX, NULL);
	normal = signed_rank_p(values, SIGNED_RANK_EXACT_MAX + 1, NULL);
	assert_true(fabs(exact - normal) < 0.02);
}

/* R: wilcox.test(x - y, conf.int = TRUE) of the same scores: estimate 0.46,
 * 95 % interval 0.010 to 0.786 (Hollander and Wolfe, 1973, p. 35 and 36, have
 * 0.46, and (.010, .786) at 96.1 %). Of too few there is no interval. */
static void interval_as_hollander_and_wolfe(void **state)
{
	static const double differences[] = { 0.952, -0.147, 1.022,
					      0.430, 0.620,  0.590,
					      0.490, -0.080, 0.010 };
	double estimate, low, high;

	(void)state;
	assert_int_equal(signed_rank_interval(differences,
					      ARRAY_SIZE(differences), 0.05,
					      &estimate, &low, &high),
			 0);
	near(estimate, 0.46);
	near(low, 0.010);
	near(high, 0.786);
	assert_int_equal(signed_rank_interval(differences, 5, 0.05, &estimate,
					      &low, &high),
			 0);
	assert_true(isinf(low) && isinf(high) && low < high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wilcoxon_as_hollander_and_wolfe),
		cmocka_unit_test(wilcoxon_as_darwins_maize),
		cmocka_unit_test(wilcoxon_ties_zeros_and_ends),
		cmocka_unit_test(wilcoxon_of_many),
		cmocka_unit_test(interval_as_hollander_and_wolfe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
