/* SPDX-License-Identifier: MIT */
/* What the ends of an RDMA stream say first, and that none is believed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net/rdma_stream.h"

static const struct rdma_hello offer = {
	.how = RDMA_STREAM_WRITE,
	.slots = 512,
	.ahead = 256,
	.key = 0x01020304,
	.address = UINT64_C(0x7f0011223344),
};

static void it_survives_the_wire(void **state)
{
	static const uint8_t expected[RDMA_HELLO_LEN] = {
		't', '2', 't', 'R', 1, 1, 2,	0,    1,    0,	  0,	0,
		1,   2,	  3,   4,   0, 0, 0x7f, 0x00, 0x11, 0x22, 0x33, 0x44,
	};
	/* The manager of connections pads what it carries. */
	uint8_t bytes[56] = { 0 };
	struct rdma_hello read;

	(void)state;
	rdma_hello_write(&offer, bytes);
	assert_memory_equal(bytes, expected, sizeof(expected));
	assert_int_equal(rdma_hello_read(bytes, sizeof(bytes), &read), 0);
	assert_int_equal(read.how, offer.how);
	assert_int_equal(read.slots, offer.slots);
	assert_int_equal(read.ahead, offer.ahead);
	assert_int_equal(read.key, offer.key);
	assert_true(read.address == offer.address);
}

static void a_shorter_one_is_none(void **state)
{
	uint8_t bytes[RDMA_HELLO_LEN];
	struct rdma_hello read;

	(void)state;
	rdma_hello_write(&offer, bytes);
	for (size_t len = 0; len < sizeof(bytes); len++)
		assert_int_equal(rdma_hello_read(bytes, len, &read), -EPROTO);
}

static void another_protocol_is_none(void **state)
{
	uint8_t bytes[RDMA_HELLO_LEN];
	struct rdma_hello read;

	(void)state;
	/* Each byte of magic, version and how. */
	for (unsigned int i = 0; i < 6; i++) {
		rdma_hello_write(&offer, bytes);
		bytes[i] ^= 2;
		assert_int_equal(rdma_hello_read(bytes, sizeof(bytes), &read),
				 -EPROTO);
	}
}

/* A writer that believed them would write where it must not, or never. */
static void an_offer_that_makes_no_sense_is_none(void **state)
{
	static const uint16_t pairs[][2] = {
		{ 0, 1 }, { 16, 0 }, { 16, 17 }, { 1, UINT16_MAX }
	};
	uint8_t bytes[RDMA_HELLO_LEN];
	struct rdma_hello read;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		rdma_hello_write(&(struct rdma_hello){ .slots = pairs[i][0],
						       .ahead = pairs[i][1] },
				 bytes);
		assert_int_equal(rdma_hello_read(bytes, sizeof(bytes), &read),
				 -EPROTO);
	}
	rdma_hello_write(&(struct rdma_hello){ .how = RDMA_STREAM_SEND },
			 bytes);
	assert_int_equal(rdma_hello_read(bytes, sizeof(bytes), &read), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_survives_the_wire),
		cmocka_unit_test(a_shorter_one_is_none),
		cmocka_unit_test(another_protocol_is_none),
		cmocka_unit_test(an_offer_that_makes_no_sense_is_none),
	};

	return cmocka_run_group_tests_name("net/rdma_hello", tests, NULL, NULL);
}
