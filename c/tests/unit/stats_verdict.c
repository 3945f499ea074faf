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
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/campaign_order.h"
#include "stats/verdict.h"
#include "tests/support/noise.h"

static const struct verdict_rule *rule_of(size_t arm_count)
{
	static struct verdict_rule rule;

	rule = verdict_rule(arm_count);
	return &rule;
}

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

/* By hand: the Walsh averages of {1, 1, 2, 0} are nine above 0 and one that is
 * 0 and counts against: p = 2 P(W+ <= 1) = 2 * 2 / 16. The least p of n blocks
 * is 2 / 2^n. */
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

/* R: wilcox.test(x - y, conf.int = TRUE) of the same scores: estimate 0.46,
 * 95 % interval 0.010 to 0.786 (Hollander and Wolfe, 1973, p. 35 and 36, have
 * 0.46, and (.010, .786) at 96.1 %). */
static void interval_as_hollander_and_wolfe(void **state)
{
	static const double x[] = { 1.83, 0.50, 1.62, 2.48, 1.68,
				    1.88, 1.55, 3.06, 1.30 };
	static const double y[] = { 0.878, 0.647, 0.598, 2.05, 1.06,
				    1.29,  1.06,  3.14,	 1.29 };
	double arms[ARRAY_SIZE(x)], bases[ARRAY_SIZE(x)];
	struct verdict verdict;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(x); i++) {
		arms[i] = exp(x[i]);
		bases[i] = exp(y[i]);
	}
	assert_int_equal(verdict_compare(arms, bases, ARRAY_SIZE(x), rule_of(1),
					 &verdict),
			 0);
	near(log(verdict.ratio), 0.46);
	near(log(verdict.low), 0.010);
	near(log(verdict.high), 0.786);
	near(verdict.p, 0.0390625);
	assert_int_equal(verdict.call, VERDICT_SLOWER);
}

/* Of the differences themselves they are what they are; and of too few there is
 * no interval. */
static void shift_as_hollander_and_wolfe(void **state)
{
	static const double differences[] = { 0.952, -0.147, 1.022,
					      0.430, 0.620,  0.590,
					      0.490, -0.080, 0.010 };
	double estimate, low, high;

	(void)state;
	assert_int_equal(verdict_shift(differences, ARRAY_SIZE(differences),
				       rule_of(1), &estimate, &low, &high),
			 0);
	near(estimate, 0.46);
	near(low, 0.010);
	near(high, 0.786);
	assert_int_equal(verdict_shift(differences, 5, rule_of(1), &estimate,
				       &low, &high),
			 0);
	assert_true(isinf(low) && isinf(high) && low < high);
}

/* Each of the 2^7 choices of signs, ranked within strata of 3 and 4 blocks. */
static void strata_as_by_counting(void **state)
{
	static const double a[] = { 1.1, 1 / 1.2, 1.3 };
	static const double b[] = { 1.05, 1.15, 1 / 1.25, 1.35 };
	static const unsigned int ranks[] = { 1, 2, 3, 1, 2, 3, 4 };
	const struct verdict_stratum strata[] = { { a, 3 }, { b, 4 } };
	unsigned int as_far = 0; /* W+ = 4 + 7 of 16 */
	struct verdict verdict;

	(void)state;
	for (unsigned int signs = 0; signs < 128; signs++) {
		unsigned int sum = 0;

		for (unsigned int i = 0; i < 7; i++)
			sum += signs >> i & 1 ? ranks[i] : 0;
		as_far += sum >= 11 || sum <= 5;
	}
	assert_int_equal(
		verdict_compare_strata(strata, 2, rule_of(1), &verdict), 0);
	near(verdict.p, as_far / 128.0);
	assert_int_equal(verdict.pairs, 7);
}

/* 21 Walsh averages of the one, 36 of the other, and none of both. */
static void strata_are_never_mixed(void **state)
{
	double half[6], tenth[8];
	const struct verdict_stratum strata[] = { { half, 6 }, { tenth, 8 } };
	struct verdict verdict;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(half); i++)
		half[i] = 0.5;
	for (size_t i = 0; i < ARRAY_SIZE(tenth); i++)
		tenth[i] = 0.9;
	assert_int_equal(
		verdict_compare_strata(strata, 2, rule_of(1), &verdict), 0);
	near(verdict.ratio, 0.9);
	near(verdict.low, 0.5);
	near(verdict.high, 0.9);
	near(verdict.p, ldexp(2, -14));
	assert_int_equal(verdict.call, VERDICT_FASTER);
}

/* Beyond the exact distribution the normal one goes on. */
static void strata_of_many(void **state)
{
	double ratios[VERDICT_EXACT_MAX + 2];
	struct verdict exact, normal;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ratios); i++)
		ratios[i] = exp(((double)i + 1) * (i % 3 ? 0.01 : -0.01));
	assert_int_equal(verdict_compare_strata(
				 (const struct verdict_stratum[]){
					 { ratios, 25 }, { ratios + 25, 25 } },
				 2, rule_of(1), &exact),
			 0);
	assert_int_equal(verdict_compare_strata(
				 (const struct verdict_stratum[]){
					 { ratios, 25 }, { ratios + 25, 27 } },
				 2, rule_of(1), &normal),
			 0);
	if (!(exact.p < 0.2 && fabs(exact.p - normal.p) < 0.02))
		fail_msg("%f, %f", exact.p, normal.p);
}

/* Machines that differ in speed and in noise, and an arm that does nothing. */
static void false_verdicts_of_strata_are_few(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int found = 0;

	(void)state;
	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < 2000; i++) {
		double quiet[8], loud[8];
		struct verdict verdict;

		for (size_t j = 0; j < 8; j++) {
			quiet[j] = exp(gsl_ran_gaussian(random, 0.05));
			loud[j] = exp(0.3 * gsl_ran_tdist(random, 3));
		}
		assert_int_equal(verdict_compare_strata(
					 (const struct verdict_stratum[]){
						 { quiet, 8 }, { loud, 8 } },
					 2, rule_of(1), &verdict),
				 0);
		found += verdict.call == VERDICT_FASTER ||
			 verdict.call == VERDICT_SLOWER;
	}
	gsl_rng_free(random);
	assert_true(found > 20);
	if (found > 2000 * 6 / 100)
		fail_msg("%u of 2000", found);
}

static void blocks_needed(void **state)
{
	(void)state;
	assert_int_equal(verdict_blocks_needed(rule_of(1)), 6);
	assert_int_equal(verdict_blocks_needed(rule_of(2)), 7);
	assert_int_equal(verdict_blocks_needed(rule_of(6)), 8);
}

#define ARMS_MAX 12

/* A campaign of so many arms beside the baseline and itself, all alike but
 * the first, which takes factor times as long. The machine slows down to
 * 2.1 times meanwhile. How many got each call? */
static void campaign_make(gsl_rng *random, enum noise noise, double factor,
			  unsigned int tested, unsigned int blocks,
			  unsigned int calls[static VERDICT_SLOWER + 1])
{
	const unsigned int arms = tested + 2;
	double values[ARMS_MAX][20], kept = 0;
	const uint64_t seed = gsl_rng_get(random);
	unsigned int trial = 0;

	for (unsigned int block = 0; block < blocks; block++) {
		unsigned int order[CAMPAIGN_ORDER_ARMS_MAX];

		campaign_order(seed, block, arms, order);
		for (unsigned int i = 0; i < arms; i++, trial++) {
			double drift = log(2.1) * trial / (arms * blocks);
			double value = drift + noise_of(random, noise, &kept);

			values[order[i]][block] =
				exp(value) * (order[i] == 1 ? factor : 1);
		}
	}
	for (unsigned int arm = 1; arm <= tested; arm++) {
		struct verdict verdict;

		assert_int_equal(verdict_compare(values[arm], values[0], blocks,
						 rule_of(tested), &verdict),
				 0);
		calls[verdict.call]++;
	}
}

/* In how many of a hundred campaigns any arm is called faster or slower. */
static double verdicts_of(enum noise noise, double factor, unsigned int tested,
			  unsigned int blocks, unsigned int campaigns)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < campaigns; i++) {
		unsigned int calls[VERDICT_SLOWER + 1] = { 0 };

		campaign_make(random, noise, factor, tested, blocks, calls);
		n += calls[VERDICT_FASTER] + calls[VERDICT_SLOWER] > 0;
	}
	gsl_rng_free(random);
	return 100.0 * n / campaigns;
}

/* At most 5 % of campaigns in which nothing differs have a verdict, and no
 * fewer than 1 %: who never errs finds little. */
static void false_verdicts_are_few(void **state)
{
	static const struct {
		unsigned int arms, blocks, campaigns;
	} cases[] = {
		{ 1, 8, 1000 },	 { 1, 10, 1000 }, { 1, 20, 1000 },
		{ 4, 8, 1000 },	 { 4, 10, 1000 }, { 4, 20, 1000 },
		{ 10, 10, 300 }, { 10, 20, 300 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double sum = 0;

		for (enum noise noise = 0; noise < NOISES; noise++)
			sum += verdicts_of(noise, 1, cases[i].arms,
					   cases[i].blocks, cases[i].campaigns);
		print_message("%u arms, %u blocks: %.1f %% false\n",
			      cases[i].arms, cases[i].blocks, sum / NOISES);
		if (sum / NOISES > 5 || sum / NOISES < 1)
			fail_msg("%.1f %%", sum / NOISES);
	}
}

static void what_is_there_is_found(void **state)
{
	(void)state;
	assert_true(verdicts_of(GAUSSIAN, 1.25, 1, 10, 200) >= 90);
	assert_true(verdicts_of(GAUSSIAN, 0.8, 1, 10, 200) >= 90);
}

/* The verdict is the interval's, whatever the data. */
static void verdict_and_interval_agree(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		const size_t blocks = 1 + i % 20, arms = 1 + i % 4;
		double arm[20], base[20];
		struct verdict verdict;
		bool decided;

		for (size_t j = 0; j < blocks; j++) {
			/* Few values: ties, and ratios of just 1. */
			arm[j] = 95 + (double)gsl_rng_uniform_int(random, 10);
			base[j] = 97 + (double)gsl_rng_uniform_int(random, 10);
		}
		assert_int_equal(verdict_compare(arm, base, blocks,
						 rule_of(arms), &verdict),
				 0);
		decided = verdict.call == VERDICT_FASTER ||
			  verdict.call == VERDICT_SLOWER;
		assert_true(decided == (verdict.low > 1 || verdict.high < 1));
		assert_true(decided == (verdict.p_adjusted <= VERDICT_ALPHA));
		assert_true(verdict.low <= verdict.ratio &&
			    verdict.ratio <= verdict.high);
	}
	gsl_rng_free(random);
}

static void each_call_has_its_sentence(void **state)
{
	static const double base[] = { 100, 100, 100, 100, 100, 100, 100, 100 };
	static const double arm[] = { 90, 90, 90, 90, 90, 90, 90, 90 };
	static const double mixed[] = { 90, 110, 90, 110, 90, 110, 90, 110 };
	struct verdict verdict;
	char text[VERDICT_TEXT_MAX];

	(void)state;
	assert_int_equal(verdict_compare(arm, base, 8, rule_of(1), &verdict),
			 0);
	assert_string_equal(verdict_format(&verdict, text),
			    "faster by 10.0 % (95 % CI 10.0..10.0 %)");
	assert_int_equal(verdict_compare(mixed, base, 8, rule_of(1), &verdict),
			 0);
	assert_int_equal(verdict.call, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict_compare(arm, base, 5, rule_of(1), &verdict),
			 0);
	assert_int_equal(verdict.call, VERDICT_TOO_FEW);
	assert_true(isinf(verdict.high));
	/* Eight blocks decide about six arms, not about seven. */
	assert_int_equal(verdict_compare(arm, base, 8, rule_of(6), &verdict),
			 0);
	assert_int_equal(verdict.call, VERDICT_FASTER);
	assert_int_equal(verdict_compare(arm, base, 8, rule_of(7), &verdict),
			 0);
	assert_int_equal(verdict.call, VERDICT_TOO_FEW);
	assert_int_equal(verdict_compare(arm, base, 0, rule_of(1), &verdict),
			 0);
	assert_int_equal(verdict.call, VERDICT_NONE);
	verdict = verdict_of_incorrect();
	verdict_format(&verdict, text);
	assert_null(strstr(text, "faster"));
	assert_non_null(strstr(text, "no verdict"));
	assert_true(isnan(verdict.ratio));
	verdict = verdict_of_opposite();
	assert_string_equal(verdict_format(&verdict, text),
			    "no verdict: faster on one machine, slower on "
			    "another");
	assert_true(isnan(verdict.ratio));
}

/* An interval within what was said to be no difference is one, be there a
 * difference or not; one that reaches beyond it is not, however likely. */
static void what_is_near_is_equivalent(void **state)
{
	static const double base[] = { 100, 100, 100, 100, 100, 100, 100, 100 };
	static const double near[] = { 99, 101, 99, 101, 99, 101, 99, 101 };
	static const double less[] = { 98, 98, 98, 98, 98, 98, 98, 98 };
	static const double wide[] = { 96, 104, 96, 104, 96, 104, 96, 104 };
	struct verdict_rule rule = verdict_rule(1);
	struct verdict verdict;
	char text[VERDICT_TEXT_MAX];

	(void)state;
	rule.equal = 0.03;
	assert_int_equal(verdict_compare(near, base, 8, &rule, &verdict), 0);
	assert_string_equal(verdict_format(&verdict, text),
			    "equivalent within 3 % (change -0.0 %, 95 % CI "
			    "-1.0..+1.0 %)");
	assert_int_equal(verdict_compare(less, base, 8, &rule, &verdict), 0);
	assert_int_equal(verdict.call, VERDICT_EQUIVALENT);
	assert_int_equal(verdict_compare(wide, base, 8, &rule, &verdict), 0);
	assert_int_equal(verdict.call, VERDICT_INCONCLUSIVE);
	/* 0.98 lies within 1 / 1.03, and not within 1 / 1.01. */
	rule.equal = 0.01;
	assert_int_equal(verdict_compare(less, base, 8, &rule, &verdict), 0);
	assert_int_equal(verdict.call, VERDICT_FASTER);
	assert_int_equal(verdict_compare(near, base, 5, &rule, &verdict), 0);
	assert_int_equal(verdict.call, VERDICT_TOO_FEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wilcoxon_as_hollander_and_wolfe),
		cmocka_unit_test(wilcoxon_as_darwins_maize),
		cmocka_unit_test(wilcoxon_ties_zeros_and_ends),
		cmocka_unit_test(wilcoxon_of_many),
		cmocka_unit_test(interval_as_hollander_and_wolfe),
		cmocka_unit_test(shift_as_hollander_and_wolfe),
		cmocka_unit_test(strata_as_by_counting),
		cmocka_unit_test(strata_are_never_mixed),
		cmocka_unit_test(strata_of_many),
		cmocka_unit_test(false_verdicts_of_strata_are_few),
		cmocka_unit_test(blocks_needed),
		cmocka_unit_test(false_verdicts_are_few),
		cmocka_unit_test(what_is_there_is_found),
		cmocka_unit_test(verdict_and_interval_agree),
		cmocka_unit_test(each_call_has_its_sentence),
		cmocka_unit_test(what_is_near_is_equivalent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
