/* SPDX-License-Identifier: MIT */
/* Campaigns that look at themselves, simulated: how often they err, whether
 * their intervals hold what is true, and what stopping early saves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "stats/looks.h"
#include "stats/verdict.h"
#include "tests/support/noise.h"
#include "tests/support/sanitizer.h"

#define ARMS_MAX   10
#define BLOCKS_MAX 60

static void looks_are_planned(void **state)
{
	static const unsigned int wanted[] = { 8, 12, 18, 27, 41, 60 };
	struct looks looks;
	unsigned int needed;

	(void)state;
	assert_int_equal(looks_plan(1, 60, &looks, &needed), 0);
	assert_int_equal(looks.count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(looks.blocks[i], wanted[i]);
	assert_true(fabs(looks.alpha - VERDICT_ALPHA / 6) < 1e-12);
}

/* For any number of arms and blocks: the first look could decide, each is
 * later than the one before, the last is the end, and together they have the
 * error. */
static void each_plan_keeps_its_promises(void **state)
{
	(void)state;
	for (size_t arms = 1; arms <= 14; arms++)
		for (unsigned int blocks = 1; blocks <= 1000; blocks++) {
			struct looks looks;
			unsigned int needed;
			struct verdict_rule rule = verdict_rule(arms);
			int err = looks_plan(arms, blocks, &looks, &needed);

			assert_int_equal(needed, verdict_blocks_needed(&rule));
			assert_int_equal(err, blocks < needed ? -ERANGE : 0);
			if (err)
				continue;
			rule.alpha = looks.alpha;
			assert_true(looks.blocks[0] >=
				    verdict_blocks_needed(&rule));
			assert_true(looks.alpha * looks.count <=
				    VERDICT_ALPHA * (1 + 1e-12));
			for (unsigned int i = 1; i < looks.count; i++)
				assert_true(looks.blocks[i - 1] <
					    looks.blocks[i]);
			assert_int_equal(looks.blocks[looks.count - 1], blocks);
		}
}

struct outcome {
	bool decided, missed; /* an interval, of any look, without the truth */
	bool equivalent;
	unsigned int blocks;
};

/* Looks until all arms have their end; each takes factor times as long as the
 * baseline. Places within a block are drawn. */
static struct outcome campaign_run(gsl_rng *random, enum noise noise,
				   double factor, unsigned int arms,
				   unsigned int blocks, double equal)
{
	static double values[ARMS_MAX + 1][BLOCKS_MAX];
	struct outcome outcome = { 0 };
	unsigned int needed, done = 0;
	struct looks looks;
	double kept = 0;

	assert_int_equal(looks_plan(arms, blocks, &looks, &needed), 0);
	for (unsigned int l = 0; l < looks.count && !outcome.decided; l++) {
		const struct verdict_rule rule = { arms, looks.alpha, equal };
		unsigned int ended = 0;

		for (; done < looks.blocks[l]; done++) {
			unsigned int place[ARMS_MAX + 1];

			for (unsigned int i = 0; i <= arms; i++)
				place[i] = i;
			gsl_ran_shuffle(random, place, arms + 1,
					sizeof(place[0]));
			for (unsigned int i = 0; i <= arms; i++)
				values[place[i]][done] =
					(place[i] ? factor : 1) *
					exp(noise_of(random, noise, &kept));
		}
		for (unsigned int arm = 1; arm <= arms; arm++) {
			struct verdict verdict;

			assert_int_equal(verdict_compare(values[arm], values[0],
							 done, &rule, &verdict),
					 0);
			ended += verdict.call >= VERDICT_FASTER;
			outcome.equivalent |=
				verdict.call == VERDICT_EQUIVALENT;
			outcome.missed |=
				verdict.low > factor || verdict.high < factor;
		}
		outcome.decided = ended == arms;
		outcome.blocks = done;
	}
	return outcome;
}

/* In how many of a hundred does any look of any arm err? */
static double misses_of(enum noise noise, double factor, unsigned int arms,
			unsigned int campaigns)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int missed = 0;

	gsl_rng_set(random, 20 + arms);
	for (unsigned int i = 0; i < campaigns; i++)
		missed +=
			campaign_run(random, noise, factor, arms, BLOCKS_MAX, 0)
				.missed;
	gsl_rng_free(random);
	return 100.0 * missed / campaigns;
}

/* Of campaigns whose arms do nothing, at most 5 % have a verdict at any
 * look. */
static void stopping_makes_no_verdicts(void **state)
{
	static const unsigned int arms[] = { 1, 4, 10 };
	static const unsigned int campaigns[] = { 200, 80, 25 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(arms); i++) {
		double sum = 0;

		for (enum noise noise = 0; noise < NOISES; noise++)
			sum += misses_of(noise, 1, arms[i],
					 campaigns[i] / (SANITIZED ? 3 : 1));
		if (sum / NOISES > 5)
			fail_msg("%u arms: %.1f %%", arms[i], sum / NOISES);
		print_message("%u arms: %.2f %% of null campaigns\n", arms[i],
			      sum / NOISES);
	}
}

/* The true ratio is in the intervals of all looks of 95 % of campaigns. */
static void intervals_hold_the_truth(void **state)
{
	double sum = 0;

	(void)state;
	for (enum noise noise = 0; noise < NOISES; noise++)
		sum += misses_of(noise, 0.9, 1, 200);
	if (sum / NOISES > 5)
		fail_msg("%.1f %%", sum / NOISES);
}

/* Who looks without a plan errs often: the simulation can see it. */
static void looking_without_a_plan_errs(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int erred = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		double arm[BLOCKS_MAX], base[BLOCKS_MAX], kept = 0;
		const struct verdict_rule rule = verdict_rule(1);
		bool called = false;

		for (size_t n = 0; n < BLOCKS_MAX; n++) {
			struct verdict verdict;

			arm[n] = exp(noise_of(random, GAUSSIAN, &kept));
			base[n] = exp(noise_of(random, GAUSSIAN, &kept));
			assert_int_equal(verdict_compare(arm, base, n + 1,
							 &rule, &verdict),
					 0);
			called |= verdict.call >= VERDICT_FASTER;
		}
		erred += called;
	}
	gsl_rng_free(random);
	assert_true(erred > 12);
}

/* What is plain takes the first look, what is nothing ends as equivalent, and
 * what is far from that never does. */
static void each_end_is_reached(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int first = 0, equal = 0, far = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		struct outcome plain =
			campaign_run(random, GAUSSIAN, 0.5, 1, BLOCKS_MAX, 0.1);

		first += plain.decided && plain.blocks == 8;
		equal += campaign_run(random, GAUSSIAN, 1, 1, BLOCKS_MAX, 0.1)
				 .equivalent;
		far += campaign_run(random, GAUSSIAN, 1.12, 1, BLOCKS_MAX, 0.1)
			       .equivalent;
	}
	gsl_rng_free(random);
	assert_true(first >= 95);
	assert_true(equal >= 90);
	assert_true(far <= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_are_planned),
		cmocka_unit_test(each_plan_keeps_its_promises),
		cmocka_unit_test(stopping_makes_no_verdicts),
		cmocka_unit_test(intervals_hold_the_truth),
		cmocka_unit_test(looking_without_a_plan_errs),
		cmocka_unit_test(each_end_is_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
