/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/support/pairing_steps.h"

struct pairing pairing;

int pairing_steps_open(int (*matched)(void *context,
				      const struct pairing_trigger *trigger,
				      uint64_t order_ns))
{
	return pairing_open(&pairing,
			    &(struct pairing_config){ .matched = matched,
						      .context = &pairing });
}

int pairing_steps_close(void **state)
{
	(void)state;
	pairing_close(&pairing);
	return 0;
}

const struct pairing_ending pairing_steps_known = {
	.feed_ended = true,
	.open_since_ns = UINT64_MAX,
};

struct order pairing_steps_order(int64_t price)
{
	return (struct order){ .quantity = 1, .price = price };
}

void expect(int64_t price, uint64_t stamp_ns)
{
	struct pairing_trigger trigger = { .order = pairing_steps_order(price),
					   .sequence = (uint32_t)stamp_ns,
					   .stamp_ns = stamp_ns };

	assert_int_equal(pairing_data(&pairing, stamp_ns), 0);
	assert_int_equal(pairing_expect(&pairing, &trigger), 0);
}

enum pairing_seen_as see_order(const struct order *order, uint64_t stamp_ns)
{
	const struct pairing_seen seen = { .order = *order,
					   .stamp_ns = stamp_ns };

	return see_as(&seen);
}

enum pairing_seen_as see_as(const struct pairing_seen *seen)
{
	struct pairing_counts before = pairing.session;

	assert_int_equal(pairing_order(&pairing, seen), 0);
	assert_int_equal(pairing_data(&pairing, seen->stamp_ns + 1), 0);
	assert_int_equal(pairing.session.orders, before.orders + 1);
	if (pairing.session.matched > before.matched)
		return PAIRING_MATCHED;
	if (pairing.session.wrong > before.wrong)
		return PAIRING_WRONG;
	return pairing.session.extra > before.extra ? PAIRING_EXTRA
						    : PAIRING_IS_OPEN;
}

enum pairing_seen_as see(int64_t price, uint64_t stamp_ns)
{
	struct order order = pairing_steps_order(price);

	return see_order(&order, stamp_ns);
}
