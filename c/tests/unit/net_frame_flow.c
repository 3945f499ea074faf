/* SPDX-License-Identifier: MIT */
/* Which flow a frame is of: the rules of net/frame_port.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/frame_flow.h"
#include "wire/frame.h"

enum { IP = 14, FRAGMENT = IP + 6, TAG = 12 };

static const uint8_t here[6] = { 2, 0, 0, 0, 0, 1 };
static uint8_t bytes[256];

static struct sockaddr_in end(const char *address, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(address) };
}

/* Flow 0: a group's; flow 1: a connection's. */
static struct frame_flow_set two(void)
{
	const struct frame_port_flow group = {
		.protocol = FRAME_UDP,
		.destination = end("239.255.0.1", 12345),
	};
	const struct frame_port_flow connection = {
		.protocol = FRAME_TCP,
		.destination = end("10.9.0.1", 40000),
		.source = end("10.9.0.2", 9012),
	};
	struct frame_flow_set set = { .count = 0 };

	memcpy(set.ethernet, here, sizeof(here));
	assert_int_equal(frame_flow_add(&set, &group), 0);
	assert_int_equal(frame_flow_add(&set, &connection), 0);
	return set;
}

static uint32_t made(uint8_t protocol, const char *source, uint16_t from,
		     const char *destination, uint16_t to)
{
	struct frame_ethernet ethernet = { .source = { 2, 0, 0, 0, 0, 2 } };
	const struct frame frame = {
		.protocol = protocol,
		.ttl = 1,
		.source = ntohl(inet_addr(source)),
		.destination = ntohl(inet_addr(destination)),
		.source_port = from,
		.destination_port = to,
		.payload = (const uint8_t *)"0123456789abc",
		.payload_len = 13,
	};
	int len;

	if (frame.destination >> 28 == 14)
		frame_multicast_address(frame.destination,
					ethernet.destination);
	else
		memcpy(ethernet.destination, here, sizeof(here));
	len = frame_build(&ethernet, &frame, bytes, sizeof(bytes));
	assert_true(len > 0);
	return (uint32_t)len;
}

static uint32_t of_group(void)
{
	return made(FRAME_UDP, "10.9.0.2", 7, "239.255.0.1", 12345);
}

static uint32_t of_connection(void)
{
	return made(FRAME_TCP, "10.9.0.2", 9012, "10.9.0.1", 40000);
}

static void insert(size_t at, const void *what, size_t len, uint32_t *frame_len)
{
	memmove(bytes + at + len, bytes + at, *frame_len - at);
	memcpy(bytes + at, what, len);
	*frame_len += (uint32_t)len;
}

static void each_is_found(void **state)
{
	const struct frame_flow_set set = two();

	(void)state;
	assert_int_equal(frame_flow_find(&set, bytes, of_group()), 0);
	assert_int_equal(frame_flow_find(&set, bytes, of_connection()), 1);
}

static void others_are_not(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *source;
		uint16_t from;
		const char *destination;
		uint16_t to;
	} rows[] = {
		{ FRAME_UDP, "10.9.0.2", 7, "239.255.0.2", 12345 },
		{ FRAME_UDP, "10.9.0.2", 7, "239.255.0.1", 12346 },
		{ FRAME_TCP, "10.9.0.2", 7, "239.255.0.1", 12345 },
		{ FRAME_TCP, "10.9.0.3", 9012, "10.9.0.1", 40000 },
		{ FRAME_TCP, "10.9.0.2", 9013, "10.9.0.1", 40000 },
		{ FRAME_TCP, "10.9.0.2", 9012, "10.9.0.1", 40001 },
		{ FRAME_UDP, "10.9.0.2", 9012, "10.9.0.1", 40000 },
	};
	const struct frame_flow_set set = two();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t len =
			made(rows[i].protocol, rows[i].source, rows[i].from,
			     rows[i].destination, rows[i].to);

		assert_int_equal(frame_flow_find(&set, bytes, len), -1);
	}
}

static void source_is_compared(void **state)
{
	struct frame_flow_set set = two();

	(void)state;
	set.flows[0].source = end("10.9.0.2", 0);
	assert_int_equal(frame_flow_find(&set, bytes, of_group()), 0);
	set.flows[0].source = end("10.9.0.3", 0);
	assert_int_equal(frame_flow_find(&set, bytes, of_group()), -1);
}

static void another_host_s_is_not(void **state)
{
	const struct frame_flow_set set = two();
	uint32_t len = of_connection();

	(void)state;
	bytes[5] ^= 1;
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
	len = of_group();
	bytes[0] = 2;
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
}

static void tags(void **state)
{
	static const uint8_t priority[] = { 0x81, 0, 0xe0, 0 },
			     seven[] = { 0x81, 0, 0, 7 };
	const struct frame_flow_set set = two();
	uint32_t len = of_group();

	(void)state;
	insert(TAG, priority, sizeof(priority), &len);
	assert_int_equal(frame_flow_find(&set, bytes, len), 0);
	len = of_group();
	insert(TAG, seven, sizeof(seven), &len);
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
	len = of_connection();
	insert(TAG, priority, sizeof(priority), &len);
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
}

static void options_and_fragments(void **state)
{
	static const uint8_t alert[] = { 0x94, 4, 0, 0 };
	const struct frame_flow_set set = two();
	uint32_t len = of_group();

	(void)state;
	bytes[IP] = 0x46;
	insert(IP + 20, alert, sizeof(alert), &len);
	assert_int_equal(frame_flow_find(&set, bytes, len), 0);
	len = of_connection();
	bytes[IP] = 0x46;
	insert(IP + 20, alert, sizeof(alert), &len);
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
	/* The first piece, so that it is counted; no other one. */
	len = of_group();
	bytes[FRAGMENT] = 0x20;
	assert_int_equal(frame_flow_find(&set, bytes, len), 0);
	bytes[FRAGMENT + 1] = 1;
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
	len = of_connection();
	bytes[FRAGMENT] = 0x20;
	assert_int_equal(frame_flow_find(&set, bytes, len), -1);
}

/* Of just its bytes, so that a sanitizer sees who reads on. */
static int of_copy(const struct frame_flow_set *set, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int flow;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	flow = frame_flow_find(set, copy, len);
	free(copy);
	return flow;
}

static void cut_anywhere(void **state)
{
	static const uint8_t priority[] = { 0x81, 0, 0, 0 };
	const struct frame_flow_set set = two();
	uint32_t len = of_group();

	(void)state;
	for (uint32_t i = 0; i < IP + 20 + 4; i++)
		assert_int_equal(of_copy(&set, i), -1);
	insert(TAG, priority, sizeof(priority), &len);
	for (uint32_t i = 0; i < IP + 4 + 20 + 4; i++)
		assert_int_equal(of_copy(&set, i), -1);
	of_group();
	for (unsigned int words = 0; words < 16; words++) {
		bytes[IP] = (uint8_t)(0x40 | words);
		assert_int_equal(of_copy(&set, IP + 20 + 3), -1);
	}
}

static void added_and_removed(void **state)
{
	struct frame_flow_set set = two();
	const struct frame_port_flow group = set.flows[0];

	(void)state;
	assert_int_equal(frame_flow_add(&set, &group), 0);
	assert_int_equal(frame_flow_add(&set, &group), 0);
	assert_int_equal(frame_flow_add(&set, &group), -E2BIG);
	for (int i = 0; i < 3; i++)
		frame_flow_remove(&set, &group);
	assert_int_equal(set.count, 1);
	assert_int_equal(frame_flow_find(&set, bytes, of_group()), -1);
	assert_int_equal(frame_flow_find(&set, bytes, of_connection()), 0);
	frame_flow_remove(&set, &group);
	assert_int_equal(set.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found),
		{ "C.36 frame flows: what is of none", others_are_not, NULL,
		  NULL, NULL },
		cmocka_unit_test(source_is_compared),
		cmocka_unit_test(another_host_s_is_not),
		cmocka_unit_test(tags),
		cmocka_unit_test(options_and_fragments),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(added_and_removed),
	};

	return cmocka_run_group_tests_name("net_frame_flow", tests, NULL, NULL);
}
