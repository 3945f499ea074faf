/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/checksum.h"
#include "wire/frame.h"

#define ETHERNET_LEN 14
#define VLAN_LEN     4

/* Offsets from the IPv4 header. */
enum {
	IP_FIRST = 0,
	IP_LENGTH = 2,
	IP_FLAGS = 6,
	IP_PROTOCOL = 9,
	UDP_LENGTH = 20 + 4,
	TCP_OFFSET = 20 + 12,
};

/* Both have checksums that Wireshark calls good. */
static const uint8_t udp_bytes[] = {
	0x01, 0x00, 0x5e, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, /* Ethernet */
	0x00, 0x00, 0x01, 0x08, 0x00,			      /* */
	0x45, 0xb8, 0x00, 0x1f, 0x00, 0x00, 0x40, 0x00, 0x01, 0x11, /* IPv4 */
	0x7f, 0x94, 0x0a, 0x00, 0x00, 0x01, 0xef, 0x80, 0x00, 0x01, /* */
	0x9c, 0x40, 0x30, 0x39, 0x00, 0x0b, 0x75, 0x79,		    /* UDP */
	'a',  'b',  'c',
};
static const uint8_t tcp_bytes[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, /* Ethernet */
	0x00, 0x00, 0x02, 0x81, 0x00, 0x00, 0x64, 0x08, 0x00, /* VLAN 100 */
	0x45, 0x10, 0x00, 0x35, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06, /* IPv4 */
	0x26, 0xb1, 0x0a, 0x00, 0x00, 0x02, 0x0a, 0x00, 0x00, 0x01, /* */
	0x9c, 0x41, 0x23, 0x34, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, /* TCP */
	0x77, 0x88, 0x50, 0x18, 0xff, 0xff, 0x91, 0xd4, 0x00, 0x00, /* */
	0x01, 0x00, 0x00, 0x00, 0x00, 0xf1, 0x01, 0xf5, 0x34, 0x38, /* order */
	0x00, 0x00, 0x01,
};

#define UDP_IP	   (udp_bytes + ETHERNET_LEN)
#define UDP_IP_LEN (sizeof(udp_bytes) - ETHERNET_LEN)
#define TCP_IP	   (tcp_bytes + ETHERNET_LEN + VLAN_LEN)
#define TCP_IP_LEN (sizeof(tcp_bytes) - ETHERNET_LEN - VLAN_LEN)

static const struct frame_ethernet multicast = {
	.source = { 2, 0, 0, 0, 0, 1 },
	.destination = { 1, 0, 0x5e, 0, 0, 1 },
};
static const struct frame_ethernet tagged = {
	.source = { 2, 0, 0, 0, 0, 2 },
	.destination = { 2, 0, 0, 0, 0, 1 },
	.vlan = 100,
};
static const struct frame udp_frame = {
	.protocol = FRAME_UDP,
	.tos = 0xb8,
	.ttl = 1,
	.source = 0x0a000001,
	.destination = 0xef800001,
	.source_port = 40000,
	.destination_port = 12345,
	.payload = (const uint8_t *)"abc",
	.payload_len = 3,
};
static const struct frame tcp_frame = {
	.protocol = FRAME_TCP,
	.tos = 0x10,
	.ttl = 64,
	.tcp_flags = FRAME_TCP_PSH | FRAME_TCP_ACK,
	.source = 0x0a000002,
	.destination = 0x0a000001,
	.source_port = 40001,
	.destination_port = 9012,
	.tcp_sequence = 0x11223344,
	.tcp_acknowledgment = 0x55667788,
	.payload = tcp_bytes + sizeof(tcp_bytes) - 13,
	.payload_len = 13,
};

static void assert_same(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->protocol, b->protocol);
	assert_int_equal(a->tos, b->tos);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->source, b->source);
	assert_int_equal(a->destination, b->destination);
	assert_int_equal(a->source_port, b->source_port);
	assert_int_equal(a->destination_port, b->destination_port);
	assert_int_equal(a->tcp_sequence, b->tcp_sequence);
	assert_int_equal(a->tcp_acknowledgment, b->tcp_acknowledgment);
	assert_int_equal(a->payload_len, b->payload_len);
	assert_memory_equal(a->payload, b->payload, a->payload_len);
}

/* The UDP packet behind another link header. */
static enum frame_result decode_behind(enum frame_link link, const void *header,
				       size_t header_len)
{
	uint8_t bytes[128];
	struct frame frame;
	enum frame_result result;

	memcpy(bytes, header, header_len);
	memcpy(bytes + header_len, UDP_IP, UDP_IP_LEN);
	result = frame_decode(link, bytes, header_len + UDP_IP_LEN, &frame);
	if (result == FRAME_OK) {
		assert_ptr_equal(frame.payload, bytes + header_len + 28);
		assert_same(&frame, &udp_frame);
	}
	return result;
}

/* A packet with the 16 bits at an offset of its IPv4 header changed. */
static enum frame_result decode_changed(const uint8_t *ip, size_t len,
					size_t at, unsigned int value)
{
	uint8_t bytes[128];
	struct frame frame;

	memcpy(bytes, ip, len);
	bytes[at] = (uint8_t)(value >> 8);
	bytes[at + 1] = (uint8_t)value;
	return frame_decode(FRAME_LINK_IPV4, bytes, len, &frame);
}

static enum frame_result decode_changed_byte(const uint8_t *ip, size_t len,
					     size_t at, uint8_t value)
{
	return decode_changed(ip, len, at,
			      (unsigned int)value << 8 | ip[at + 1]);
}

static void building_gives_known_good_bytes(void **state)
{
	uint8_t bytes[128];

	(void)state;
	assert_int_equal(
		frame_build(&multicast, &udp_frame, bytes, sizeof(bytes)),
		sizeof(udp_bytes));
	assert_memory_equal(bytes, udp_bytes, sizeof(udp_bytes));
	assert_int_equal(frame_build(&tagged, &tcp_frame, bytes, sizeof(bytes)),
			 sizeof(tcp_bytes));
	assert_memory_equal(bytes, tcp_bytes, sizeof(tcp_bytes));
}

static void decoding_finds_all_fields(void **state)
{
	struct frame frame;

	(void)state;
	assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, udp_bytes,
				      sizeof(udp_bytes), &frame),
			 FRAME_OK);
	assert_same(&frame, &udp_frame);
	assert_ptr_equal(frame.payload, udp_bytes + 42);
	assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, tcp_bytes,
				      sizeof(tcp_bytes), &frame),
			 FRAME_OK);
	assert_same(&frame, &tcp_frame);
}

static void a_known_ip_checksum_comes_out(void **state)
{
	/* The example of RFC 1071, and one byte more. */
	static const uint8_t sum[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4,
				       0xf5, 0xf6, 0xf7, 0x12 };
	uint64_t half;

	(void)state;
	assert_int_equal(be16toh(checksum_end(checksum_sum(sum, 8, 0))),
			 0x220d);
	half = checksum_sum(sum, 4, 0);
	assert_int_equal(be16toh(checksum_end(checksum_sum(sum + 4, 4, half))),
			 0x220d);
	assert_int_equal(be16toh(checksum_end(checksum_sum(sum, 9, 0))),
			 0x100d);
	assert_int_equal(be16toh(checksum_end(checksum_sum(sum, 0, 0))),
			 0xffff);
	/* Right bytes with their checksum in place sum to 0. */
	assert_int_equal(be16toh(checksum_end(checksum_sum(UDP_IP, 20, 0))), 0);
	assert_int_equal(be16toh(checksum_end(checksum_sum(TCP_IP, 20, 0))), 0);
}

static void a_long_checksum_does_not_overflow(void **state)
{
	const size_t len = 1 << 20;
	uint8_t *bytes = malloc(len);
	uint64_t sum = 0;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0xff, len);
	for (int i = 0; i < 4; i++)
		sum = checksum_sum(bytes, len, sum);
	assert_int_equal(checksum_end(sum), 0);
	free(bytes);
}

/* What is patched into one frame is gone from the next. */
static void a_header_serves_many_payloads(void **state)
{
	static const struct frame *const frames[] = { &udp_frame, &tcp_frame };
	uint8_t payload[1400], bytes[1500], wanted[1500];
	struct frame_header header;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31 + 7);
	for (size_t f = 0; f < 2; f++) {
		struct frame frame = *frames[f];

		assert_int_equal(frame_header_prepare(&header, &tagged, &frame),
				 0);
		for (size_t len = sizeof(payload); len-- > 0;) {
			int n = frame_header_build(&header, payload, len, bytes,
						   sizeof(bytes));

			frame.payload = payload;
			frame.payload_len = len;
			assert_int_equal(frame_build(&tagged, &frame, wanted,
						     sizeof(wanted)),
					 n);
			assert_memory_equal(bytes, wanted, n);
			assert_int_equal(frame_header_build(&header, payload,
							    len, bytes,
							    (size_t)n - 1),
					 -EMSGSIZE);
		}
	}
	assert_int_equal(frame_header_prepare(&header, &tagged,
					      &(struct frame){ .protocol = 1 }),
			 -EPROTONOSUPPORT);
}

static void a_udp_checksum_of_0_is_sent_as_ffff(void **state)
{
	static const uint8_t zeroes[2];
	uint8_t bytes[64];
	struct frame frame = udp_frame;
	const uint8_t *udp = bytes + ETHERNET_LEN + 20;
	uint16_t checksum;

	(void)state;
	frame.payload = zeroes;
	frame.payload_len = 2;
	assert_int_equal(frame_build(&multicast, &frame, bytes, sizeof(bytes)),
			 44);
	/* With its own checksum as payload, the datagram's becomes 0. */
	frame.payload = (const uint8_t[]){ udp[6], udp[7] };
	frame_build(&multicast, &frame, bytes, sizeof(bytes));
	checksum = (uint16_t)(udp[6] << 8 | udp[7]);
	assert_int_equal(checksum, 0xffff);
}

static void every_prefix_is_refused(const uint8_t *whole, size_t whole_len,
				    enum frame_link link)
{
	for (size_t len = 0; len < whole_len; len++) {
		uint8_t *bytes = malloc(len ? len : 1);
		struct frame frame;

		assert_non_null(bytes);
		memcpy(bytes, whole, len);
		assert_int_equal(frame_decode(link, bytes, len, &frame),
				 FRAME_TRUNCATED);
		free(bytes);
	}
}

static void every_prefix_of_a_frame_is_truncated(void **state)
{
	(void)state;
	every_prefix_is_refused(udp_bytes, sizeof(udp_bytes),
				FRAME_LINK_ETHERNET);
	every_prefix_is_refused(tcp_bytes, sizeof(tcp_bytes),
				FRAME_LINK_ETHERNET);
	every_prefix_is_refused(UDP_IP, UDP_IP_LEN, FRAME_LINK_RAW);
	every_prefix_is_refused(TCP_IP, TCP_IP_LEN, FRAME_LINK_IPV4);
}

/* With the IP length cut to fit, UDP's own length or TCP's header is what
 * contradicts it; no payload may reach past the bytes. */
static void lengths_cut_short_never_reach_past_the_bytes(void **state)
{
	uint8_t bytes[128];
	struct frame frame;

	(void)state;
	for (size_t len = 20; len < UDP_IP_LEN; len++)
		assert_int_equal(decode_changed(UDP_IP, len, IP_LENGTH,
						(unsigned int)len),
				 FRAME_MALFORMED);
	for (size_t len = 20; len < TCP_IP_LEN; len++) {
		memcpy(bytes, TCP_IP, len);
		bytes[IP_LENGTH + 1] = (uint8_t)len;
		if (frame_decode(FRAME_LINK_IPV4, bytes, len, &frame) !=
		    FRAME_OK) {
			assert_true(len < 40);
			continue;
		}
		assert_int_equal(frame.payload_len, len - 40);
		assert_ptr_equal(frame.payload, bytes + 40);
	}
}

static void padding_is_left_out(void **state)
{
	uint8_t bytes[60] = { 0 };
	struct frame frame;

	(void)state;
	memcpy(bytes, udp_bytes, sizeof(udp_bytes));
	assert_int_equal(
		frame_decode(FRAME_LINK_ETHERNET, bytes, sizeof(bytes), &frame),
		FRAME_OK);
	assert_int_equal(frame.payload_len, 3);
	memcpy(bytes, UDP_IP, UDP_IP_LEN);
	bytes[UDP_LENGTH + 1] = 8 + 2;
	assert_int_equal(
		frame_decode(FRAME_LINK_RAW, bytes, UDP_IP_LEN, &frame),
		FRAME_OK);
	assert_int_equal(frame.payload_len, 2);
}

/* An acknowledgment is shorter than Ethernet's least, so NICs pad it. */
static void padding_is_no_tcp_payload(void **state)
{
	uint8_t bytes[60] = { 0 };
	struct frame frame = tcp_frame, found;

	(void)state;
	frame.payload_len = 0;
	assert_int_equal(frame_build(&multicast, &frame, bytes, sizeof(bytes)),
			 54);
	assert_int_equal(
		frame_decode(FRAME_LINK_ETHERNET, bytes, sizeof(bytes), &found),
		FRAME_OK);
	assert_int_equal(found.payload_len, 0);
}

static void udp_does_not_reach_into_the_padding(void **state)
{
	uint8_t bytes[60] = { 0 };
	struct frame frame;

	(void)state;
	memcpy(bytes, udp_bytes, sizeof(udp_bytes));
	bytes[ETHERNET_LEN + UDP_LENGTH + 1] = 8 + 4;
	assert_int_equal(
		frame_decode(FRAME_LINK_ETHERNET, bytes, sizeof(bytes), &frame),
		FRAME_MALFORMED);
}

static void up_to_two_vlan_tags_are_left(void **state)
{
	static const uint8_t tags[] = { 1,    2,    3,	  4,	5,    6,
					7,    8,    9,	  10,	11,   12,
					0x88, 0xa8, 0x00, 0x05, 0x81, 0x00,
					0x20, 0x06, 0x08, 0x00 };
	static const uint8_t three[] = {
		1,    2, 3, 4,	  5, 6, 7, 8,	 9, 10, 11, 12,	  0x88,
		0xa8, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0,	7,  0x08, 0x00,
	};
	struct frame frame;

	(void)state;
	assert_int_equal(decode_behind(FRAME_LINK_ETHERNET, tags, sizeof(tags)),
			 FRAME_OK);
	assert_int_equal(
		decode_behind(FRAME_LINK_ETHERNET, three, sizeof(three)),
		FRAME_OTHER);
	for (size_t len = 0; len < sizeof(tags); len++)
		assert_int_equal(
			frame_decode(FRAME_LINK_ETHERNET, tags, len, &frame),
			FRAME_TRUNCATED);
}

static void each_link_header_is_left(void **state)
{
	static const uint8_t big[] = { 0, 0, 0, 2 };
	static const uint8_t little[] = { 2, 0, 0, 0 };
	static const uint8_t sll[16] = { [1] = 4, [3] = 1, [14] = 8 };
	static const uint8_t sll2[20] = { [0] = 8, [7] = 3, [9] = 1 };

	(void)state;
	assert_int_equal(decode_behind(FRAME_LINK_RAW, "", 0), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_IPV4, "", 0), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_NULL, big, 4), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_NULL, little, 4), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_LOOP, big, 4), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_LOOP, little, 4),
			 FRAME_OTHER);
	assert_int_equal(decode_behind(FRAME_LINK_SLL, sll, 16), FRAME_OK);
	assert_int_equal(decode_behind(FRAME_LINK_SLL2, sll2, 20), FRAME_OK);
}

static void what_is_not_ours_is_other(void **state)
{
	static const uint8_t arp[14] = { [12] = 0x08, [13] = 0x06 };
	static const uint8_t ipv6[40] = { 0x60 };
	struct frame frame;

	(void)state;
	assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, arp, 14, &frame),
			 FRAME_OTHER);
	assert_int_equal(frame_decode(FRAME_LINK_RAW, ipv6, 40, &frame),
			 FRAME_OTHER);
	assert_int_equal(
		frame_decode((enum frame_link)147, UDP_IP, UDP_IP_LEN, &frame),
		FRAME_OTHER);
	assert_int_equal(
		decode_changed_byte(UDP_IP, UDP_IP_LEN, IP_PROTOCOL, 1),
		FRAME_OTHER);
}

static void fragments_are_told(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_FLAGS, 0x2000),
			 FRAME_FRAGMENT);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_FLAGS, 0x0001),
			 FRAME_FRAGMENT);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_FLAGS, 0x1fff),
			 FRAME_FRAGMENT);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_FLAGS, 0x4000),
			 FRAME_OK);
}

static void bad_ip_lengths_are_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_LENGTH, 19),
			 FRAME_MALFORMED);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_LENGTH, 0),
			 FRAME_MALFORMED);
	assert_int_equal(
		decode_changed(UDP_IP, UDP_IP_LEN, IP_LENGTH, UDP_IP_LEN + 1),
		FRAME_TRUNCATED);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, IP_LENGTH, 0xffff),
			 FRAME_TRUNCATED);
	assert_int_equal(
		decode_changed_byte(UDP_IP, UDP_IP_LEN, IP_FIRST, 0x44),
		FRAME_MALFORMED);
	assert_int_equal(
		decode_changed_byte(UDP_IP, UDP_IP_LEN, IP_FIRST, 0x4f),
		FRAME_MALFORMED);
	assert_int_equal(
		decode_changed_byte(UDP_IP, UDP_IP_LEN, IP_FIRST, 0x55),
		FRAME_MALFORMED);
}

static void bad_udp_lengths_are_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, UDP_LENGTH, 7),
			 FRAME_MALFORMED);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, UDP_LENGTH, 0),
			 FRAME_MALFORMED);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, UDP_LENGTH, 12),
			 FRAME_MALFORMED);
	assert_int_equal(decode_changed(UDP_IP, UDP_IP_LEN, UDP_LENGTH, 8),
			 FRAME_OK);
}

static void bad_tcp_offsets_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
		decode_changed_byte(TCP_IP, TCP_IP_LEN, TCP_OFFSET, 0x40),
		FRAME_MALFORMED);
	assert_int_equal(
		decode_changed_byte(TCP_IP, TCP_IP_LEN, TCP_OFFSET, 0xf0),
		FRAME_MALFORMED);
	assert_int_equal(
		decode_changed_byte(TCP_IP, TCP_IP_LEN, TCP_OFFSET, 0x80),
		FRAME_OK);
}

static void ip_options_are_left(void **state)
{
	uint8_t bytes[128] = { 0 };
	struct frame frame;

	(void)state;
	memcpy(bytes, UDP_IP, 20);
	memset(bytes + 20, 1, 40); /* no operation */
	memcpy(bytes + 60, UDP_IP + 20, UDP_IP_LEN - 20);
	bytes[IP_FIRST] = 0x4f;
	bytes[IP_LENGTH + 1] = (uint8_t)(UDP_IP_LEN + 40);
	assert_int_equal(
		frame_decode(FRAME_LINK_RAW, bytes, UDP_IP_LEN + 40, &frame),
		FRAME_OK);
	assert_same(&frame, &udp_frame);
	assert_int_equal(frame_decode(FRAME_LINK_RAW, bytes, 59, &frame),
			 FRAME_TRUNCATED);
}

static void what_is_refused_leaves_the_frame_alone(void **state)
{
	struct frame frame, before;

	(void)state;
	memset(&frame, 0xa5, sizeof(frame));
	before = frame;
	assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, udp_bytes,
				      sizeof(udp_bytes) - 1, &frame),
			 FRAME_TRUNCATED);
	assert_memory_equal(&frame, &before, sizeof(frame));
}

/* Length 0: the NIC is yet to cut the frame. */
static void no_ip_length_is_the_frames_own(void **state)
{
	uint8_t bytes[sizeof(tcp_bytes)];
	struct frame frame;

	(void)state;
	memcpy(bytes, tcp_bytes, sizeof(bytes));
	memset(bytes + ETHERNET_LEN + VLAN_LEN + IP_LENGTH, 0, 2);
	assert_int_equal(
		frame_decode(FRAME_LINK_ETHERNET, bytes, sizeof(bytes), &frame),
		FRAME_OK);
	assert_int_equal(frame.payload_len, 13);
	assert_int_equal(frame.vlan, 100);
	/* Not of one that was cut, nor of one that may be padded. */
	assert_int_equal(frame_decode_cut(FRAME_LINK_ETHERNET, bytes,
					  sizeof(bytes) - 1, sizeof(bytes),
					  &frame),
			 FRAME_TRUNCATED);
	assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, bytes,
				      ETHERNET_LEN + VLAN_LEN + 46, &frame),
			 FRAME_MALFORMED);
}

static void what_is_cut_is_known_as_far_as_it_goes(void **state)
{
	struct frame frame;

	(void)state;
	for (size_t len = 0; len < sizeof(tcp_bytes); len++) {
		unsigned int known =
			len < 38   ? 0
			: len < 42 ? FRAME_KNOWN_ADDRESSES
				   : FRAME_KNOWN_ADDRESSES | FRAME_KNOWN_PORTS;

		assert_int_equal(frame_decode_cut(FRAME_LINK_ETHERNET,
						  tcp_bytes, len,
						  sizeof(tcp_bytes), &frame),
				 FRAME_TRUNCATED);
		assert_int_equal(frame.known, known);
		if (known)
			assert_int_equal(frame.destination, 0x0a000001);
		if (known & FRAME_KNOWN_PORTS)
			assert_int_equal(frame.destination_port, 9012);
	}
}

static void links_are_known_by_number(void **state)
{
	static const unsigned int known[] = { 0, 1, 101, 108, 113, 228, 276 };
	unsigned int found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_true(frame_link_known(known[i]));
	for (unsigned int link = 0; link < 1000; link++)
		found += frame_link_known(link);
	assert_int_equal(found, sizeof(known) / sizeof(known[0]));
}

static void groups_map_to_ethernet(void **state)
{
	uint8_t ethernet[6];

	(void)state;
	frame_multicast_address(0xefff0001, ethernet);
	assert_memory_equal(ethernet, "\x01\x00\x5e\x7f\x00\x01", 6);
	frame_multicast_address(0xe0800203, ethernet);
	assert_memory_equal(ethernet, "\x01\x00\x5e\x00\x02\x03", 6);
}

static void what_does_not_fit_is_not_built(void **state)
{
	uint8_t bytes[sizeof(tcp_bytes)];
	uint8_t *large = calloc(1, 70000), *out = malloc(70000);
	struct frame frame = udp_frame;

	(void)state;
	assert_non_null(large);
	assert_non_null(out);
	for (size_t size = 0; size < sizeof(tcp_bytes); size++)
		assert_int_equal(frame_build(&tagged, &tcp_frame, bytes, size),
				 -EMSGSIZE);
	frame.payload = large;
	frame.payload_len = 65535 - 28;
	assert_int_equal(frame_build(&multicast, &frame, out, 70000), 65549);
	frame.payload_len++;
	assert_int_equal(frame_build(&multicast, &frame, out, 70000),
			 -EMSGSIZE);
	frame.payload_len = SIZE_MAX;
	assert_int_equal(frame_build(&multicast, &frame, out, 70000),
			 -EMSGSIZE);
	frame.protocol = 1;
	assert_int_equal(frame_build(&multicast, &frame, out, 70000),
			 -EPROTONOSUPPORT);
	free(large);
	free(out);
}

static void an_empty_payload_can_be_built(void **state)
{
	uint8_t bytes[64];
	struct frame frame = tcp_frame, found;
	int len;

	(void)state;
	frame.payload = NULL;
	frame.payload_len = 0;
	frame.tcp_flags = FRAME_TCP_SYN;
	len = frame_build(&multicast, &frame, bytes, sizeof(bytes));
	assert_int_equal(len, 54);
	assert_int_equal(
		frame_decode(FRAME_LINK_ETHERNET, bytes, (size_t)len, &found),
		FRAME_OK);
	assert_int_equal(found.payload_len, 0);
	assert_int_equal(found.tcp_flags, FRAME_TCP_SYN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(building_gives_known_good_bytes),
		cmocka_unit_test(decoding_finds_all_fields),
		cmocka_unit_test(a_known_ip_checksum_comes_out),
		cmocka_unit_test(a_long_checksum_does_not_overflow),
		cmocka_unit_test(a_header_serves_many_payloads),
		cmocka_unit_test(a_udp_checksum_of_0_is_sent_as_ffff),
		cmocka_unit_test(every_prefix_of_a_frame_is_truncated),
		cmocka_unit_test(lengths_cut_short_never_reach_past_the_bytes),
		cmocka_unit_test(padding_is_left_out),
		cmocka_unit_test(padding_is_no_tcp_payload),
		cmocka_unit_test(udp_does_not_reach_into_the_padding),
		cmocka_unit_test(up_to_two_vlan_tags_are_left),
		cmocka_unit_test(each_link_header_is_left),
		cmocka_unit_test(what_is_not_ours_is_other),
		cmocka_unit_test(fragments_are_told),
		cmocka_unit_test(bad_ip_lengths_are_refused),
		cmocka_unit_test(bad_udp_lengths_are_refused),
		cmocka_unit_test(bad_tcp_offsets_are_refused),
		cmocka_unit_test(ip_options_are_left),
		cmocka_unit_test(no_ip_length_is_the_frames_own),
		cmocka_unit_test(what_is_cut_is_known_as_far_as_it_goes),
		cmocka_unit_test(what_is_refused_leaves_the_frame_alone),
		cmocka_unit_test(links_are_known_by_number),
		cmocka_unit_test(groups_map_to_ethernet),
		cmocka_unit_test(what_does_not_fit_is_not_built),
		cmocka_unit_test(an_empty_payload_can_be_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
