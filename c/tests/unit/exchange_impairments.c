/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "exchange/impairments.h"

static struct impairments line;

static void start(struct impairments_config config, uint64_t seed)
{
	assert_int_equal(impairments_open(&line, &config), 0);
	impairments_start(&line, seed);
}

static int end(void **state)
{
	(void)state;
	impairments_close(&line);
	return 0;
}

/* A datagram that holds its number alone. */
static enum impairments_fate take(uint32_t number, uint64_t due_ns)
{
	uint8_t bytes[sizeof(number)];

	memcpy(bytes, &number, sizeof(number));
	return impairments_take(&line, bytes, sizeof(bytes), number, due_ns);
}

/* The next that is due is this one, as it was taken. */
static void leaves(uint32_t number, uint64_t now_ns)
{
	const struct impairments_held *held = impairments_due(&line, now_ns);

	assert_non_null(held);
	assert_int_equal(held->sequence, number);
	assert_int_equal(held->len, sizeof(number));
	assert_memory_equal(held->bytes, &number, sizeof(number));
}

static void a_share_of_nothing_is_nothing(void **state)
{
	(void)state;
	start((struct impairments_config){ .delay_ns = 5 }, 1);
	assert_false(line.any);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(take(i, i), IMPAIRMENTS_PASS);
	assert_int_equal(impairments_next_ns(&line), UINT64_MAX);
	assert_null(impairments_due(&line, UINT64_MAX));
}

/* Who is late by as much as all others needs not to be held. */
static void a_delay_of_all_is_a_shift(void **state)
{
	(void)state;
	start((struct impairments_config){ .delay = IMPAIRMENTS_ALL,
					   .delay_ns = 5 },
	      1);
	assert_false(line.any);
	assert_int_equal(line.shift_ns, 5);
}

static void shares_are_kept(void **state)
{
	const struct impairments_config config = {
		.lose = IMPAIRMENTS_ALL / 100,
		.duplicate = IMPAIRMENTS_ALL / 50,
		.swap = IMPAIRMENTS_ALL / 25,
		.delay = IMPAIRMENTS_ALL / 10,
		.delay_ns = 1
	};
	enum { COUNT = 1000000 };

	(void)state;
	start(config, 7);
	for (uint32_t i = 0; i < COUNT; i++) {
		if (take(i, i) == IMPAIRMENTS_PASS)
			impairments_passed(&line, i);
		while (impairments_due(&line, i))
			;
		impairments_sent(&line);
	}
	/* Each within five of its standard deviations. */
	assert_in_range(line.counts.lost, 10000 - 500, 10000 + 500);
	assert_in_range(line.counts.duplicated, 20000 - 700, 20000 + 700);
	assert_in_range(line.counts.swapped, 40000 - 980, 40000 + 980);
	assert_in_range(line.counts.delayed, 100000 - 1500, 100000 + 1500);
	assert_int_equal(line.counts.crowded, 0);
}

static void one_seed_has_one_fate(void **state)
{
	const struct impairments_config config = { .lose = IMPAIRMENTS_ALL /
							   4 };
	enum impairments_fate first[1000];
	size_t others = 0;

	(void)state;
	start(config, 1);
	for (uint32_t i = 0; i < ARRAY_SIZE(first); i++)
		first[i] = take(i, 0);
	impairments_start(&line, 1);
	assert_int_equal(line.counts.lost, 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(first); i++)
		assert_int_equal(take(i, 0), first[i]);
	impairments_start(&line, 2);
	for (uint32_t i = 0; i < ARRAY_SIZE(first); i++)
		others += take(i, 0) != first[i];
	assert_in_range(others, 200, 600);
}

static void the_swapped_leave_behind_the_next(void **state)
{
	(void)state;
	start((struct impairments_config){ .swap = IMPAIRMENTS_ALL }, 1);
	assert_int_equal(take(0, 10), IMPAIRMENTS_HOLD);
	assert_int_equal(take(1, 20), IMPAIRMENTS_HOLD);
	/* However late it is. */
	assert_null(impairments_due(&line, UINT64_MAX));
	assert_int_equal(impairments_next_ns(&line), UINT64_MAX);
	impairments_passed(&line, 30);
	assert_int_equal(take(3, 40), IMPAIRMENTS_HOLD);
	assert_int_equal(impairments_next_ns(&line), 0);
	leaves(0, 30);
	leaves(1, 30);
	assert_null(impairments_due(&line, UINT64_MAX));
	impairments_passed(&line, 50);
	leaves(3, 0);
	assert_int_equal(line.counts.swapped, 3);
}

static void the_delayed_leave_at_their_time(void **state)
{
	(void)state;
	start((struct impairments_config){ .delay = IMPAIRMENTS_ALL - 1,
					   .delay_ns = 1000 },
	      1);
	assert_int_equal(take(0, 10), IMPAIRMENTS_HOLD);
	assert_int_equal(take(1, 10), IMPAIRMENTS_HOLD);
	assert_int_equal(take(2, 20), IMPAIRMENTS_HOLD);
	assert_int_equal(impairments_next_ns(&line), 1010);
	assert_null(impairments_due(&line, 1009));
	impairments_passed(&line, 30);
	assert_null(impairments_due(&line, 1009));
	leaves(0, 1010);
	leaves(1, 1010);
	assert_null(impairments_due(&line, 1010));
	assert_int_equal(impairments_next_ns(&line), 1020);
	leaves(2, 5000);
	assert_int_equal(impairments_next_ns(&line), UINT64_MAX);
}

static void what_has_no_room_leaves_at_once(void **state)
{
	uint32_t number = 0;

	(void)state;
	start((struct impairments_config){ .delay = IMPAIRMENTS_ALL - 1,
					   .delay_ns = 5 },
	      1);
	while (number < IMPAIRMENTS_HELD)
		assert_int_equal(take(number++, 0), IMPAIRMENTS_HOLD);
	assert_int_equal(take(number, 0), IMPAIRMENTS_PASS);
	assert_int_equal(line.counts.crowded, 1);
	leaves(0, 5);
	/* Its bytes are still to be sent. */
	assert_int_equal(take(number, 0), IMPAIRMENTS_PASS);
	impairments_sent(&line);
	assert_int_equal(take(number, 0), IMPAIRMENTS_HOLD);
	assert_int_equal(line.counts.crowded, 2);
	assert_int_equal(line.counts.delayed, IMPAIRMENTS_HELD + 1);
}

/* Whatever the shares: what was not lost leaves, and what was doubled once
 * more; none before its time. */
static void each_leaves_as_often_as_it_should(void **state)
{
	enum { COUNT = 20000 };
	static uint8_t left[COUNT], wanted[COUNT];
	uint64_t random = 3;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct impairments_config config = {
			.lose = random_below(&random, IMPAIRMENTS_ALL / 4),
			.duplicate = random_below(&random, IMPAIRMENTS_ALL / 4),
			.swap = random_below(&random, IMPAIRMENTS_ALL / 4),
			.delay = random_below(&random, IMPAIRMENTS_ALL / 4),
			.delay_ns = random_below(&random, 5000)
		};
		const struct impairments_held *held;
		uint64_t now_ns = 0;

		start(config, random_next(&random));
		memset(left, 0, sizeof(left));
		for (uint32_t i = 0; i < COUNT; i++) {
			enum impairments_fate fate;

			now_ns += random_below(&random, 100);
			fate = take(i, now_ns);
			wanted[i] = fate == IMPAIRMENTS_DUPLICATE
					    ? 2
					    : fate != IMPAIRMENTS_LOSE;
			if (fate == IMPAIRMENTS_PASS ||
			    fate == IMPAIRMENTS_DUPLICATE) {
				left[i] += wanted[i];
				impairments_passed(&line, now_ns);
			}
			while ((held = impairments_due(&line, now_ns))) {
				assert_true(held->due_ns <= now_ns);
				left[held->sequence]++;
			}
			if (random_below(&random, 8) == 0)
				impairments_sent(&line);
		}
		impairments_passed(&line, now_ns);
		while ((held = impairments_due(&line, UINT64_MAX)))
			left[held->sequence]++;
		assert_memory_equal(left, wanted, sizeof(left));
		impairments_close(&line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_share_of_nothing_is_nothing, end),
		cmocka_unit_test_teardown(a_delay_of_all_is_a_shift, end),
		cmocka_unit_test_teardown(shares_are_kept, end),
		cmocka_unit_test_teardown(one_seed_has_one_fate, end),
		cmocka_unit_test_teardown(the_swapped_leave_behind_the_next,
					  end),
		cmocka_unit_test_teardown(the_delayed_leave_at_their_time, end),
		cmocka_unit_test_teardown(what_has_no_room_leaves_at_once, end),
		cmocka_unit_test_teardown(each_leaves_as_often_as_it_should,
					  end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
