/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/market_data.h"

/* Sequence 0x01020304, one message, snapshot; then a bid of symbol 0x0506. */
static const uint8_t datagram[] = {
	0x04, 0x03, 0x02, 0x01, 0x01, 0x00, 0x01, 0x00, /* header */
	'U',  'B',  0x06, 0x05,				/* type, side, symbol */
	0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* price */
	0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, /* quantity */
	0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, /* order_id */
};

static const struct market_data_header header = {
	.sequence = 0x01020304,
	.message_count = 1,
	.flags = MARKET_DATA_SNAPSHOT,
};

static const struct market_data_message message = {
	.type = MARKET_DATA_UPDATE,
	.side = MARKET_DATA_BID,
	.symbol_id = 0x0506,
	.price = 0x0102030405060708,
	.quantity = 0x1112131415161718,
	.order_id = 0x2122232425262728,
};

static void writing_gives_little_endian_bytes(void **state)
{
	uint8_t bytes[sizeof(datagram)];

	(void)state;
	market_data_write_header(bytes, &header);
	market_data_write(bytes, 0, &message);
	assert_int_equal(market_data_len(1), sizeof(datagram));
	assert_memory_equal(bytes, datagram, sizeof(datagram));
}

static void reading_gives_host_order(void **state)
{
	struct market_data_header found;
	struct market_data_message read;

	(void)state;
	assert_int_equal(market_data_decode(datagram, sizeof(datagram), &found),
			 0);
	assert_memory_equal(&found, &header, sizeof(header));
	read = market_data_read(datagram, 0);
	assert_memory_equal(&read, &message, sizeof(message));
}

static void messages_lie_one_behind_the_other(void **state)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	struct market_data_header many = header, found;

	(void)state;
	assert_int_equal(MARKET_DATA_MESSAGES_MAX, 52);
	assert_true(market_data_len(52) <= sizeof(bytes));
	assert_true(market_data_len(53) > sizeof(bytes));
	many.message_count = MARKET_DATA_MESSAGES_MAX;
	market_data_write_header(bytes, &many);
	for (unsigned int i = 0; i < MARKET_DATA_MESSAGES_MAX; i++) {
		struct market_data_message m = message;

		m.price = i;
		market_data_write(bytes, i, &m);
	}
	assert_int_equal(market_data_decode(bytes, market_data_len(52), &found),
			 0);
	assert_int_equal(found.message_count, 52);
	for (unsigned int i = 0; i < MARKET_DATA_MESSAGES_MAX; i++)
		assert_int_equal(market_data_read(bytes, i).price, i);
}

/* In a block of exactly that size, so that a sanitizer sees one byte more. */
static int decode_prefix(size_t len)
{
	struct market_data_header found;
	uint8_t *bytes = malloc(len ? len : 1);
	int err;

	assert_non_null(bytes);
	memcpy(bytes, datagram, len);
	err = market_data_decode(bytes, len, &found);
	free(bytes);
	return err;
}

static void every_shorter_datagram_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(datagram); len++)
		assert_int_equal(decode_prefix(len), -EBADMSG);
	assert_int_equal(decode_prefix(sizeof(datagram)), 0);
}

static void a_count_beyond_the_bytes_is_refused(void **state)
{
	uint8_t bytes[sizeof(datagram)];
	struct market_data_header claim = header, found;

	(void)state;
	memcpy(bytes, datagram, sizeof(bytes));
	claim.message_count = 2;
	market_data_write_header(bytes, &claim);
	assert_int_equal(market_data_decode(bytes, sizeof(bytes), &found),
			 -EBADMSG);
	claim.message_count = UINT16_MAX;
	market_data_write_header(bytes, &claim);
	assert_int_equal(market_data_decode(bytes, sizeof(bytes), &found),
			 -EBADMSG);
}

static void bytes_behind_the_last_message_are_ignored(void **state)
{
	uint8_t bytes[sizeof(datagram) + 5] = { 0 };
	struct market_data_header found;

	(void)state;
	memcpy(bytes, datagram, sizeof(datagram));
	assert_int_equal(market_data_decode(bytes, sizeof(bytes), &found), 0);
	assert_int_equal(found.message_count, 1);
}

static void a_header_alone_is_a_datagram(void **state)
{
	static const uint8_t end[8] = { 7, 0, 0, 0, 0, 0, 2, 0 };
	struct market_data_header found;

	(void)state;
	assert_int_equal(market_data_decode(end, sizeof(end), &found), 0);
	assert_int_equal(found.sequence, 7);
	assert_int_equal(found.message_count, 0);
	assert_int_equal(found.flags, MARKET_DATA_END_OF_FEED);
}

static void the_first_number_is_no_gap(void **state)
{
	static const uint32_t first[] = { 0, 1, 77, 1U << 31, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct market_data_sequence seen = { 0 };

		assert_int_equal(market_data_follow(&seen, first[i]),
				 MARKET_DATA_IN_ORDER);
		assert_int_equal(market_data_follow(&seen, first[i] + 1),
				 MARKET_DATA_IN_ORDER);
	}
}

static void a_gap_is_told_once(void **state)
{
	struct market_data_sequence seen = { 0 };

	(void)state;
	market_data_follow(&seen, 10);
	assert_int_equal(seen.expected, 11);
	assert_int_equal(market_data_follow(&seen, 14), MARKET_DATA_GAP);
	assert_int_equal(market_data_follow(&seen, 15), MARKET_DATA_IN_ORDER);
}

static void numbers_wrap_without_a_gap(void **state)
{
	struct market_data_sequence seen = { 0 };

	(void)state;
	market_data_follow(&seen, UINT32_MAX - 1);
	assert_int_equal(market_data_follow(&seen, UINT32_MAX),
			 MARKET_DATA_IN_ORDER);
	assert_int_equal(market_data_follow(&seen, 0), MARKET_DATA_IN_ORDER);
	assert_int_equal(market_data_follow(&seen, 1), MARKET_DATA_IN_ORDER);
}

static void a_gap_across_the_wrap_is_a_gap(void **state)
{
	struct market_data_sequence seen = { 0 };

	(void)state;
	market_data_follow(&seen, UINT32_MAX - 1);
	assert_int_equal(market_data_follow(&seen, 3), MARKET_DATA_GAP);
	assert_int_equal(market_data_follow(&seen, UINT32_MAX),
			 MARKET_DATA_DUPLICATE);
	assert_int_equal(market_data_follow(&seen, 4), MARKET_DATA_IN_ORDER);
}

static void a_number_behind_changes_nothing(void **state)
{
	struct market_data_sequence seen = { 0 };

	(void)state;
	market_data_follow(&seen, 100);
	assert_int_equal(market_data_follow(&seen, 100), MARKET_DATA_DUPLICATE);
	assert_int_equal(market_data_follow(&seen, 90), MARKET_DATA_DUPLICATE);
	assert_int_equal(seen.expected, 101);
	assert_int_equal(market_data_follow(&seen, 101), MARKET_DATA_IN_ORDER);
}

static void ahead_and_behind_part_at_half_the_range(void **state)
{
	struct market_data_sequence ahead = { .expected = 5, .started = 1 };
	struct market_data_sequence behind = ahead;

	(void)state;
	assert_int_equal(market_data_follow(&ahead, 5 + (UINT32_MAX >> 1)),
			 MARKET_DATA_GAP);
	assert_int_equal(market_data_follow(&behind, 5 + (1U << 31)),
			 MARKET_DATA_DUPLICATE);
}

static void a_tag_is_never_0_but_for_no_port(void **state)
{
	(void)state;
	assert_int_equal(market_data_session_tag(0), 0);
	assert_int_equal(market_data_session_tag(0x1234), 0x235);
	assert_int_equal(market_data_session_tag(0xffff), 0xff0);
	for (unsigned int port = 1; port <= UINT16_MAX; port++)
		assert_in_range(market_data_session_tag((uint16_t)port), 1,
				0xfff);
	/* 0x1001 ^ 1 */
	assert_int_equal(market_data_session_tag(0x1001), 1);
}

static void a_tag_is_written_into_market_data_only(void **state)
{
	uint8_t bytes[64] = { 7, 0, 0, 0, 1, 0, MARKET_DATA_SNAPSHOT, 0 };
	const size_t len = market_data_len(1);
	struct market_data_header decoded;

	(void)state;
	/* Another number, bytes behind the last message: another format. */
	market_data_write_tag(bytes, len, 8, 0xabc);
	market_data_write_tag(bytes, len + 1, 7, 0xabc);
	market_data_write_tag(bytes, 7, 7, 0xabc);
	assert_int_equal(market_data_decode(bytes, len, &decoded), 0);
	assert_int_equal(decoded.flags, MARKET_DATA_SNAPSHOT);
	market_data_write_tag(bytes, len, 7, 0xabc);
	assert_int_equal(market_data_decode(bytes, len, &decoded), 0);
	assert_int_equal(decoded.flags, 0xabc0 | MARKET_DATA_SNAPSHOT);
	assert_int_equal(market_data_tag(decoded.flags), 0xabc);
	assert_int_equal(decoded.sequence, 7);
	/* A formatter that tags is left alone. */
	market_data_write_tag(bytes, len, 7, 0x111);
	assert_int_equal(market_data_decode(bytes, len, &decoded), 0);
	assert_int_equal(market_data_tag(decoded.flags), 0xabc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing_gives_little_endian_bytes),
		cmocka_unit_test(reading_gives_host_order),
		cmocka_unit_test(messages_lie_one_behind_the_other),
		cmocka_unit_test(every_shorter_datagram_is_refused),
		cmocka_unit_test(a_count_beyond_the_bytes_is_refused),
		cmocka_unit_test(bytes_behind_the_last_message_are_ignored),
		cmocka_unit_test(a_header_alone_is_a_datagram),
		cmocka_unit_test(the_first_number_is_no_gap),
		cmocka_unit_test(a_gap_is_told_once),
		cmocka_unit_test(numbers_wrap_without_a_gap),
		cmocka_unit_test(a_gap_across_the_wrap_is_a_gap),
		cmocka_unit_test(a_number_behind_changes_nothing),
		cmocka_unit_test(ahead_and_behind_part_at_half_the_range),
		cmocka_unit_test(a_tag_is_never_0_but_for_no_port),
		cmocka_unit_test(a_tag_is_written_into_market_data_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
