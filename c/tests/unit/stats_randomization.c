/* SPDX-License-Identifier: MIT */
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
#include "stats/randomization.h"

#define BLOCKS_MAX 64

static void near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-6))
		fail_msg("%.9f, wanted %.9f", value, wanted);
}

static double p_of(const struct randomization_block *blocks, size_t count,
		   double difference)
{
	struct randomization test;
	double p;

	assert_int_equal(randomization_open(&test, blocks, &count, 1), 0);
	p = randomization_p(&test, difference);
	randomization_close(&test);
	return p;
}

static struct randomization_result result_of(
	const struct randomization_block *blocks, size_t count, double alpha)
{
	struct randomization_result result;
	struct randomization test;

	assert_int_equal(randomization_open(&test, blocks, &count, 1), 0);
	randomization_judge(&test, alpha, &result);
	randomization_close(&test);
	return result;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Twice the share of all ways to change the places of three values in each
 * block that lie as far out on that side; by the formula in the header, and no
 * line of the code. */
static double p_by_counting(const struct randomization_block *blocks,
			    size_t count)
{
	double values[16][3], spreads[16], sorted[16], median, mine = 0;
	unsigned int ways = 1, as_far = 0;

	for (size_t i = 0; i < count; i++) {
		const double mean =
			-(blocks[i].differences[0] + blocks[i].differences[1]) /
			3;

		values[i][0] = -mean;
		values[i][1] = -blocks[i].differences[0] - mean;
		values[i][2] = -blocks[i].differences[1] - mean;
		spreads[i] =
			fmax(fmax(values[i][0], values[i][1]), values[i][2]) -
			fmin(fmin(values[i][0], values[i][1]), values[i][2]);
		sorted[i] = spreads[i];
		ways *= 3;
	}
	qsort(sorted, count, sizeof(*sorted), ascending);
	median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < 3; j++)
			values[i][j] /= pow(spreads[i] / median, 2) + 2;
	for (size_t i = 0; i < count; i++)
		mine += values[i][0];
	for (unsigned int way = 0; way < ways; way++) {
		unsigned int rest = way;
		double sum = 0;

		for (size_t i = 0; i < count; i++, rest /= 3)
			sum += values[i][rest % 3];
		as_far += mine > 0 ? sum >= mine - 1e-9 : sum <= mine + 1e-9;
	}
	return fmin(1, 2.0 * as_far / ways);
}

static void blocks_draw(gsl_rng *random, double shift, size_t count,
			struct randomization_block *blocks)
{
	for (size_t i = 0; i < count; i++) {
		const double noise = i % 3 ? 0.05 : 0.5;
		const double arm = shift + gsl_ran_gaussian(random, noise);

		blocks[i].references = 2;
		for (unsigned int j = 0; j < 2; j++)
			blocks[i].differences[j] =
				arm - gsl_ran_gaussian(random, noise);
	}
}

static void few_blocks_are_counted_out(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct randomization_block blocks[BLOCKS_MAX];

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		const size_t count = 2 + i % 8;

		blocks_draw(random, 0.01 * (double)(i % 7), count, blocks);
		near(p_of(blocks, count, 0), p_by_counting(blocks, count));
	}
	gsl_rng_free(random);
}

/* Within a twentieth of what counting gives, from where counting ends; and far
 * out, where nothing hangs on it, within a quarter. */
static void many_blocks_are_as_if_counted(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct randomization_block blocks[BLOCKS_MAX];
	double least = 1;

	(void)state;
	gsl_rng_set(random, 3);
	for (size_t i = 0; i < 24; i++) {
		const size_t count = RANDOMIZATION_EXACT_MAX + 1;
		double counted, p;

		blocks_draw(random, 0.005 * (double)(i % 24), count, blocks);
		counted = p_by_counting(blocks, count);
		p = p_of(blocks, count, 0);
		least = fmin(least, counted);
		if (!(fabs(p / counted - 1) < (counted < 1e-3 ? 0.25 : 0.05)))
			fail_msg("%zu blocks: %g, counted %g", count, p,
				 counted);
	}
	assert_true(least < 1e-4);
	gsl_rng_free(random);
}

/* All on one side: one way of 2 or 3 in each block, and as many below. */
static void the_clearest_outcome(void **state)
{
	struct randomization_block blocks[BLOCKS_MAX];

	(void)state;
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		blocks[i] = (struct randomization_block){
			{ 0.1 + 0.001 * (double)i, 0.2 }, 2
		};
	near(p_of(blocks, 5, 0), 2 * pow(3, -5));
	near(p_of(blocks, 12, 0), 2 * pow(3, -12));
	blocks[0].references = 1;
	near(p_of(blocks, 5, 0), pow(3, -4));
	near(p_of(blocks, 5, 0.3), pow(3, -4));
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		blocks[i].references = 1;
	near(p_of(blocks, 6, 0), ldexp(2, -6));
	/* None differs: every way is as far out. */
	memset(blocks, 0, sizeof(blocks));
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		blocks[i].references = 2;
	near(p_of(blocks, 20, 0), 1);
	near(result_of(blocks, 20, 0.05).estimate, 0);
	near(result_of(blocks, 20, 0.05).p, 1);
}

/* A machine that does something else in three blocks of twelve hides nothing of
 * what the other nine show. */
static void wild_blocks_count_for_little(void **state)
{
	struct randomization_block blocks[12];
	struct randomization_result result;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		const double noise = i % 2 ? 0.004 : -0.006;

		blocks[i] = (struct randomization_block){
			{ 0.05 + noise, 0.05 - 2 * noise }, 2
		};
	}
	blocks[2].differences[0] = -1;
	blocks[5].differences[1] = -2;
	blocks[8].differences[0] = blocks[8].differences[1] = -1.5;
	result = result_of(blocks, ARRAY_SIZE(blocks), 0.05);
	assert_true(result.p < 0.01);
	assert_true(fabs(result.estimate - 0.05) < 0.01);
	assert_true(result.low > 0.02 && result.high < 0.08);
}

/* Whichever reference is the first, and in whatever unit. */
static void references_and_units_are_alike(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct randomization_block blocks[BLOCKS_MAX], other[BLOCKS_MAX];

	(void)state;
	for (size_t count = 6; count <= BLOCKS_MAX; count += 7) {
		struct randomization_result one, two;

		blocks_draw(random, 0.02, count, blocks);
		for (size_t i = 0; i < count; i++) {
			other[i].references = 2;
			other[i].differences[0] =
				1000 * (blocks[i].differences[1] + 0.5);
			other[i].differences[1] =
				1000 * (blocks[i].differences[0] + 0.5);
		}
		one = result_of(blocks, count, 0.05);
		two = result_of(other, count, 0.05);
		near(two.estimate / 1000 - 0.5, one.estimate);
		near(two.low / 1000 - 0.5, one.low);
		near(two.high / 1000 - 0.5, one.high);
		near(p_of(other, count, 500), p_of(blocks, count, 0));
	}
	gsl_rng_free(random);
}

/* Of few values, with many ties: p says what the interval says. */
static void p_and_interval_agree(void **state)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct randomization_block blocks[24];
	unsigned int decided = 0;

	(void)state;
	for (unsigned int i = 0; i < 1500; i++) {
		const size_t count = 1 + i % ARRAY_SIZE(blocks);
		struct randomization_result result;
		bool apart;

		for (size_t j = 0; j < count; j++) {
			const int arm = (int)gsl_rng_uniform_int(random, 9);

			blocks[j].references =
				1 + (gsl_rng_uniform_int(random, 4) > 0);
			for (unsigned int k = 0; k < 2; k++)
				blocks[j].differences[k] =
					arm + 2 -
					(int)gsl_rng_uniform_int(random, 9);
		}
		result = result_of(blocks, count, 0.05);
		apart = result.low > 0 || result.high < 0;
		if (apart != (result.p <= 0.05) ||
		    !(result.low <= result.estimate &&
		      result.estimate <= result.high))
			fail_msg("%zu blocks: p %g, %g in %g to %g", count,
				 result.p, result.estimate, result.low,
				 result.high);
		decided += apart;
	}
	assert_true(decided > 200 && decided < 1300);
	gsl_rng_free(random);
}

/* So many blocks have no interval at that level. */
static void too_few_have_no_interval(void **state)
{
	static const struct randomization_block blocks[] = {
		{ { 0.1, 0.2 }, 2 }, { { 0.2, 0.3 }, 2 }, { { 0.3, 0.1 }, 2 }
	};
	struct randomization_result result = result_of(blocks, 3, 0.05);

	(void)state;
	assert_true(isinf(result.low) && isinf(result.high));
	assert_true(result.low < result.high);
	result = result_of(blocks, 3, 0.1);
	assert_true(result.low > 0 && isfinite(result.high));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_blocks_are_counted_out),
		cmocka_unit_test(many_blocks_are_as_if_counted),
		cmocka_unit_test(the_clearest_outcome),
		cmocka_unit_test(wild_blocks_count_for_little),
		cmocka_unit_test(references_and_units_are_alike),
		cmocka_unit_test(p_and_interval_agree),
		cmocka_unit_test(too_few_have_no_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
