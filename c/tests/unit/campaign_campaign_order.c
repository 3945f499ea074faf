/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/campaign_order.h"

#define ARMS_MAX CAMPAIGN_ORDER_ARMS_MAX

static void each_arm_runs_once_a_block(void **state)
{
	(void)state;
	for (unsigned int arms = 1; arms <= ARMS_MAX; arms++)
		for (unsigned int block = 0; block < 70; block++) {
			unsigned int order[ARMS_MAX], seen = 0;

			campaign_order(5, block, arms, order);
			for (unsigned int i = 0; i < arms; i++)
				seen |= 1U << order[i];
			assert_int_equal(seen, (1U << arms) - 1);
		}
}

/* Over a square each arm stands at each place, and behind each other arm,
 * equally often. */
static void a_square_is_balanced(void **state)
{
	(void)state;
	for (unsigned int arms = 2; arms <= ARMS_MAX; arms++) {
		const unsigned int rows = arms % 2 ? 2 * arms : arms;
		unsigned int at[ARMS_MAX][ARMS_MAX] = { 0 };
		unsigned int behind[ARMS_MAX][ARMS_MAX] = { 0 };

		/* The second one, so that the first is not just lucky. */
		for (unsigned int block = rows; block < 2 * rows; block++) {
			unsigned int order[ARMS_MAX];

			campaign_order(arms, block, arms, order);
			for (unsigned int i = 0; i < arms; i++) {
				at[order[i]][i]++;
				if (i > 0)
					behind[order[i]][order[i - 1]]++;
			}
		}
		for (unsigned int i = 0; i < arms; i++)
			for (unsigned int j = 0; j < arms; j++) {
				assert_int_equal(at[i][j], rows / arms);
				assert_int_equal(behind[i][j],
						 i == j ? 0 : rows / arms);
			}
	}
}

/* Who is out of a race is left out of the rows: over a square those left still
 * stand as far in front, and each as often behind any other as before it. */
static void those_left_are_balanced(void **state)
{
	(void)state;
	for (unsigned int arms = 3; arms <= 7; arms++) {
		const unsigned int rows = arms % 2 ? 2 * arms : arms;

		for (unsigned int in = 3; in < 1U << arms; in++) {
			unsigned int sum[ARMS_MAX] = { 0 }, left = 0;
			unsigned int before[ARMS_MAX][ARMS_MAX] = { 0 };

			for (unsigned int arm = 0; arm < arms; arm++)
				left += in >> arm & 1;
			for (unsigned int block = 0; block < rows; block++) {
				unsigned int order[ARMS_MAX], place = 0;
				unsigned int seen = 0;

				campaign_order(arms, block, arms, order);
				for (unsigned int i = 0; i < arms; i++) {
					if (!(in >> order[i] & 1))
						continue;
					sum[order[i]] += place++;
					for (unsigned int j = 0; j < arms; j++)
						before[j][order[i]] +=
							seen >> j & 1;
					seen |= 1U << order[i];
				}
			}
			for (unsigned int i = 0; i < arms; i++) {
				if (!(in >> i & 1))
					continue;
				assert_int_equal(2 * sum[i], rows * (left - 1));
				for (unsigned int j = 0; j < arms; j++)
					assert_int_equal(before[i][j],
							 before[j][i]);
			}
		}
	}
}

static void the_seed_decides(void **state)
{
	unsigned int differ = 0;

	(void)state;
	for (unsigned int block = 0; block < 20; block++) {
		unsigned int one[ARMS_MAX], again[ARMS_MAX], other[ARMS_MAX];

		campaign_order(1, block, 5, one);
		campaign_order(1, block, 5, again);
		campaign_order(2, block, 5, other);
		assert_memory_equal(one, again, 5 * sizeof(*one));
		differ += memcmp(one, other, 5 * sizeof(*one)) != 0;
	}
	assert_true(differ > 10);
}

/* A campaign that was begun goes on in its order with a later build. */
static void a_seed_has_its_order_for_good(void **state)
{
	static const unsigned int expected[3][4] = { { 1, 2, 3, 0 },
						     { 0, 3, 2, 1 },
						     { 2, 0, 1, 3 } };
	unsigned int order[ARMS_MAX];

	(void)state;
	for (unsigned int block = 0; block < 3; block++) {
		campaign_order(7, block, 4, order);
		assert_memory_equal(order, expected[block],
				    sizeof(expected[block]));
	}
}

static void a_drawn_seed_is_another_each_time(void **state)
{
	const uint64_t first = campaign_order_seed();
	unsigned int same = 0;

	(void)state;
	assert_true(first > 0);
	for (unsigned int i = 0; i < 10; i++)
		same += campaign_order_seed() == first;
	assert_true(same < 10);
}

static void it_is_told_to_who_makes_a_plan(void **state)
{
	json_t *json = campaign_order_json(4, 3, 7);
	char *text = json_dumps(json, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"order\":[[1,2,3,0],[0,3,2,1],[2,0,1,3]],"
				  "\"blocks_needed\":7,\"best_needed\":7,"
				  "\"tail_needed\":16,\"block_tries\":3}");
	free(text);
	json_decref(json);
}

static void what_is_asked_is_checked(void **state)
{
	static const char *const wrong[] = {
		"",	 "3",	     "3,5",    "3,5,",	 "0,5,1",  "17,5,1",
		"3,0,1", "3,1001,1", "3,5,1x", "-3,5,1", "3,5,+1", "3, 5,1",
	};
	unsigned int arms, blocks;
	const char *why;
	uint64_t seed;

	(void)state;
	assert_int_equal(campaign_order_parse("16,1000,4611686018427387904",
					      &arms, &blocks, &seed, &why),
			 0);
	assert_int_equal(arms, 16);
	assert_int_equal(blocks, 1000);
	assert_true(seed == UINT64_C(1) << 62);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(campaign_order_parse(wrong[i], &arms, &blocks,
						      &seed, &why),
				 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_arm_runs_once_a_block),
		cmocka_unit_test(a_square_is_balanced),
		cmocka_unit_test(those_left_are_balanced),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(a_seed_has_its_order_for_good),
		cmocka_unit_test(it_is_told_to_who_makes_a_plan),
		cmocka_unit_test(what_is_asked_is_checked),
		cmocka_unit_test(a_drawn_seed_is_another_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
