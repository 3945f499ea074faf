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
	uint64_t sum = htobe16((uint16_t)(bytes[IP + 9] + len));

	return be16toh(checksum_fold(checksum_sum(bytes + IP + 12, 8, sum)));
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
	/* The kernel takes it; it is none that a sender makes. */
	put16(UDP_LENGTH, 8);
	assert_false(reads(len, &datagram));
	assert_int_equal(datagram_read_any(bytes, len, &datagram),
			 DATAGRAM_WHOLE);
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

/* On the heap as well. */
static enum datagram_result reads_any(size_t len, struct datagram *datagram)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum datagram_result result;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	result = datagram_read_any(copy, len, datagram);
	if (result == DATAGRAM_WHOLE)
		datagram->payload = bytes + (datagram->payload - copy);
	free(copy);
	return result;
}

/* Put in at a place of the frame; its new length. */
static size_t insert(size_t at, const uint8_t *what, size_t what_len,
		     size_t len)
{
	memmove(bytes + at + what_len, bytes + at, len - at);
	memcpy(bytes + at, what, what_len);
	return len + what_len;
}

static void a_priority_is_no_vlan(void **state)
{
	uint8_t tag[4] = { 0x81, 0x00, 0xa0, 0x00 };
	struct datagram datagram;
	size_t len;

	(void)state;
	for (unsigned int vlan = 0; vlan < 4096; vlan++) {
		tag[2] = (uint8_t)(0xa0 | vlan >> 8);
		tag[3] = (uint8_t)vlan;
		len = insert(12, tag, sizeof(tag), make(FRAME_UDP, 36));
		assert_false(reads(len, &datagram));
		assert_int_equal(reads_any(len, &datagram),
				 vlan ? DATAGRAM_MALFORMED : DATAGRAM_WHOLE);
		if (vlan)
			continue;
		assert_int_equal(datagram.len, 36);
		assert_ptr_equal(datagram.payload, bytes + SEGMENT + 8 + 4);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(reads_any(cut, &datagram),
					 DATAGRAM_MALFORMED);
	}
}

static void fragments_are_told(void **state)
{
	struct datagram datagram;
	size_t len;

	(void)state;
	for (unsigned int bit = 0; bit < 16; bit++) {
		len = make(FRAME_UDP, 36);
		put16(IP + 6, 1U << bit);
		put16(IP_CHECKSUM, 0);
		put16(IP_CHECKSUM,
		      be16toh(checksum_end(checksum_sum(bytes + IP, 20, 0))));
		/* Reserved, and "don't". */
		assert_int_equal(reads(len, &datagram), bit >= 14);
		assert_int_equal(reads_any(len, &datagram),
				 bit >= 14 ? DATAGRAM_WHOLE
					   : DATAGRAM_FRAGMENT);
	}
}

static void options_as_the_kernel_has_them(void **state)
{
	static const struct {
		uint8_t bytes[8];
		bool good;
	} options[] = {
		{ { 148, 4, 0, 0 }, true },	      /* router alert */
		{ { 1, 1, 1, 1, 1, 1, 1, 1 }, true }, /* nothing */
		{ { 0, 255, 255, 255 }, true },	      /* the end */
		{ { 7, 7, 4, 0, 0, 0, 0, 0 }, true }, /* record route */
		{ { 1, 1, 1, 1, 1, 148, 3, 0 }, true },
		{ { 131, 7, 4, 10, 0, 0, 1, 0 }, false }, /* loose route */
		{ { 1, 137, 7, 4, 10, 0, 0, 1 }, false }, /* strict route */
		{ { 148, 0 }, false },
		{ { 148, 1 }, false },
		{ { 148, 9 }, false },
		{ { 1, 1, 1, 1, 1, 1, 1, 148 }, false },
		{ { 1, 1, 1, 1, 1, 1, 148, 3 }, false },
	};
	struct datagram datagram;

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		size_t len = insert(SEGMENT, options[i].bytes, 8,
				    make(FRAME_UDP, 36));

		bytes[IP] = 0x47;
		put16(IP_LENGTH, 20 + 8 + 8 + 36);
		put16(IP_CHECKSUM, 0);
		put16(IP_CHECKSUM,
		      be16toh(checksum_end(checksum_sum(bytes + IP, 28, 0))));
		assert_false(reads(len, &datagram));
		assert_int_equal(reads_any(len, &datagram),
				 options[i].good ? DATAGRAM_WHOLE
						 : DATAGRAM_MALFORMED);
		if (options[i].good)
			assert_ptr_equal(datagram.payload, bytes + 50);
		bytes[IP_CHECKSUM] ^= 0x55;
		assert_int_equal(reads_any(len, &datagram), DATAGRAM_MALFORMED);
	}
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
		cmocka_unit_test(a_priority_is_no_vlan),
		cmocka_unit_test(fragments_are_told),
		cmocka_unit_test(options_as_the_kernel_has_them),
		cmocka_unit_test(segments),
	};

	return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
