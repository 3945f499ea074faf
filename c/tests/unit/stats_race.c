/* SPDX-License-Identifier: MIT */
/* Races, simulated: whether the best arm stays, how alike arms end, and that
 * who is out was slower. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "stats/looks.h"
#include "stats/race.h"
#include "tests/support/noise.h"
#include "tests/support/sanitizer.h"

#define ARMS	   4
#define BLOCKS_MAX 40
#define RACES	   (SANITIZED ? 60 : 200)

struct outcome {
	struct race race;
	unsigned int blocks, trials;
};

/* Looks until it ends; each arm takes factors[arm] as long as it would. Places
 * within a block are drawn, and who is out runs no more. */
static struct outcome race_run(gsl_rng *random, enum noise noise,
			       const double factors[static ARMS], double equal)
{
	static double values[ARMS][BLOCKS_MAX];
	struct verdict_rule rule = { race_pairs(ARMS), 0, equal };
	struct outcome outcome = { 0 };
	unsigned int needed, done = 0;
	struct looks looks;
	double kept = 0;

	assert_int_equal(
		looks_plan(rule.arm_count, BLOCKS_MAX, &looks, &needed), 0);
	rule.alpha = looks.alpha;
	race_begin(&outcome.race, ARMS);
	for (unsigned int l = 0;
	     l < looks.count && outcome.race.end == RACE_OPEN; l++) {
		for (; done < looks.blocks[l]; done++) {
			unsigned int place[ARMS] = { 0, 1, 2, 3 };

			gsl_ran_shuffle(random, place, ARMS, sizeof(place[0]));
			for (unsigned int i = 0; i < ARMS; i++) {
				const unsigned int arm = place[i];

				values[arm][done] = NAN;
				if (!outcome.race.arms[arm].in)
					continue;
				values[arm][done] =
					factors[arm] *
					exp(noise_of(random, noise, &kept));
				outcome.trials++;
			}
		}
		assert_int_equal(race_look(&outcome.race, values[0], BLOCKS_MAX,
					   done, &rule),
				 0);
	}
	outcome.blocks = done;
	return outcome;
}

/* In how many of so many races is an arm out that is as fast as any? */
static unsigned int best_out(gsl_rng *random, enum noise noise,
			     const double factors[static ARMS],
			     unsigned int races)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < races; i++) {
		const struct outcome outcome =
			race_run(random, noise, factors, RACE_EQUAL);
		bool one = false;

		for (size_t arm = 0; arm < ARMS; arm++)
			one |= factors[arm] <= 1 && !outcome.race.arms[arm].in;
		out += one;
	}
	return out;
}

/* In at most 5 %: of four alike in all noises together, of 1,200 races; and the
 * fastest in each. */
static void the_best_stays(void **state)
{
	static const double alike[ARMS] = { 1, 1, 1, 1 };
	static const double one[ARMS] = { 1.02, 1, 1.3, 1.02 };

	unsigned int all = 0;

	(void)state;
	for (enum noise noise = 0; noise < NOISES; noise++) {
		gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
		unsigned int of_alike, of_one;

		gsl_rng_set(random, 20 + noise);
		of_alike = best_out(random, noise, alike, RACES);
		of_one = best_out(random, noise, one, RACES / 2);
		gsl_rng_free(random);
		print_message("noise %u: out is one of four alike in %u of %u "
			      "races, the best in %u of half as many\n",
			      noise, of_alike, RACES, of_one);
		assert_true(of_one <= RACES / 2 * 5 / 100);
		all += of_alike;
	}
	assert_true(all <= RACES * NOISES * 5 / 100);
}

/* What is plain is known at the first looks, and saves trials. */
static void who_is_slower_runs_no_more(void **state)
{
	static const double factors[ARMS] = { 1.3, 1.6, 1, 1.3 };
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int found = 0, trials = 0, blocks = 0;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		struct outcome of =
			race_run(random, GAUSSIAN, factors, RACE_EQUAL);

		found += of.race.end == RACE_BEST && of.race.arms[2].in;
		trials += of.trials;
		blocks += of.blocks;
		for (size_t arm = 0; arm < ARMS; arm++) {
			const struct race_arm *one = &of.race.arms[arm];

			assert_true(one->in ||
				    (one->verdict.low > 1 && one->by != arm &&
				     one->after <= of.blocks));
		}
	}
	gsl_rng_free(random);
	assert_true(found >= 38);
	assert_true(trials < blocks * ARMS);
}

/* Two alike and two slower: the two that are alike are left. */
static void alike_arms_end_as_a_group(void **state)
{
	static const double alike[ARMS] = { 1, 1, 1, 1 };
	static const double two[ARMS] = { 1, 1.5, 1, 1.5 };
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int all = 0, both = 0;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		struct outcome of = race_run(random, GAUSSIAN, alike, 0.15);

		all += of.race.end == RACE_GROUP && of.race.arms[0].in &&
		       of.race.arms[1].in && of.race.arms[2].in &&
		       of.race.arms[3].in;
		of = race_run(random, GAUSSIAN, two, 0.15);
		both += of.race.end == RACE_GROUP && of.race.arms[0].in &&
			of.race.arms[2].in && !of.race.arms[1].in &&
			!of.race.arms[3].in;
	}
	gsl_rng_free(random);
	if (all < 34 || both < 36)
		fail_msg("%u and %u of 40", all, both);
}

/* A wins over B, B over C, C over A, which medians can do: one of them stays.
 * And who sent wrong orders is out, though it be the fastest. */
static void somebody_stays_and_the_wrong_are_out(void **state)
{
	double values[3][10];
	const struct verdict_rule rule = { race_pairs(3), VERDICT_ALPHA,
					   RACE_EQUAL };
	struct race race;
	size_t in = 0;

	(void)state;
	race_begin(&race, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 10; j++)
			values[i][j] = 1 + (double)i;
	race.pairs[0][1] =
		(struct verdict){ 10, 2, 1.5, 3, 0, 0, 0, VERDICT_SLOWER };
	race_incorrect(&race, 0, 0);
	assert_int_equal(race_look(&race, values[0], 10, 10, &rule), 0);
	assert_int_equal(race.end, RACE_BEST);
	assert_true(race.arms[1].in);
	assert_int_equal(race.arms[0].verdict.call, VERDICT_INCORRECT);
	assert_int_equal(race.arms[2].by, 1);
	assert_int_equal(race.arms[2].verdict.call, VERDICT_SLOWER);

	/* Each in its own blocks: who did not run beside another is not held
	 * against it. */
	race_begin(&race, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 10; j++)
			values[i][j] = j % 3 == i ? NAN : 1;
	assert_int_equal(race_look(&race, values[0], 10, 10, &rule), 0);
	for (size_t i = 0; i < 3; i++)
		in += race.arms[i].in;
	assert_int_equal(in, 3);
	assert_int_equal(race.end, RACE_OPEN);
	for (size_t i = 0; i < 3; i++)
		race_incorrect(&race, i, 10);
	assert_int_equal(race_look(&race, values[0], 10, 10, &rule), 0);
	assert_int_equal(race.end, RACE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_stays),
		cmocka_unit_test(who_is_slower_runs_no_more),
		cmocka_unit_test(alike_arms_end_as_a_group),
		cmocka_unit_test(somebody_stays_and_the_wrong_are_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
