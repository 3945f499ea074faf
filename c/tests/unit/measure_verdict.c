/* SPDX-License-Identifier: MIT */
/* Statistics against figures from elsewhere, each with its source. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "measure/verdict.h"

#define BLOCKS 8

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
	near(verdict_signed_rank(differences, ARRAY_SIZE(x), &w), 0.0390625);
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
	near(verdict_signed_rank(eighths, ARRAY_SIZE(eighths), &w),
	     0.041259765625);
	near(w, 96);
}

/* By hand: {1, 1, 2} all positive gives 2 of 8 outcomes at both ends; a zero
 * does not count; the least p of n blocks is 2 / 2^n. */
static void wilcoxon_ties_zeros_and_ends(void **state)
{
	static const double ties[] = { 1, 1, 2, 0 };
	static const double none[] = { 0, 0 };
	static const double six[] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	near(verdict_signed_rank(ties, 4, NULL), 0.25);
	near(verdict_signed_rank(none, 2, NULL), 1);
	near(verdict_signed_rank(six, 6, NULL), 0.03125);
}

/* The normal approximation goes on where the exact distribution ends. */
static void wilcoxon_of_many(void **state)
{
	double values[VERDICT_EXACT_MAX + 1], exact, normal;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = ((double)i + 1) * (i % 3 ? 1 : -1);
	exact = verdict_signed_rank(values, VERDICT_EXACT_MAX, NULL);
	normal = verdict_signed_rank(values, VERDICT_EXACT_MAX + 1, NULL);
	assert_true(fabs(exact - normal) < 0.02);
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02. */
static void holm_as_r(void **state)
{
	static const double p[] = { 0.01, 0.04, 0.03, 0.005 };
	static const double wanted[] = { 0.03, 0.06, 0.06, 0.02 };
	double corrected[4];

	(void)state;
	assert_int_equal(verdict_holm(p, 4, corrected), 0);
	for (size_t i = 0; i < 4; i++)
		near(corrected[i], wanted[i]);
}

static void blocks_needed(void **state)
{
	(void)state;
	assert_int_equal(verdict_blocks_needed(1), 6);
	assert_int_equal(verdict_blocks_needed(2), 7);
	assert_int_equal(verdict_blocks_needed(6), 8);
}

/* An arm at factor x the baseline, with noise of CV sigma on all. */
static void campaign_make(gsl_rng *random, double factor, double sigma,
			  size_t blocks, struct verdict *arm,
			  struct verdict *aa)
{
	double base[64], again[64], other[64];

	for (size_t i = 0; i < blocks; i++) {
		/* The machine drifts, for all alike. */
		double drift = exp(gsl_ran_gaussian(random, 0.3));

		base[i] = drift * exp(gsl_ran_gaussian(random, sigma));
		again[i] = drift * exp(gsl_ran_gaussian(random, sigma));
		other[i] =
			factor * drift * exp(gsl_ran_gaussian(random, sigma));
	}
	assert_int_equal(verdict_compare(other, base, blocks, 1, arm), 0);
	assert_int_equal(verdict_compare(again, base, blocks, 1, aa), 0);
	verdict_decide(arm, 1, aa);
}

static unsigned int verdicts_of(double factor, unsigned int campaigns,
				enum verdict_call wanted)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < campaigns; i++) {
		struct verdict arm, aa;

		campaign_make(random, factor, 0.05, BLOCKS, &arm, &aa);
		n += arm.call == wanted;
	}
	gsl_rng_free(random);
	return n;
}

/* 5 % would be 10 of 200. */
static void false_verdicts_are_few(void **state)
{
	unsigned int slower = verdicts_of(1, 200, VERDICT_SLOWER);
	unsigned int faster = verdicts_of(1, 200, VERDICT_FASTER);

	(void)state;
	if (slower + faster > 10)
		fail_msg("%u of 200 are false", slower + faster);
}

static void what_is_there_is_found(void **state)
{
	(void)state;
	assert_true(verdicts_of(1.25, 100, VERDICT_SLOWER) >= 90);
	assert_true(verdicts_of(0.8, 100, VERDICT_FASTER) >= 90);
}

static void same_seed_same_interval(void **state)
{
	static const double arm[] = { 9, 8, 9.5, 7, 9, 8.5, 8, 9 };
	static const double base[] = { 10, 10, 10, 10, 10, 10, 10, 10 };
	struct verdict first, second;

	(void)state;
	assert_int_equal(verdict_compare(arm, base, 8, 7, &first), 0);
	assert_int_equal(verdict_compare(arm, base, 8, 7, &second), 0);
	assert_memory_equal(&first.low, &second.low, sizeof(double));
	assert_memory_equal(&first.high, &second.high, sizeof(double));
	near(first.ratio, sqrt(0.85 * 0.9));
	assert_true(first.low >= 0.7 && first.low <= first.ratio);
	assert_true(first.high <= 0.95 && first.high >= first.ratio);
}

static void the_reason_is_told(void **state)
{
	struct verdict clear = { .pairs = 8,
				 .ratio = 0.9,
				 .low = 0.85,
				 .high = 0.95,
				 .p = 0.0078125 };
	struct verdict quiet = clear, loud = clear, few = clear, none = clear;
	char text[VERDICT_TEXT_MAX];

	(void)state;
	quiet.low = 0.99, quiet.high = 1.02;
	loud.low = 0.97, loud.high = 1.2;
	verdict_decide(&clear, 1, &quiet);
	assert_int_equal(clear.call, VERDICT_FASTER);
	assert_string_equal(verdict_format(&clear, text),
			    "faster by 10.0 % (95 % CI 5.0..15.0 %)");
	verdict_decide(&clear, 1, &loud);
	assert_int_equal(clear.call, VERDICT_SAME);
	assert_int_equal(clear.lack, VERDICT_LACKS_FLOOR);
	verdict_decide(&clear, 1, NULL);
	assert_int_equal(clear.lack, VERDICT_LACKS_AA);
	quiet.pairs = verdict_blocks_needed(1) - 1;
	verdict_decide(&clear, 1, &quiet);
	assert_int_equal(clear.lack, VERDICT_LACKS_AA);
	quiet.pairs++;
	verdict_decide(&clear, 1, &quiet);
	assert_int_equal(clear.call, VERDICT_FASTER);
	few.pairs = 5, few.p = 0.0625;
	verdict_decide(&few, 1, &quiet);
	assert_int_equal(few.call, VERDICT_TOO_FEW);
	none.pairs = 0;
	verdict_decide(&none, 1, &quiet);
	assert_int_equal(none.call, VERDICT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wilcoxon_as_hollander_and_wolfe),
		cmocka_unit_test(wilcoxon_as_darwins_maize),
		cmocka_unit_test(wilcoxon_ties_zeros_and_ends),
		cmocka_unit_test(wilcoxon_of_many),
		cmocka_unit_test(holm_as_r),
		cmocka_unit_test(blocks_needed),
		cmocka_unit_test(false_verdicts_are_few),
		cmocka_unit_test(what_is_there_is_found),
		cmocka_unit_test(same_seed_same_interval),
		cmocka_unit_test(the_reason_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
