/* SPDX-License-Identifier: MIT */
/* Both ends of the tls channel in memory: orders that are taken back, key
 * updates, early data, and that an order costs no allocation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "order/channel_ops.h"
#include "tests/support/channel_choice.h"
#include "tests/support/log_catch.h"
#include "tests/support/sanitizer.h"
#include "tests/support/tls_ends.h"
#include "wire/tls_record.h"

static struct channel *trader, *exchange;

/*
 * Of all that is linked here, OpenSSL too.
 */

static unsigned long allocations;

#if !SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *bytes, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *bytes, size_t size)
{
	allocations++;
	return __libc_realloc(bytes, size);
}
#endif

static int teardown(void **state)
{
	(void)state;
	channel_close(trader);
	channel_close(exchange);
	trader = exchange = NULL;
	return 0;
}

static void say(uint32_t quantity)
{
	const struct order order = { .quantity = quantity, .price = 7 };

	assert_int_equal(channel_encode(trader, &order), 0);
}

static void hear(uint32_t quantity)
{
	struct order order;

	tls_ends_carry(trader, exchange);
	assert_int_equal(channel_decode(exchange, &order), 1);
	assert_int_equal(order.quantity, quantity);
	assert_int_equal(channel_decode(exchange, &order), 0);
}

/* What a transport does with an order that it does not take. */
static void take_back(void)
{
	channel_sent(trader, channel_buffer_len(&trader->out));
	trader->ops->retract(trader);
}

static void an_order_is_taken_back(void **state)
{
	(void)state;
	tls_ends_open("inner=raw", &trader, &exchange);
	say(1);
	hear(1);
	for (uint32_t i = 2; i < 5; i++) {
		say(100);
		take_back();
		say(101);
		take_back();
		say(i);
		hear(i);
	}
}

/* Of FIX the number is taken back, too. */
static void so_is_one_inside(void **state)
{
	(void)state;
	tls_ends_open("inner=fix", &trader, &exchange);
	say(1);
	take_back();
	say(2);
	hear(2);
	say(3);
	hear(3);
}

/* Each record has new keys, in both directions. */
static void keys_are_updated(void **state)
{
	struct order order;

	(void)state;
	tls_ends_open("update=1,inner=login", &trader, &exchange);
	for (uint32_t i = 1; i < 20; i++) {
		say(i);
		hear(i);
		tls_ends_carry(exchange, trader);
		assert_int_equal(channel_decode(trader, &order), 0);
		exchange->received_ns = exchange->due_ns;
		assert_int_equal(channel_tick(exchange, exchange->due_ns), 0);
	}
}

static void orders_cost_no_allocation(void **state)
{
	struct order order;
	unsigned long before;

	(void)state;
	tls_ends_open("inner=ws:ping=0", &trader, &exchange);
	/* The ticket. */
	channel_decode(trader, &order);
	say(1);
	hear(1);
	before = allocations;
	for (uint32_t i = 1; i < 1000; i++) {
		say(i);
		tls_ends_carry(trader, exchange);
		channel_decode(exchange, &order);
		channel_decode(trader, &order);
	}
	assert_int_equal(allocations, before);
	assert_int_equal(order.quantity, 999);
#if !SANITIZED
	assert_true(allocations > 0);
#endif
}

/* A greeting that comes with the ClientHello is answered with the server's
 * first words; else it goes with the second ones. */
static void early_data_spare_a_round_trip(void **state)
{
	static const char *const options[] = { "early=on,inner=login",
					       "early=off,inner=login" };
	struct order order;
	char text[512];

	(void)state;
	for (int i = 0; i < 4; i++) {
		/* The first of each has no ticket. */
		const bool spared = i == 1;

		snprintf(text, sizeof(text), "tls:folder=%s,%s",
			 channel_choice_keys(), options[i / 2]);
		assert_int_equal(channel_open(text, CHANNEL_TRADER, &trader),
				 0);
		assert_int_equal(
			channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
		assert_int_equal(channel_handshake(trader, 1), 0);
		tls_ends_carry(trader, exchange);
		assert_int_equal(channel_handshake(exchange, 1), 0);
		tls_ends_carry(exchange, trader);
		assert_int_equal(channel_handshake(trader, 1), spared);
		tls_ends_carry(trader, exchange);
		assert_int_equal(channel_handshake(exchange, 1), 1);
		tls_ends_carry(exchange, trader);
		if (!spared)
			assert_int_equal(channel_handshake(trader, 1), 1);
		assert_int_equal(channel_decode(trader, &order), 0);
		say(5);
		hear(5);
		assert_int_equal(channel_tick(exchange, exchange->due_ns), 0);
		tls_ends_carry(exchange, trader);
		assert_int_equal(channel_decode(trader, &order), 0);
		teardown(NULL);
	}
}

/* In a process of its own the channel is there, or says why not. */
static int group_setup(void **state)
{
	struct tls_direction direction;
	uint8_t secret[32] = { 0 };

	(void)state;
	log_open("tls", LOG_WARNING);
	if (tls_direction_begin(&direction, TLS_AES_128_GCM, secret,
				sizeof(secret), true) == 0)
		tls_direction_end(&direction);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_order_is_taken_back, teardown),
		cmocka_unit_test_teardown(so_is_one_inside, teardown),
		cmocka_unit_test_teardown(keys_are_updated, teardown),
		cmocka_unit_test_teardown(orders_cost_no_allocation, teardown),
		cmocka_unit_test_teardown(early_data_spare_a_round_trip,
					  teardown),
	};

	return cmocka_run_group_tests_name("channel_tls", tests, group_setup,
					   NULL);
}
