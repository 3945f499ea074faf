/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "wire/market_data.h"
#include "wire/retransmit.h"

static void bytes_are_packed_and_little_endian(void **state)
{
	static const uint8_t expected[RETRANSMIT_REQUEST_LEN] = {
		0x04, 0x03, 0x02, 0x01, 0x40, 0x00, 0x30, 0x12,
	};
	const struct retransmit_request request = {
		.first = 0x01020304,
		.count = 64,
		.flags = market_data_tag_flags(0x123),
	};
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];

	(void)state;
	retransmit_request_write(bytes, &request);
	assert_memory_equal(bytes, expected, sizeof(expected));
}

static void requests_survive_the_wire(void **state)
{
	static const struct retransmit_request requests[] = {
		{ .first = 0, .count = 0, .flags = 0 },
		{ .first = UINT32_MAX, .count = 1, .flags = MARKET_DATA_TAG },
		{ .first = 7, .count = UINT16_MAX, .flags = UINT16_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		/* Wherever it lies. */
		uint8_t bytes[RETRANSMIT_REQUEST_LEN + 1];
		struct retransmit_request read;

		retransmit_request_write(bytes + 1, &requests[i]);
		assert_int_equal(
			retransmit_request_decode(
				bytes + 1, RETRANSMIT_REQUEST_LEN, &read),
			0);
		assert_memory_equal(&read, &requests[i], sizeof(read));
	}
}

static void another_length_is_none(void **state)
{
	const uint8_t bytes[2 * RETRANSMIT_REQUEST_LEN] = { 0 };
	struct retransmit_request read;

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++)
		assert_int_equal(retransmit_request_decode(bytes, len, &read),
				 len == RETRANSMIT_REQUEST_LEN ? 0 : -EBADMSG);
}

static void a_notice_says_how_many(void **state)
{
	static const uint32_t pieces[][2] = {
		{ 1, 1 },	  { 2, 2 },	    { 3, 2 },
		{ 16, 16 },	  { 71, 64 },	    { 32767, 16384 },
		{ 32768, 32768 }, { 70000, 32768 }, { UINT32_MAX, 32768 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		const uint32_t piece = retransmit_piece(pieces[i][0]);
		const struct retransmit_request notice = retransmit_notice(
			9, piece, market_data_tag_flags(0x123));

		assert_int_equal(piece, pieces[i][1]);
		assert_int_equal(notice.first, 9);
		assert_int_equal(notice.count, 0);
		assert_int_equal(market_data_tag(notice.flags), 0x123);
		assert_int_equal(retransmit_given_up(&notice), piece);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_packed_and_little_endian),
		cmocka_unit_test(requests_survive_the_wire),
		cmocka_unit_test(another_length_is_none),
		cmocka_unit_test(a_notice_says_how_many),
	};

	return cmocka_run_group_tests_name("wire/retransmit", tests, NULL,
					   NULL);
}
