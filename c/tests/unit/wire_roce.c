/* SPDX-License-Identifier: MIT */
/* RDMA on Ethernet, as bytes written out by the specification. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/support/roce_maker.h"
#include "wire/roce.h"

static struct roce_packet packet;

/* An order by RC SEND ONLY: 13 bytes, 3 of padding, the checksum. */
static const uint8_t sent[] = {
	0x04, 0x70, 0xff, 0xff, 0x00, 0x00, 0x00, 0x11, 0x80, 0xab, 0xcd,
	0xef, 1,    2,	  3,	4,    5,    6,	  7,	8,    9,    10,
	11,   12,   13,	  0,	0,    0,    0xde, 0xad, 0xbe, 0xef,
};

static void a_send_is_its_payload(void **state)
{
	(void)state;
	assert_int_equal(roce_decode(sent, sizeof(sent), &packet), 0);
	assert_int_equal(packet.operation, ROCE_SEND_ONLY);
	assert_int_equal(packet.qp, 0x11);
	assert_int_equal(packet.psn, 0xabcdef);
	assert_false(packet.has_immediate);
	assert_int_equal(packet.payload_len, 13);
	assert_ptr_equal(packet.payload, sent + 12);
	assert_true(roce_is_message(&packet));
	assert_true(roce_is_request(&packet));
	assert_false(roce_is_acknowledged(&packet));
}

/* RETH, then the immediate. */
static const uint8_t written[] = {
	0x0b, 0x40, 0xff, 0xff, 0,    0, 0, 0x12, 0x80, 0,    0,    7,	  0, 0,
	0x7f, 0,    0,	  0,	0x10, 0, 0, 0,	  0x12, 0x34, 0,    0,	  0, 4,
	0,    0,    1,	  2,	9,    8, 7, 6,	  0xde, 0xad, 0xbe, 0xef,
};

static void a_write_has_its_immediate(void **state)
{
	(void)state;
	assert_int_equal(roce_decode(written, sizeof(written), &packet), 0);
	assert_int_equal(packet.operation, ROCE_WRITE_ONLY_IMMEDIATE);
	assert_true(packet.has_immediate);
	assert_int_equal(packet.immediate, 0x102);
	assert_int_equal(packet.payload_len, 4);
	assert_int_equal(packet.payload[0], 9);
	assert_true(roce_is_message(&packet));
}

static void a_datagram_is_of_a_queue_pair(void **state)
{
	uint8_t bytes[ROCE_MAKER_PACKET_MAX];
	const uint8_t added[12] = {
		1, 2, 3, 4, 0, 0, 0, 0x22, 0, 0, 0x30, 0x39
	};
	const size_t len = roce_maker_packet(bytes, 0x65, 0xffffff, 5, added,
					     sizeof(added), "abcdef", 6);

	(void)state;
	assert_int_equal(roce_decode(bytes, len, &packet), 0);
	assert_int_equal(packet.qp, ROCE_QP_GROUP);
	assert_int_equal(packet.source_qp, 0x22);
	assert_int_equal(packet.immediate, 12345);
	assert_int_equal(packet.payload_len, 6);
	assert_memory_equal(packet.payload, "abcdef", 6);
	assert_false(roce_is_message(&packet));
	assert_false(roce_is_request(&packet));
}

static void acknowledgements_are_told_from_complaints(void **state)
{
	uint8_t bytes[ROCE_MAKER_PACKET_MAX];
	uint8_t added[4] = { 0x1f, 0, 0, 1 };
	size_t len;

	(void)state;
	for (unsigned int complaint = 0; complaint < 4; complaint++) {
		added[0] = (uint8_t)(complaint << 5 | 0x1f);
		len = roce_maker_packet(bytes, 0x11, 3, 9, added, sizeof(added),
					NULL, 0);
		assert_int_equal(roce_decode(bytes, len, &packet), 0);
		assert_int_equal(roce_is_acknowledged(&packet), !complaint);
		assert_int_equal(packet.payload_len, 0);
	}
}

/* No byte behind the length is read: the copy ends there. */
static void every_length_is_checked(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len, least;
	} all[] = {
		/* With its 3 bytes of padding. */
		{ sent, sizeof(sent), 12 + 3 + 4 },
		{ written, sizeof(written), 12 + 20 + 4 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t len = 0; len <= all[i].len; len++) {
			uint8_t *copy = test_malloc(len + 1);

			memcpy(copy, all[i].bytes, len);
			assert_int_equal(roce_decode(copy, len, &packet),
					 len < all[i].least ? -EBADMSG : 0);
			if (len >= all[i].least)
				assert_int_equal(packet.payload_len,
						 len - all[i].least);
			test_free(copy);
		}
}

static void what_is_not_known_is_said_so(void **state)
{
	uint8_t bytes[sizeof(sent)];

	(void)state;
	memcpy(bytes, sent, sizeof(sent));
	bytes[0] = 0x13; /* compare and swap */
	assert_int_equal(roce_decode(bytes, sizeof(bytes), &packet),
			 -EOPNOTSUPP);
	assert_int_equal(packet.psn, 0xabcdef);
	bytes[0] = 0x04;
	bytes[1] |= 1; /* another version of the header */
	assert_int_equal(roce_decode(bytes, sizeof(bytes), &packet), -EBADMSG);
}

static void numbers_wrap(void **state)
{
	(void)state;
	assert_int_equal(roce_psn_next(0xffffff, 1), 0);
	assert_int_equal(roce_psn_distance(0xffffff, 1), 2);
	assert_int_equal(roce_psn_distance(1, 0xffffff), -2);
	assert_int_equal(roce_psn_distance(5, 5), 0);
	assert_int_equal(roce_psn_distance(0, 0x7fffff), 0x7fffff);
	assert_int_equal(roce_psn_distance(0, 0x800000), -0x800000);
}

static void managed(uint8_t bytes[static 256], uint8_t attribute)
{
	memset(bytes, 0, 256);
	bytes[1] = 7;
	bytes[3] = 3;
	bytes[17] = attribute;
	memcpy(bytes + 24, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
}

static void requests_tell_ports_and_numbers(void **state)
{
	uint8_t bytes[256];
	struct roce_connection said;

	(void)state;
	managed(bytes, 0x10);
	memcpy(bytes + 24 + 8, "\0\0\0\0\x01\x06\x23\x34", 8);
	memcpy(bytes + 24 + 32, "\x00\x00\x11", 3);
	memcpy(bytes + 24 + 44, "\xab\xcd\xef", 3);
	memcpy(bytes + 24 + 140, "\x00\x40\x9c\x40", 4);
	assert_int_equal(roce_connection_decode(bytes, 256, &said), 0);
	assert_int_equal(said.kind, ROCE_CONNECT_REQUEST);
	assert_int_equal(said.local_id, 0x01020304);
	assert_int_equal(said.qp, 0x11);
	assert_int_equal(said.psn, 0xabcdef);
	assert_int_equal(said.server_port, 9012);
	assert_int_equal(said.client_port, 40000);
	/* By IPv6; of another service; by who knows no such addresses. */
	bytes[24 + 141] = 0x60;
	assert_int_equal(roce_connection_decode(bytes, 256, &said), -ENOENT);
	bytes[24 + 141] = 0x40;
	bytes[24 + 13] = 0x11;
	assert_int_equal(roce_connection_decode(bytes, 256, &said), -ENOENT);
	bytes[24 + 13] = 0x06;
	bytes[24 + 140] = 0x10;
	assert_int_equal(roce_connection_decode(bytes, 256, &said), -ENOENT);
}

static void replies_tell_both_names(void **state)
{
	uint8_t bytes[256];
	struct roce_connection said;

	(void)state;
	managed(bytes, 0x13);
	memcpy(bytes + 24 + 12, "\x00\x00\x12", 3);
	memcpy(bytes + 24 + 20, "\x00\x00\x07", 3);
	assert_int_equal(roce_connection_decode(bytes, 256, &said), 0);
	assert_int_equal(said.kind, ROCE_CONNECT_REPLY);
	assert_int_equal(said.local_id, 0x01020304);
	assert_int_equal(said.remote_id, 0x05060708);
	assert_int_equal(said.qp, 0x12);
	assert_int_equal(said.psn, 7);
}

static void other_management_is_passed_over(void **state)
{
	uint8_t bytes[256];
	struct roce_connection said;

	(void)state;
	managed(bytes, 0x11); /* it is to wait */
	assert_int_equal(roce_connection_decode(bytes, 256, &said), -ENOENT);
	managed(bytes, 0x15);
	assert_int_equal(roce_connection_decode(bytes, 255, &said), -EBADMSG);
	bytes[1] = 3; /* subnet administration */
	assert_int_equal(roce_connection_decode(bytes, 256, &said), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_send_is_its_payload),
		cmocka_unit_test(a_write_has_its_immediate),
		cmocka_unit_test(a_datagram_is_of_a_queue_pair),
		cmocka_unit_test(acknowledgements_are_told_from_complaints),
		cmocka_unit_test(every_length_is_checked),
		cmocka_unit_test(what_is_not_known_is_said_so),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(requests_tell_ports_and_numbers),
		cmocka_unit_test(replies_tell_both_names),
		cmocka_unit_test(other_management_is_passed_over),
	};

	return cmocka_run_group_tests_name("wire/roce", tests, NULL, NULL);
}
