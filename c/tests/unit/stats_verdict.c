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
#include "stats/randomization.h"
#include "stats/signed_rank.h"
#include "stats/verdict.h"
#include "tests/support/noise.h"
#include "tests/support/sanitizer.h"

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

/* Six blocks of one machine say half, eight of another nine tenths: in spreads
 * of their own each weighs as a block of the other does. */
static void strata_are_never_mixed(void **state)
{
	double half[6], tenth[8];
	const struct verdict_stratum strata[] = { { half, NULL, 6 },
						  { tenth, NULL, 8 } };
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
		assert_int_equal(
			verdict_compare_strata(
				(const struct verdict_stratum[]){
					{ quiet, NULL, 8 }, { loud, NULL, 8 } },
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

/* A campaign of so many arms beside the baseline and, as the last one, itself,
 * all alike but the first, which takes factor times as long. The machine slows
 * down to 2.1 times meanwhile. */
static void values_make(gsl_rng *random, enum noise noise, double factor,
			unsigned int tested, unsigned int blocks,
			double values[][20])
{
	const unsigned int arms = tested + 2;
	double kept = 0;
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
}

/* How many of its arms got each call? */
static void campaign_make(gsl_rng *random, enum noise noise, double factor,
			  unsigned int tested, unsigned int blocks,
			  unsigned int calls[static VERDICT_SLOWER + 1])
{
	double values[ARMS_MAX][20];

	values_make(random, noise, factor, tested, blocks, values);
	for (unsigned int arm = 1; arm <= tested; arm++) {
		struct verdict verdict;

		assert_int_equal(verdict_compare_twice(values[arm], values[0],
						       values[tested + 1],
						       blocks, rule_of(tested),
						       &verdict),
				 0);
		calls[verdict.call]++;
	}
}

/* Of an arm against both trials of its baseline. */
static double p_of(const double *arms, const double *bases, const double *again,
		   size_t count)
{
	struct randomization_block blocks[20];
	struct randomization test;
	double p;

	for (size_t i = 0; i < count; i++)
		blocks[i] = (struct randomization_block){
			{ log(arms[i] / bases[i]), log(arms[i] / again[i]) }, 2
		};
	assert_int_equal(randomization_open(&test, blocks, &count, 1), 0);
	p = randomization_p(&test, 0);
	randomization_close(&test);
	return p;
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

/* In how many of a hundred campaigns without a difference any arm's test
 * rejects that there is none, without which there is no verdict: the interval's
 * ends, which take forty times as long, are left out. */
static double rejections_of(enum noise noise, unsigned int tested,
			    unsigned int blocks, unsigned int campaigns)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < campaigns; i++) {
		double values[ARMS_MAX][20], least = 1;

		values_make(random, noise, 1, tested, blocks, values);
		for (unsigned int arm = 1; arm <= tested; arm++)
			least = fmin(least, p_of(values[arm], values[0],
						 values[tested + 1], blocks));
		n += least <= verdict_level(rule_of(tested));
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
		{ 1, 8, 500 },	 { 1, 10, 500 },  { 1, 20, 500 },
		{ 4, 8, 1000 },	 { 4, 10, 1000 }, { 4, 20, 1000 },
		{ 10, 10, 500 }, { 10, 20, 500 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Numbers alone: the sanitizers see all of it in a third. */
		const unsigned int campaigns =
			cases[i].campaigns / (SANITIZED ? 3 : 1);
		double sum = 0;

		for (enum noise noise = 0; noise < NOISES; noise++)
			sum += cases[i].arms == 1
				       ? verdicts_of(noise, 1, 1,
						     cases[i].blocks, campaigns)
				       : rejections_of(noise, cases[i].arms,
						       cases[i].blocks,
						       campaigns);
		print_message("%u arms, %u blocks: %.1f %% false\n",
			      cases[i].arms, cases[i].blocks, sum / NOISES);
		if (sum / NOISES > 5 || sum / NOISES < 1)
			fail_msg("%.1f %%", sum / NOISES);
	}
}

/* In how many of a hundred campaigns of one arm Wilcoxon's signed-rank test
 * against the mean of both baseline's trials sees that it is slower. */
static double found_by_signed_ranks(enum noise noise, double factor,
				    unsigned int blocks, unsigned int campaigns)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int n = 0;

	gsl_rng_set(random, 20);
	for (unsigned int i = 0; i < campaigns; i++) {
		double values[3][20], differences[20];

		values_make(random, noise, factor, 1, blocks, values);
		for (unsigned int j = 0; j < blocks; j++)
			differences[j] = log(values[1][j]) -
					 log(values[0][j] * values[2][j]) / 2;
		n += signed_rank_p(differences, blocks, NULL) <= VERDICT_ALPHA;
	}
	gsl_rng_free(random);
	return 100.0 * n / campaigns;
}

/* Of 10 % in ten blocks and of 7 % in twenty no less is found than by the best
 * of the usual tests where noise is Gaussian, and in all a third more. */
static void more_is_found_than_by_signed_ranks(void **state)
{
	double mine = 0, theirs = 0;

	(void)state;
	for (enum noise noise = 0; noise < NOISES; noise++)
		for (unsigned int i = 0; i < 2; i++) {
			const double factor = i ? 1.07 : 1.10;
			const unsigned int blocks = i ? 20 : 10;
			double found =
				verdicts_of(noise, factor, 1, blocks, 400);
			double usual = found_by_signed_ranks(noise, factor,
							     blocks, 400);

			print_message("noise %d, %u blocks: %.1f %%, by signed "
				      "ranks %.1f %%\n",
				      (int)noise, blocks, found, usual);
			if (found < usual - 4)
				fail_msg("%.1f %%, not %.1f %%", found, usual);
			mine += found;
			theirs += usual;
		}
	if (!(mine > 4 * theirs / 3))
		fail_msg("%.1f, not %.1f", mine, theirs);
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
		cmocka_unit_test(strata_are_never_mixed),
		cmocka_unit_test(false_verdicts_of_strata_are_few),
		cmocka_unit_test(blocks_needed),
		cmocka_unit_test(false_verdicts_are_few),
		cmocka_unit_test(what_is_there_is_found),
		cmocka_unit_test(more_is_found_than_by_signed_ranks),
		cmocka_unit_test(verdict_and_interval_agree),
		cmocka_unit_test(each_call_has_its_sentence),
		cmocka_unit_test(what_is_near_is_equivalent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
