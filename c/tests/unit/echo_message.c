/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "echo/echo.h"
#include "echo/echo_message.h"

static uint8_t bytes[ECHO_SIZE_MAX];

static void it_is_read_as_written(void **state)
{
	const uint64_t numbers[] = { 0, 1, UINT64_C(0x0102030405060708),
				     UINT64_MAX };
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const size_t len = i == 0 ? ECHO_MESSAGE_HEAD : 14 + i * 1500;

		echo_message_write(bytes, len, numbers[i], ECHO_ASKS);
		assert_true(echo_message_read(bytes, len, ECHO_ASKS, &number));
		assert_true(number == numbers[i]);
		assert_false(
			echo_message_read(bytes, len, ECHO_ANSWERS, &number));
	}
}

/* Any byte but the number's: it is not what was sent. */
static void each_byte_counts(void **state)
{
	const size_t len = 100;
	uint64_t number;

	(void)state;
	echo_message_write(bytes, len, 5, ECHO_ASKS);
	for (size_t at = 0; at < len; at++) {
		bytes[at] ^= 0x10;
		if (at < ECHO_MESSAGE_KIND_AT) {
			assert_true(echo_message_read(bytes, len, ECHO_ASKS,
						      &number));
			assert_true(number != 5);
		} else {
			assert_false(echo_message_read(bytes, len, ECHO_ASKS,
						       &number));
		}
		bytes[at] ^= 0x10;
	}
	for (size_t n = 0; n < ECHO_MESSAGE_HEAD; n++)
		assert_false(echo_message_read(bytes, n, ECHO_ASKS, &number));
}

static void orders_differ(void **state)
{
	struct order order = echo_message_order(7, 3);

	(void)state;
	assert_null(order_fault(&order));
	assert_true(echo_message_is_order(&order, 7, 3));
	assert_false(echo_message_is_order(&order, 8, 3));
	assert_false(echo_message_is_order(&order, 7, 2));
	assert_int_equal(echo_message_orders(13), 1);
	assert_int_equal(echo_message_orders(1500), 115);
	assert_int_equal(echo_message_orders(16384), 1260);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_read_as_written),
		cmocka_unit_test(each_byte_counts),
		cmocka_unit_test(orders_differ),
	};

	return cmocka_run_group_tests_name("echo_message", tests, NULL, NULL);
}
