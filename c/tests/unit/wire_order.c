/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "wire/order.h"

static void bytes_are_packed_and_little_endian(void **state)
{
	static const uint8_t expected[ORDER_LEN] = {
		0x04, 0x03, 0x02, 0x01, 0x08, 0x07, 0x06,
		0x05, 0x04, 0x03, 0x02, 0x01, 0x01,
	};
	const struct order order = {
		.quantity = 0x01020304,
		.price = 0x0102030405060708,
		.side = ORDER_SELL,
	};
	uint8_t bytes[ORDER_LEN];

	(void)state;
	order_write(&order, bytes);
	assert_memory_equal(bytes, expected, ORDER_LEN);
}

static void orders_survive_the_wire(void **state)
{
	static const struct order orders[] = {
		{ .quantity = 1, .price = 61800100000000, .side = ORDER_BUY },
		{ .quantity = UINT32_MAX, .price = INT64_MAX, .side = 1 },
		{ .quantity = 0, .price = INT64_MIN, .side = UINT8_MAX },
		{ .quantity = 7, .price = -1, .side = ORDER_SELL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		/* Wherever it lies in a stream. */
		uint8_t stream[ORDER_LEN + 3];
		struct order read;

		order_write(&orders[i], stream + 3);
		read = order_read(stream + 3);
		assert_memory_equal(&read, &orders[i], sizeof(read));
	}
}

static void a_good_order_has_no_fault(void **state)
{
	struct order order = { .quantity = 1, .side = ORDER_BUY };

	(void)state;
	assert_null(order_fault(&order));
	order.side = ORDER_SELL;
	order.quantity = UINT32_MAX;
	assert_null(order_fault(&order));
}

static void prices_are_not_judged(void **state)
{
	static const int64_t prices[] = { INT64_MIN, -1, 0, 1, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		struct order order = { .quantity = 1, .price = prices[i] };

		assert_null(order_fault(&order));
	}
}

static void faults_are_named(void **state)
{
	struct order order = { .quantity = 0, .side = ORDER_SELL };

	(void)state;
	assert_string_equal(order_fault(&order), "quantity is 0");
	order.quantity = 1;
	for (unsigned int side = 2; side <= UINT8_MAX; side++) {
		order.side = (uint8_t)side;
		assert_string_equal(order_fault(&order),
				    "side is neither 0 nor 1");
	}
}

static void sides_have_names(void **state)
{
	(void)state;
	assert_string_equal(order_side_name(ORDER_BUY), "buy");
	assert_string_equal(order_side_name(ORDER_SELL), "sell");
	assert_string_equal(order_side_name(2), "?");
	assert_string_equal(order_side_name(UINT8_MAX), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_packed_and_little_endian),
		cmocka_unit_test(orders_survive_the_wire),
		cmocka_unit_test(a_good_order_has_no_fault),
		cmocka_unit_test(prices_are_not_judged),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(sides_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
