/* SPDX-License-Identifier: MIT */
/* The split of a campaign's noise, by hand and by simulation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/mem.h"
#include "stats/percentile.h"
#include "stats/variance.h"

#define ARMS   3
#define BLOCKS 200
#define ORDERS 101

/* By hand: blocks at 0 and 2 and nothing else; a third one is not whole. */
static void what_blocks_share_is_theirs(void **state)
{
	static const double logs[2][3] = { { 0, 2, 5 }, { 1, 3, NAN } };
	static const double errors[2][3] = { { 0.5, 0.5, 0.5 },
					     { 0.5, 0.5, NAN } };
	struct variance of = variance_split(logs[0], errors[0], 2, 3, 3);

	(void)state;
	assert_int_equal(of.blocks, 2);
	assert_int_equal(of.freedom, 1);
	assert_true(fabs(of.residue) < 1e-12 && fabs(of.block - 2) < 1e-12);
	/* No more comes of orders than there is. */
	assert_true(of.order == of.residue && of.trial == 0);
	of = variance_split(logs[0], errors[0], 2, 3, 1);
	assert_true(isnan(of.residue) && isnan(of.block));
}

/* Each part is found: of blocks 0.2, of trials 0.1, of orders what 101 of 0.3
 * leave their median. */
static void each_part_is_found(void **state)
{
	static double logs[ARMS][BLOCKS], errors[ARMS][BLOCKS];
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	const double order = M_PI / 2 * 0.3 * 0.3 / ORDERS;
	struct variance of;

	(void)state;
	for (size_t b = 0; b < BLOCKS; b++) {
		const double block = gsl_ran_gaussian(random, 0.2);

		for (size_t arm = 0; arm < ARMS; arm++) {
			const double trial = gsl_ran_gaussian(random, 0.1);
			uint64_t ns[ORDERS];

			for (size_t i = 0; i < ORDERS; i++)
				ns[i] = (uint64_t)(1e6 *
						   exp(block + trial +
						       0.1 * (double)arm +
						       gsl_ran_gaussian(random,
									0.3)));
			percentile_sort(ns, ORDERS);
			logs[arm][b] =
				log((double)percentile_of(ns, ORDERS, 50));
			errors[arm][b] = variance_of_p50(ns, ORDERS);
		}
	}
	gsl_rng_free(random);
	of = variance_split(logs[0], errors[0], ARMS, BLOCKS, BLOCKS);
	assert_true(fabs(of.trial + of.order - of.residue) < 1e-12);
	if (fabs(sqrt(of.block) - 0.2) > 0.02 ||
	    fabs(sqrt(of.trial) - 0.1) > 0.01 ||
	    fabs(sqrt(of.order) - sqrt(order)) > 0.006)
		fail_msg("%f %f %f", sqrt(of.block), sqrt(of.trial),
			 sqrt(of.order));
}

/* At the best size nothing is gained by trials longer or shorter in the same
 * time: of one block's variance over their number. */
static void the_best_size_is_the_best(void **state)
{
	const struct variance of = { .trial = 0.01, .order = 0.002 };
	const double beside = 0.3, data = 0.2;
	const double best = variance_best_times(&of, beside, data);
	double least = INFINITY, at = 0;

	(void)state;
	for (double times = 0.05; times < 5; times += 0.01) {
		const double spread = variance_spread(&of, 1, times);
		const double cost = spread * spread * (beside + times * data);

		if (cost < least) {
			least = cost;
			at = times;
		}
	}
	assert_true(fabs(at - best) < 0.011);
}

static void of_few_orders_nothing_is_said(void **state)
{
	static const uint64_t few[] = { 1, 2, 3, 4 };
	static const uint64_t same[] = { 7, 7, 7, 7, 7, 7 };

	(void)state;
	assert_true(isnan(variance_of_p50(few, 4)));
	assert_true(variance_of_p50(same, 6) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_blocks_share_is_theirs),
		cmocka_unit_test(each_part_is_found),
		cmocka_unit_test(the_best_size_is_the_best),
		cmocka_unit_test(of_few_orders_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
