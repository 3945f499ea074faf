/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "wire/fix.h"
#include "wire/fix_build.h"
#include "wire/fix_digits.h"

/* Of eight digits, all that a word may do. */
static void words_are_digits(void **state)
{
	char text[9];

	(void)state;
	for (uint32_t n = 0; n < 100000000; n += 1 + n / 5000) {
		uint64_t word = fix_word_of(n);
		unsigned int sum = 0;

		snprintf(text, sizeof(text), "%08u", n);
		assert_true(word == fix_word_read((const uint8_t *)text));
		assert_true(fix_word_is_number(word));
		assert_int_equal(fix_word_number(word), n);
		for (int i = 0; i < 8; i++)
			sum += (uint8_t)text[i];
		assert_int_equal(fix_word_sum(word), sum % 256);
		snprintf(text, sizeof(text), "%08X", n * 43);
		assert_true(fix_word_of_hex(n * 43) ==
			    fix_word_read((const uint8_t *)text));
	}
}

/* Two at a time, whatever they are, and the sum of what was written. */
static void pairs_are_digits(void **state)
{
	uint64_t seed = 1;
	char wanted[32];
	uint8_t text[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const uint64_t drawn = random_next(&seed);
		const bool hex = i & 1;
		const uint32_t one =
			(uint32_t)drawn % (hex ? UINT32_MAX : 100000000);
		const uint32_t other =
			i % 5 == 0
				? (hex ? UINT32_MAX : 99999999)
				: (uint32_t)(drawn >> 32) % 100000000 >> i % 27;
		uint32_t sum = 0, got;

		snprintf(wanted, sizeof(wanted), hex ? "%08X%08X" : "%08u%08u",
			 one, other);
		got = hex ? fix_hex_write(text, one, text + 8, other)
			  : fix_numbers_write(text, one, text + 8, other);
		assert_memory_equal(text, wanted, 16);
		for (int k = 0; k < 16; k++)
			sum += text[k];
		assert_int_equal((uint8_t)got, (uint8_t)sum);
	}
}

static void what_is_built_is_read(void **state)
{
	uint8_t bytes[256];
	struct fix_builder builder;
	struct fix_message message;
	const uint8_t *built;
	size_t len, taken;

	(void)state;
	fix_builder_begin(&builder, bytes, sizeof(bytes));
	fix_add_text(&builder, 35, "8");
	fix_add_unsigned(&builder, 34, UINT64_MAX);
	fix_add_signed(&builder, 371, -1);
	fix_add_decimal(&builder, 44, INT64_C(61800100000000));
	fix_add_time(&builder, 52, 0);
	built = fix_builder_end(&builder, "FIXT.1.1", &len);
	assert_non_null(built);
	assert_memory_equal(built, "8=FIXT.1.1\0019=72\00135=8\001", 21);
	assert_int_equal(fix_read(built, len, &message, &taken), 1);
	assert_true(fix_is(&message, fix_find(&message, 34),
			   "18446744073709551615"));
	assert_true(fix_is(&message, fix_find(&message, 371), "-1"));
	assert_true(fix_is(&message, fix_find(&message, 44), "61800.1"));
	assert_true(fix_is(&message, fix_find(&message, 52),
			   "19700101-00:00:00.000"));
}

/* Never a byte beyond it. */
static void what_has_no_room_is_no_message(void **state)
{
	size_t fits = 0;

	(void)state;
	for (size_t size = 0; size < 80; size++) {
		uint8_t *bytes = malloc(size ? size : 1);
		struct fix_builder builder;
		size_t len;

		assert_non_null(bytes);
		fix_builder_begin(&builder, bytes, size);
		fix_add_text(&builder, 35, "0");
		fix_add_text(&builder, 58, "twelve bytes");
		fits += fix_builder_end(&builder, "FIX.4.2", &len) != NULL;
		free(bytes);
	}
	assert_int_equal(fits, 80 - (FIX_BUILDER_HEAD + 5 + 16 + 7));
}

static const struct order orders[] = {
	{ 1, 0, ORDER_BUY },
	{ UINT32_MAX, INT64_MAX, ORDER_SELL },
	{ 1, INT64_MIN, ORDER_BUY },
	{ 12345678, INT64_C(61800123456789), ORDER_SELL },
	{ 99999999, -1, ORDER_BUY },
	{ 100000000, 99999999, ORDER_BUY },
};

/* Every digit of every patch, by what others read of it. */
static void prepared_orders_are_whole(void **state)
{
	static const uint32_t sequences[] = { 1,	9999,	   10000,
					      99999999, 100000000, 999999999 };
	const struct order_cause cause = { 0xabc, 0x0f1e2d3c };
	struct fix_prepared prepared;
	struct fix_message message;
	char wanted[64];
	int64_t price;
	uint64_t ns, number;
	size_t taken;

	(void)state;
	assert_int_equal(
		fix_prepare(&prepared, "FIX.4.2", "ME", "YOU", "XY", true), 0);
	for (size_t i = 0; i < 36; i++) {
		const struct order *order = &orders[i % 6];
		/* 1970 too, and a clock that goes back. */
		uint64_t at = i == 0 || i == 30 ? 0
						: 1737892799 * CLOCK_NS_PER_S +
							  i * 137000000;
		const struct fix_field *field;

		fix_prepared_patch(&prepared, sequences[i / 6], at, &cause,
				   order);
		assert_int_equal(fix_read(prepared.bytes, prepared.len,
					  &message, &taken),
				 1);
		assert_int_equal(message.fault, FIX_NO_FAULT);
		assert_int_equal(message.count, 15);
		field = fix_find(&message, FIX_PRICE);
		assert_int_equal(fix_decimal(fix_value(&message, field),
					     field->len, &price),
				 0);
		assert_true(price == order->price);
		field = fix_find(&message, FIX_ORDER_QTY);
		fix_unsigned(fix_value(&message, field), field->len, &number);
		assert_int_equal(number, order->quantity);
		field = fix_find(&message, FIX_MSG_SEQ_NUM);
		fix_unsigned(fix_value(&message, field), field->len, &number);
		assert_int_equal(number, sequences[i / 6]);
		field = fix_find(&message, FIX_SENDING_TIME);
		assert_int_equal(
			fix_time(fix_value(&message, field), field->len, &ns),
			0);
		assert_true(ns == at);
		field = fix_find(&message, FIX_TRANSACT_TIME);
		fix_time(fix_value(&message, field), field->len, &ns);
		assert_true(ns == at);
		snprintf(wanted, sizeof(wanted), "ABC0F1E2D3C-%08X",
			 sequences[i / 6]);
		assert_true(fix_is(&message, fix_find(&message, FIX_CL_ORD_ID),
				   wanted));
		assert_true(fix_is(&message, fix_find(&message, FIX_SIDE),
				   order->side == ORDER_BUY ? "1" : "2"));
	}
}

static void names_that_are_too_long_are_refused(void **state)
{
	char name[FIX_PREPARED_MAX];
	struct fix_prepared prepared;

	(void)state;
	memset(name, 'N', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(
		fix_prepare(&prepared, "FIX.4.2", name, "YOU", "XY", true),
		-EMSGSIZE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_digits),
		cmocka_unit_test(pairs_are_digits),
		cmocka_unit_test(what_is_built_is_read),
		cmocka_unit_test(what_has_no_room_is_no_message),
		cmocka_unit_test(prepared_orders_are_whole),
		cmocka_unit_test(names_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
