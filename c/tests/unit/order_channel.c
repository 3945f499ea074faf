/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "order/channel_ops.h"

static void unknown_name_is_refused(void **state)
{
	static const char *const names[] = { "",    "ra", "raww",
					     "RAW", ":",  "tcp:key=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct channel *channel = (void *)-1;

		assert_int_equal(
			channel_open(names[i], CHANNEL_TRADER, &channel),
			-EINVAL);
		assert_null(channel);
	}
	channel_close(NULL);
}

static void unknown_option_is_refused(void **state)
{
	struct channel *channel = (void *)-1;

	(void)state;
	assert_int_equal(
		channel_open("raw:speed=9", CHANNEL_EXCHANGE, &channel),
		-EINVAL);
	assert_null(channel);
	assert_int_equal(channel_open("raw:", CHANNEL_EXCHANGE, &channel), 0);
	channel_close(channel);
}

static void a_file_is_added_to_what_is_encrypted(void **state)
{
	static char room[CHANNEL_TEXT_MAX], long_name[CHANNEL_TEXT_MAX];
	const char *text = "raw";

	(void)state;
	assert_int_equal(channel_text_keys(&text, NULL, room), 0);
	assert_string_equal(text, "raw");
	assert_int_equal(channel_text_keys(&text, "f", room), -EINVAL);
	text = "tlsx";
	assert_int_equal(channel_text_keys(&text, "f", room), -EINVAL);
	text = "tls";
	assert_int_equal(channel_text_keys(&text, "f,g", room), -EINVAL);
	memset(long_name, 'x', sizeof(long_name) - 1);
	assert_int_equal(channel_text_keys(&text, long_name, room), -EINVAL);
	assert_int_equal(channel_text_keys(&text, "f", room), 0);
	assert_string_equal(text, "tls:keys=f");
	assert_int_equal(
		channel_text_add("tls:inner=ws", "--x", "folder", "g", room),
		0);
	assert_string_equal(room, "tls:folder=g,inner=ws");
}

static void its_name_is_kept(void **state)
{
	struct channel *channel;

	(void)state;
	assert_int_equal(channel_open("raw", CHANNEL_EXCHANGE, &channel), 0);
	assert_string_equal(channel_name(channel), "raw");
	channel_close(channel);
}

static void every_codec_is_whole(void **state)
{
	const struct channel_ops *ops;
	unsigned int n = 0;

	(void)state;
	for (; (ops = channel_codec(n)); n++) {
		assert_non_null(ops->entry.name);
		assert_non_null(ops->entry.help);
		for (unsigned int i = 0; i < n; i++)
			assert_string_not_equal(ops->entry.name,
						channel_codec(i)->entry.name);
		if (ops->entry.unavailable_reason)
			continue;
		assert_true(ops->entry.size >= sizeof(struct channel));
		assert_non_null(ops->encode);
		assert_non_null(ops->decode);
	}
	assert_true(n >= 2);
	assert_null(channel_codec(n));
	assert_null(channel_codec(n + 1000));
}

static void list_names_every_codec(void **state)
{
	const struct channel_ops *ops;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	registry_print(&channels, out);
	fclose(out);
	for (unsigned int i = 0; (ops = channel_codec(i)); i++) {
		assert_non_null(strstr(text, ops->entry.name));
		assert_non_null(strstr(text, ops->entry.help));
	}
	free(text);
}

/* Not whatever both ends agree on: what the wire format says. */
static void raw_is_the_wire_format(void **state)
{
	static const uint8_t wanted[ORDER_LEN] = { 4,	 3,    2,    1,	   0xf8,
						   0xf7, 0xf6, 0xf5, 0xf4, 0xf3,
						   0xf2, 0xf1, 1 };
	struct order order = { .quantity = 0x01020304,
			       .price = -INT64_C(0x0e0d0c0b0a090808),
			       .side = ORDER_SELL };
	struct channel *channel;
	const uint8_t *out;
	size_t len;

	(void)state;
	assert_int_equal(channel_open("raw", CHANNEL_EXCHANGE, &channel), 0);
	assert_int_equal(channel_encode(channel, &order), 0);
	out = channel_waiting(channel, &len);
	assert_int_equal(len, ORDER_LEN);
	assert_memory_equal(out, wanted, ORDER_LEN);
	channel_close(channel);
}

static void raw_does_not_judge_orders(void **state)
{
	static const uint8_t in[ORDER_LEN + 1] = { [12] = 7 };
	struct order order = { .quantity = 5 };
	struct channel *channel;
	size_t room;

	(void)state;
	assert_int_equal(channel_open("raw", CHANNEL_EXCHANGE, &channel), 0);
	memcpy(channel_room(channel, &room), in, sizeof(in));
	channel_received(channel, sizeof(in), 1);
	assert_int_equal(channel_decode(channel, &order), 1);
	assert_int_equal(channel_buffer_len(&channel->in), 1);
	assert_int_equal(channel_buffer_len(&channel->out), 0);
	assert_int_equal(order.quantity, 0);
	assert_int_equal(order.side, 7);
	channel_close(channel);
}

/* What the exchange says is no order, and does not stay. */
static void raw_listens_to_nobody(void **state)
{
	struct order order;
	struct channel *channel;
	size_t room;

	(void)state;
	assert_int_equal(channel_open("raw", CHANNEL_TRADER, &channel), 0);
	channel_room(channel, &room);
	channel_received(channel, room, 1);
	assert_int_equal(channel_decode(channel, &order), 0);
	assert_int_equal(channel_buffer_len(&channel->in), 0);
	channel_close(channel);
}

static void null_swallows_everything(void **state)
{
	struct order order = { .quantity = 5 };
	struct channel *channel;
	size_t room;

	(void)state;
	assert_int_equal(channel_open("null", CHANNEL_EXCHANGE, &channel), 0);
	assert_int_equal(channel_encode(channel, &order), 0);
	assert_int_equal(channel_buffer_len(&channel->out), 0);
	channel_room(channel, &room);
	channel_received(channel, 100, 1);
	assert_int_equal(channel_decode(channel, &order), 0);
	assert_int_equal(channel_buffer_len(&channel->in), 0);
	channel_close(channel);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_name_is_refused),
		cmocka_unit_test(unknown_option_is_refused),
		cmocka_unit_test(a_file_is_added_to_what_is_encrypted),
		cmocka_unit_test(its_name_is_kept),
		cmocka_unit_test(every_codec_is_whole),
		cmocka_unit_test(list_names_every_codec),
		cmocka_unit_test(raw_is_the_wire_format),
		cmocka_unit_test(raw_does_not_judge_orders),
		cmocka_unit_test(raw_listens_to_nobody),
		cmocka_unit_test(null_swallows_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
