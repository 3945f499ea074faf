/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "tests/support/pairing_steps.h"

static struct pairing_trigger found;
static uint64_t found_count, found_order_ns;

static int matched(void *context, const struct pairing_trigger *trigger,
		   uint64_t order_ns)
{
	assert_ptr_equal(context, &pairing);
	found = *trigger;
	found_order_ns = order_ns;
	found_count++;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	found = (struct pairing_trigger){ 0 };
	found_count = 0;
	return pairing_steps_open(matched);
}

/* What the header promises of the counts, after the end of it all. */
static void check(uint64_t matched_count, uint64_t missing, uint64_t extra,
		  uint64_t wrong)
{
	pairing_end(&pairing, &pairing_steps_known);
	assert_int_equal(pairing.count, 0);
	assert_int_equal(pairing.total.matched, matched_count);
	assert_int_equal(found_count, matched_count);
	assert_int_equal(pairing.total.missing, missing);
	assert_int_equal(pairing.total.extra, extra);
	assert_int_equal(pairing.total.wrong, wrong);
	assert_int_equal(pairing.total.triggers,
			 matched_count + missing + wrong);
	assert_int_equal(pairing.total.orders, matched_count + wrong + extra);
	assert_int_equal(pairing.total.unjudged_triggers, 0);
	assert_int_equal(pairing.total.unjudged_orders, 0);
}

static void equal_to_the_oldest_matches(void **state)
{
	(void)state;
	expect(5, 100);
	expect(5, 200);
	assert_int_equal(see(5, 250), PAIRING_MATCHED);
	assert_int_equal(found.stamp_ns, 100);
	assert_int_equal(see(5, 260), PAIRING_MATCHED);
	assert_int_equal(found.stamp_ns, 200);
	check(2, 0, 0, 0);
}

static void equal_further_back_skips_the_missing(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	expect(3, 300);
	assert_int_equal(see(3, 350), PAIRING_IS_OPEN);
	check(1, 2, 0, 0);
	assert_int_equal(found.sequence, 300);
	assert_int_equal(found_order_ns, 350);
}

static void unequal_consumes_the_oldest_as_wrong(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	assert_int_equal(see(9, 250), PAIRING_IS_OPEN);
	assert_int_equal(see(2, 260), PAIRING_IS_OPEN);
	check(1, 0, 0, 1);
}

static void each_field_counts(void **state)
{
	struct order order = pairing_steps_order(1);

	(void)state;
	expect(1, 100);
	order.quantity = 2;
	assert_int_equal(see_order(&order, 150), PAIRING_IS_OPEN);
	expect(1, 200);
	order = pairing_steps_order(1);
	order.side = ORDER_SELL;
	assert_int_equal(see_order(&order, 250), PAIRING_IS_OPEN);
	check(0, 0, 0, 2);
}

static void order_with_none_waiting_is_extra(void **state)
{
	(void)state;
	assert_int_equal(see(1, 50), PAIRING_EXTRA);
	expect(1, 100);
	assert_int_equal(see(1, 150), PAIRING_MATCHED);
	assert_int_equal(see(1, 160), PAIRING_EXTRA);
	check(1, 0, 2, 0);
}

static void order_before_its_update_is_extra(void **state)
{
	(void)state;
	expect(1, 100);
	assert_int_equal(see(1, 99), PAIRING_EXTRA);
	assert_int_equal(pairing.count, 1);
	assert_int_equal(see(1, 100), PAIRING_MATCHED);
	check(1, 0, 1, 0);
}

static void later_update_is_not_searched(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	assert_int_equal(see(2, 150), PAIRING_IS_OPEN);
	assert_int_equal(see(2, 250), PAIRING_IS_OPEN);
	check(1, 0, 0, 1);
}

static void waiting_at_the_end_are_missing(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	pairing_end(&pairing, &pairing_steps_known);
	expect(3, 300);
	assert_int_equal(see(3, 350), PAIRING_MATCHED);
	check(1, 2, 0, 0);
}

/* Of one that is late all wait: an order that is wrong, and by chance like a
 * later one, is that one fault. */
static void late_behind_a_wrong_one(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 40; i++)
		expect(i, (uint64_t)i);
	see(30, 100);
	for (int64_t i = 1; i < 40; i++)
		see(i, 100 + (uint64_t)i);
	assert_int_equal(pairing.session.wrong, 1);
	assert_int_equal(pairing.session.matched, 39);
	check(39, 0, 0, 1);
}

/* One that has lost something goes on behind it, with wrong ones at first. */
static void on_behind_a_loss(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 3000; i++) {
		expect(i, 10 * (uint64_t)i);
		if (i < 100 || i >= 2900)
			see(i >= 2900 && i < 2904 ? i + 10 : i,
			    10 * (uint64_t)i + 5);
	}
	check(196, 2800, 0, 4);
	assert_int_equal(found.sequence, 29990);
}

/* An order too many is one fault, whatever waits. */
static void one_too_many(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 20; i++)
		expect(i, (uint64_t)i);
	for (int64_t i = 0; i < 20; i++) {
		if (i == 7)
			see(99, 100);
		see(i, 100 + (uint64_t)i);
	}
	check(20, 0, 1, 0);
}

/* Orders that matched at once are between two that opened: those are none in a
 * row. */
static void no_run_across_what_matched(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 21; i++)
		expect(i < 20 ? 1 : 2, (uint64_t)i);
	assert_int_equal(see(9, 100), PAIRING_IS_OPEN);
	for (uint64_t i = 1; i < 20; i++)
		see(1, 100 + i);
	assert_int_equal(pairing.open_count, 0);
	assert_int_equal(see(2, 120), PAIRING_IS_OPEN);
	assert_int_equal(see(2, 121), PAIRING_IS_OPEN);
	check(20, 0, 1, 1);
}

/* The ring grows while its first entry is not at the array's start. */
static void ring_grows_and_keeps_the_order(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 200; i++)
		expect(i, (uint64_t)i);
	for (int64_t i = 0; i < 150; i++)
		assert_int_equal(see(i, 1000), PAIRING_MATCHED);
	for (int64_t i = 200; i < 5000; i++)
		expect(i, (uint64_t)i);
	for (int64_t i = 150; i < 5000; i++) {
		assert_int_equal(see(i, 10000), PAIRING_MATCHED);
		assert_int_equal(found.sequence, i);
	}
	check(5000, 0, 0, 0);
}

/* What the contract says of a session, in the plainest way: the fewest faults,
 * and the most matches with so few, of each beginning of both. */
#define MODEL_MAX 64

struct model {
	int64_t wanted[MODEL_MAX], seen[MODEL_MAX];
	uint64_t wanted_ns[MODEL_MAX], seen_ns[MODEL_MAX];
	size_t triggers, orders;
};

static int model_faults(const struct model *model, int *matched_count)
{
	static int cost[MODEL_MAX + 1][MODEL_MAX + 1];
	const int fault = 1000;

	for (size_t i = 0; i <= model->triggers; i++)
		for (size_t k = 0; k <= model->orders; k++) {
			int least = i + k ? INT32_MAX : 0;

			if (i > 0 && cost[i - 1][k] + fault < least)
				least = cost[i - 1][k] + fault;
			if (k > 0 && cost[i][k - 1] + fault < least)
				least = cost[i][k - 1] + fault;
			if (i > 0 && k > 0 &&
			    model->wanted_ns[i - 1] <= model->seen_ns[k - 1]) {
				const bool alike = model->wanted[i - 1] ==
						   model->seen[k - 1];
				const int both = cost[i - 1][k - 1] +
						 (alike ? -1 : fault);

				least = both < least ? both : least;
			}
			cost[i][k] = least;
		}
	*matched_count =
		(fault - cost[model->triggers][model->orders] % fault) % fault;
	return (cost[model->triggers][model->orders] + *matched_count) / fault;
}

static uint32_t model_random(uint64_t *random, uint32_t below)
{
	*random = *random * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(*random >> 33) % below;
}

/* A trader that is late by turns, and lacks, spoils and adds some. */
static void model_make(struct model *model, uint64_t *random)
{
	const uint32_t late_ns = model_random(random, 3) * 100;
	uint64_t done_ns = 0;

	*model = (struct model){ .triggers = model_random(random, 50) };
	for (size_t i = 0; i < model->triggers; i++) {
		const uint32_t turn = model_random(random, 20);
		uint64_t at_ns =
			10 * (i + 1) + model_random(random, late_ns + 5);

		model->wanted[i] = model_random(random, 300);
		model->wanted_ns[i] = 10 * (i + 1);
		if (turn < 2 || model->orders + 2 > MODEL_MAX)
			continue;
		done_ns = at_ns > done_ns ? at_ns : done_ns;
		model->seen_ns[model->orders] = done_ns;
		model->seen[model->orders++] =
			turn == 2 ? -1 : model->wanted[i];
		if (turn != 3)
			continue;
		model->seen_ns[model->orders] = done_ns;
		model->seen[model->orders++] = model_random(random, 300);
	}
}

/* In the order of their stamps; of one stamp triggers first. */
static void model_play(const struct model *model)
{
	size_t i = 0, k = 0;

	while (i < model->triggers || k < model->orders) {
		if (k == model->orders ||
		    (i < model->triggers &&
		     model->wanted_ns[i] <= model->seen_ns[k])) {
			expect(model->wanted[i], model->wanted_ns[i]);
			i++;
		} else {
			const struct pairing_seen seen = {
				.order = pairing_steps_order(model->seen[k]),
				.stamp_ns = model->seen_ns[k],
			};

			assert_int_equal(pairing_order(&pairing, &seen), 0);
			k++;
		}
	}
}

static void the_fewest_faults_are_told(void **state)
{
	uint64_t random = 1, faults = 0, matches = 0;
	int model_matched;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct pairing_counts *total = &pairing.total;
		struct model model;

		model_make(&model, &random);
		model_play(&model);
		pairing_end(&pairing, &pairing_steps_known);
		faults += (uint64_t)model_faults(&model, &model_matched);
		matches += (uint64_t)model_matched;
		assert_int_equal(total->unjudged_triggers, 0);
		assert_int_equal(total->missing + total->extra + total->wrong,
				 faults);
		assert_int_equal(total->matched, matches);
	}
	assert_int_equal(found_count, pairing.total.matched);
	assert_true(pairing.total.missing > 1000 &&
		    pairing.total.extra > 1000 && pairing.total.wrong > 1000);
}

static void one_stamp_tells_no_order(void **state)
{
	const struct pairing_seen seen = { .order = pairing_steps_order(1),
					   .stamp_ns = 100 };

	(void)state;
	assert_int_equal(pairing_order(&pairing, &seen), 0);
	expect(1, 100);
	expect(2, 101);
	assert_int_equal(found_count, 1);
	assert_int_equal(see(2, 102), PAIRING_MATCHED);
	check(2, 0, 0, 0);
}

static void unjudged(const struct pairing_ending *ending, uint64_t triggers,
		     uint64_t orders)
{
	assert_int_equal(pairing_end(&pairing, ending), 0);
	assert_int_equal(pairing.total.unjudged_triggers, triggers);
	assert_int_equal(pairing.total.unjudged_orders, orders);
	assert_int_equal(pairing.total.missing + pairing.total.extra +
				 pairing.total.wrong,
			 0);
}

static void doubt_takes_faults_back(void **state)
{
	struct pairing_ending doubtful = pairing_steps_known;

	(void)state;
	doubtful.doubtful = true;
	expect(1, 100);
	see(7, 150);
	see(8, 160);
	expect(2, 200);
	unjudged(&doubtful, 2, 2);
}

static void orders_stamped_too_early_are_no_fault(void **state)
{
	(void)state;
	for (int64_t i = 1; i < 5; i++) {
		see(i, 100 * (uint64_t)i - 5);
		expect(i, 100 * (uint64_t)i);
	}
	assert_int_equal(pairing_end(&pairing, &pairing_steps_known), 0);
	assert_int_equal(pairing.early_sessions, 1);
	assert_int_equal(pairing.total.missing + pairing.total.extra +
				 pairing.total.wrong,
			 0);
}

static void the_captures_end_is_no_fault(void **state)
{
	const struct pairing_ending open = { .open_since_ns = 200 };

	(void)state;
	expect(1, 100);
	see(1, 110);
	expect(2, 200);
	unjudged(&open, 1, 0);
}

/* By a timer, behind the last datagram: what is taken back is not taken away
 * once more. */
static void early_behind_the_last_datagram(void **state)
{
	const struct pairing_ending ending = { .open_since_ns = UINT64_MAX };
	const struct pairing_seen seen = { .order = pairing_steps_order(100),
					   .stamp_ns = 5 };
	const struct pairing_trigger trigger = { .order = seen.order,
						 .stamp_ns = 6,
						 .by_timer = true };

	(void)state;
	pairing_data(&pairing, 1);
	pairing_order(&pairing, &seen);
	assert_int_equal(pairing_expect(&pairing, &trigger), 0);
	pairing_end(&pairing, &ending);
	assert_int_equal(pairing.early_sessions, 1);
	assert_int_equal(pairing.total.extra, 0);
	assert_int_equal(pairing.total.missing, 0);
	assert_int_equal(pairing.total.unjudged_orders, 1);
	assert_int_equal(pairing.total.unjudged_triggers, 1);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, pairing_steps_close)
	const struct CMUnitTest tests[] = {
		TEST(equal_to_the_oldest_matches),
		TEST(early_behind_the_last_datagram),
		TEST(equal_further_back_skips_the_missing),
		TEST(unequal_consumes_the_oldest_as_wrong),
		TEST(each_field_counts),
		TEST(order_with_none_waiting_is_extra),
		TEST(order_before_its_update_is_extra),
		TEST(later_update_is_not_searched),
		TEST(waiting_at_the_end_are_missing),
		TEST(ring_grows_and_keeps_the_order),
		TEST(no_run_across_what_matched),
		TEST(the_fewest_faults_are_told),
		TEST(late_behind_a_wrong_one),
		TEST(on_behind_a_loss),
		TEST(one_too_many),
		TEST(one_stamp_tells_no_order),
		TEST(doubt_takes_faults_back),
		TEST(orders_stamped_too_early_are_no_fault),
		TEST(the_captures_end_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
