/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "wire/datagram.h"
#include "wire/frame.h"

enum {
	IP = 14,
	IP_LENGTH = IP + 2,
	IP_CHECKSUM = IP + 10,
	SEGMENT = IP + 20,
	UDP_LENGTH = SEGMENT + 4,
	UDP_CHECKSUM = SEGMENT + 6,
	TCP_CHECKSUM = SEGMENT + 16,
};

static uint8_t bytes[2048], payload[1500];

static size_t make(enum frame_protocol protocol, size_t payload_len)
{
	static const struct frame_ethernet ethernet = { .vlan = 0 };
	const struct frame frame = {
		.protocol = protocol,
		.ttl = 1,
		.source = 0x0a000001,
		.destination = 0xefff0001,
		.source_port = 40000,
		.destination_port = 12345,
		.payload = payload,
		.payload_len = payload_len,
	};
	int len;

	for (size_t i = 0; i < payload_len; i++)
		payload[i] = (uint8_t)(i * 7 + payload_len);
	len = frame_build(&ethernet, &frame, bytes, sizeof(bytes));
	assert_true(len > 0);
	return (size_t)len;
}

static void put16(size_t at, unsigned int value)
{
	bytes[at] = (uint8_t)(value >> 8);
	bytes[at + 1] = (uint8_t)value;
}

static unsigned int get16(size_t at)
{
	return (unsigned int)bytes[at] << 8 | bytes[at + 1];
}

/* What a sender leaves there when it counts on its NIC. */
static unsigned int pseudo(size_t len)
{
	uint32_t sum = bytes[IP + 9] + (uint32_t)len;

	return 0xffff &
	       ~frame_checksum_end(frame_checksum(bytes + IP + 12, 8, sum));
}

/* On the heap, to the byte: a sanitizer sees one too many. */
static bool reads(size_t len, struct datagram *datagram)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool good;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	good = datagram_read(copy, len, datagram);
	free(copy);
	return good;
}

static void payload_is_found(void **state)
{
	struct datagram datagram;

	(void)state;
	for (size_t len = 0; len <= 1472; len++) {
		size_t frame_len = make(FRAME_UDP, len);

		assert_true(reads(frame_len, &datagram));
		assert_true(datagram_read(bytes, frame_len, &datagram));
		assert_int_equal(datagram.len, len);
		assert_ptr_equal(datagram.payload, bytes + SEGMENT + 8);
	}
}

static void padding_is_no_payload(void **state)
{
	struct datagram datagram;
	size_t len = make(FRAME_UDP, 3);

	(void)state;
	memset(bytes + len, 0xa5, 60 - len);
	assert_true(reads(60, &datagram));
	assert_int_equal(datagram.len, 3);
}

static void every_bit_counts(void **state)
{
	size_t len = make(FRAME_UDP, 36);
	struct datagram datagram;

	(void)state;
	for (size_t bit = IP * 8; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(reads(len, &datagram));
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_true(reads(len, &datagram));
}

static void too_short(void **state)
{
	size_t len = make(FRAME_UDP, 36);
	struct datagram datagram;

	(void)state;
	/* Whatever the rest says: without checksum. */
	put16(UDP_CHECKSUM, 0);
	assert_true(reads(len, &datagram));
	for (size_t cut = 0; cut < len; cut++)
		assert_false(reads(cut, &datagram));
	put16(UDP_LENGTH, 36 + 8 + 1);
	assert_false(reads(len, &datagram));
	put16(UDP_LENGTH, 7);
	assert_false(reads(len, &datagram));
	put16(UDP_LENGTH, 8);
	assert_true(reads(len, &datagram));
	assert_int_equal(datagram.len, 0);
}

static void ip_length_is_judged(void **state)
{
	size_t len = make(FRAME_UDP, 36);
	unsigned int checksum = get16(IP_CHECKSUM), ip_len = get16(IP_LENGTH);
	struct datagram datagram;

	(void)state;
	for (unsigned int wrong = 0; wrong < 28; wrong++) {
		/* The checksum follows, so that the length alone is wrong. */
		put16(IP_LENGTH, wrong);
		put16(IP_CHECKSUM, (checksum + ip_len - wrong) % 65535);
		assert_false(reads(len, &datagram));
	}
}

static void checksum_left_to_the_nic(void **state)
{
	size_t len = make(FRAME_UDP, 37);
	struct datagram datagram;

	(void)state;
	put16(UDP_CHECKSUM, pseudo(37 + 8));
	assert_true(reads(len, &datagram));
	put16(UDP_CHECKSUM, pseudo(37 + 8) ^ 0x55);
	assert_false(reads(len, &datagram));
}

static void segments(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 1460; len += 13) {
		size_t frame_len = make(FRAME_TCP, len);
		unsigned int checksum = get16(TCP_CHECKSUM);

		assert_true(datagram_segment_check(bytes, frame_len));
		assert_int_equal(get16(TCP_CHECKSUM), checksum);
		put16(TCP_CHECKSUM, pseudo(20 + len));
		assert_true(datagram_segment_check(bytes, frame_len));
		assert_int_equal(get16(TCP_CHECKSUM), checksum);
		put16(TCP_CHECKSUM, checksum ^ 0x55);
		assert_false(datagram_segment_check(bytes, frame_len));
		assert_int_equal(get16(TCP_CHECKSUM), checksum ^ 0x55);
		assert_false(datagram_segment_check(bytes, SEGMENT + 19));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payload_is_found),
		cmocka_unit_test(padding_is_no_payload),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(too_short),
		cmocka_unit_test(ip_length_is_judged),
		cmocka_unit_test(checksum_left_to_the_nic),
		cmocka_unit_test(segments),
	};

	return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
