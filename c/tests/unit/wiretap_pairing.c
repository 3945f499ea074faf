/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "tests/support/pairing_steps.h"

static struct pairing pairing;
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
	return pairing_open(&pairing,
			    &(struct pairing_config){ .matched = matched,
						      .context = &pairing });
}

static int teardown(void **state)
{
	(void)state;
	pairing_close(&pairing);
	return 0;
}

static void expect(int64_t price, uint64_t stamp_ns)
{
	pairing_steps_expect(&pairing, price, stamp_ns);
}

static enum pairing_seen_as see(int64_t price, uint64_t stamp_ns)
{
	return pairing_steps_see(&pairing, price, stamp_ns);
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
	assert_int_equal(see(3, 350), PAIRING_MATCHED);
	assert_int_equal(found.sequence, 300);
	check(1, 2, 0, 0);
}

static void unequal_consumes_the_oldest_as_wrong(void **state)
{
	(void)state;
	expect(1, 100);
	expect(2, 200);
	assert_int_equal(see(9, 250), PAIRING_WRONG);
	assert_int_equal(see(2, 260), PAIRING_MATCHED);
	check(1, 0, 0, 1);
}

static void each_field_counts(void **state)
{
	struct order order = pairing_steps_order(1);

	(void)state;
	expect(1, 100);
	order.quantity = 2;
	assert_int_equal(pairing_steps_see_order(&pairing, &order, 150),
			 PAIRING_WRONG);
	expect(1, 200);
	order = pairing_steps_order(1);
	order.side = ORDER_SELL;
	assert_int_equal(pairing_steps_see_order(&pairing, &order, 250),
			 PAIRING_WRONG);
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
	assert_int_equal(see(2, 150), PAIRING_WRONG);
	assert_int_equal(see(2, 250), PAIRING_MATCHED);
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

static void what_waits_is_bounded(void **state)
{
	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX + 10; i++)
		expect(i, (uint64_t)i);
	assert_int_equal(pairing.count, PAIRING_WAITING_MAX);
	assert_true(pairing.capacity <= PAIRING_WAITING_MAX);
	assert_int_equal(pairing.session.missing, 10);
	assert_int_equal(see(10, UINT64_MAX - 1), PAIRING_MATCHED);
	check(1, PAIRING_WAITING_MAX + 9, 0, 0);
}

/* However many wait and whatever is seen, an order costs next to nothing. */
static void the_search_is_bounded(void **state)
{
	const int64_t orders = 20000;

	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX; i++)
		expect(i, (uint64_t)i);
	for (int64_t i = 0; i < orders; i++)
		assert_int_equal(see(-1 - i, 100000 + (uint64_t)i),
				 PAIRING_WRONG);
	assert_true(pairing.compared < 8 * (uint64_t)orders);
	assert_int_equal(see(orders + 30000, 200000), PAIRING_MATCHED);
	check(1, PAIRING_WAITING_MAX - (uint64_t)orders - 1, 0,
	      (uint64_t)orders);
}

/* The same order called for again and again is found at once. */
static void equals_are_found_at_once(void **state)
{
	(void)state;
	for (int64_t i = 0; i < PAIRING_WAITING_MAX; i++)
		expect(i % 2, (uint64_t)i);
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(see(i % 2, 100000 + (uint64_t)i),
				 PAIRING_MATCHED);
	assert_true(pairing.compared < 8 * (PAIRING_WAITING_MAX + 1000));
	check(1000, PAIRING_WAITING_MAX - 1000, 0, 0);
}

/*
 * What the contract says, order by order, in the plainest way: against it a
 * hundred thousand random steps.
 */
#define MODEL_MAX 4096

struct model {
	int64_t price[MODEL_MAX];
	uint64_t stamp_ns[MODEL_MAX];
	size_t count;
	uint64_t missing, extra, wrong, matched;
};

static void model_see(struct model *model, int64_t price, uint64_t stamp_ns)
{
	size_t i = 0, drop;

	while (i < model->count && model->stamp_ns[i] <= stamp_ns &&
	       model->price[i] != price)
		i++;
	if (i < model->count && model->stamp_ns[i] <= stamp_ns) {
		model->matched++;
		model->missing += i;
		drop = i + 1;
	} else if (i == 0) {
		model->extra++;
		return;
	} else {
		model->wrong++;
		drop = 1;
	}
	model->count -= drop;
	memmove(model->price, model->price + drop,
		model->count * sizeof(*model->price));
	memmove(model->stamp_ns, model->stamp_ns + drop,
		model->count * sizeof(*model->stamp_ns));
}

static void the_answers_are_the_contracts(void **state)
{
	static struct model model;
	uint64_t random = 1, stamp_ns = 1000;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t price;

		random = random * UINT64_C(6364136223846793005) + 1442695;
		price = (int64_t)(random >> 33) % 300;
		stamp_ns += 10;
		/* Waiting swells and shrinks. */
		if ((random >> 60) < (i / 10000 % 2 ? 6U : 10U)) {
			if (model.count == MODEL_MAX)
				continue;
			expect(price, stamp_ns);
			model.price[model.count] = price;
			model.stamp_ns[model.count++] = stamp_ns;
		} else {
			see(price, stamp_ns);
			model_see(&model, price, stamp_ns);
		}
		assert_int_equal(pairing.count, model.count);
	}
	assert_true(model.matched > 100 && model.missing > 100 &&
		    model.extra > 100 && model.wrong > 100);
	assert_int_equal(pairing.session.matched, model.matched);
	assert_int_equal(pairing.session.missing, model.missing);
	assert_int_equal(pairing.session.extra, model.extra);
	assert_int_equal(pairing.session.wrong, model.wrong);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
		TEST(what_waits_is_bounded),
		TEST(the_search_is_bounded),
		TEST(equals_are_found_at_once),
		TEST(the_answers_are_the_contracts),
		TEST(one_stamp_tells_no_order),
		TEST(doubt_takes_faults_back),
		TEST(orders_stamped_too_early_are_no_fault),
		TEST(the_captures_end_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
