/* SPDX-License-Identifier: MIT */
/*
 * The shapes that frames have: each made and sent by the far end, and what a
 * plain kernel socket delivers of it. Included by receive_frames.c alone.
 */
#ifndef TESTS_CONFORMANCE_RECEIVE_SHAPES_H
#define TESTS_CONFORMANCE_RECEIVE_SHAPES_H

#include "tests/conformance/receive_paths.h"
#include "wire/checksum.h"

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* Linux 4.18 */
#endif

enum {
	IP = 14,
	IP_LENGTH = IP + 2,
	HEADER_CHECKSUM = IP + 10,
	HEADER_LEN = 20,
	UDP_AT = IP + HEADER_LEN,
	UDP_LENGTH = UDP_AT + 4,
	UDP_CHECKSUM = UDP_AT + 6,
	TAG = 12,
	MARKER = 1000, /* + the shape's row: a plain datagram behind it */
};

static uint8_t bytes[4096];

/* A frame of this datagram, to be bent. */
static size_t frame_of(size_t payload_len, uint32_t number)
{
	uint8_t payload[2048];

	payload_fill(payload, payload_len, number);
	return frame_make(bytes, sizeof(bytes), payload, payload_len, 0);
}

static void put16(size_t at, unsigned int value)
{
	bytes[at] = (uint8_t)(value >> 8);
	bytes[at + 1] = (uint8_t)value;
}

static void header_check(size_t ip, size_t ip_len)
{
	put16(ip + 10, 0);
	put16(ip + 10,
	      ntohs(checksum_end(checksum_sum(bytes + ip, ip_len, 0))));
}

/* Bytes put in; what lies there moves back. The frame's new length. */
static size_t insert(size_t at, const uint8_t *what, size_t what_len,
		     size_t len)
{
	memmove(bytes + at + what_len, bytes + at, len - at);
	memcpy(bytes + at, what, what_len);
	return len + what_len;
}

static void plain(void)
{
	int fd = sender_open();

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	assert_int_equal(payload_send(fd, 1472, 2), 0);
	close(fd);
}

/* One send() of several datagrams; last_len: the last one's. */
static void merged_send(uint16_t each, unsigned int count, size_t last_len)
{
	uint8_t payload[65536];
	struct msghdr message = { 0 };
	struct iovec part = { payload, 0 };
	int fd = sender_open(), size = each;

	assert_int_equal(
		setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	for (unsigned int i = 0; i < count; i++) {
		size_t len = i + 1 < count ? each : last_len;

		payload_fill(payload + part.iov_len, len, i + 1);
		part.iov_len += len;
	}
	message.msg_iov = &part;
	message.msg_iovlen = 1;
	assert_int_equal(sendmsg(fd, &message, 0), part.iov_len);
	close(fd);
}

static void merged(void)
{
	merged_send(PAYLOAD, 4, PAYLOAD);
}

static void merged_uneven(void)
{
	merged_send(PAYLOAD, 4, 5);
}

/* More than a poll yields. */
static void merged_many(void)
{
	merged_send(16, 100, 16);
}

static void vlan_inline(uint16_t tag)
{
	uint8_t inserted[4] = { 0x81, 0x00, (uint8_t)(tag >> 8), (uint8_t)tag };
	size_t len =
		insert(TAG, inserted, sizeof(inserted), frame_of(PAYLOAD, 1));

	frame_send(bytes, len);
}

static void vlan_7(void)
{
	vlan_inline(7);
}

/* Priority 5 of the untagged network. */
static void vlan_0(void)
{
	vlan_inline(0xa000);
}

static void far_run(const char *command)
{
	assert_int_equal(namespace_enter(rig.far), 0);
	assert_int_equal(system(command), 0);
	assert_int_equal(namespace_enter(rig.near), 0);
}

/* By a bridge, whose entry takes the tag off and puts it beside the frame;
 * there it stays on the way to near0, where the sender's offloads are on. */
static void vlan_beside(uint16_t tag)
{
	struct interface own = rig.far_interface;

	far_run("ip link set " FAR " master switch0");
	assert_int_equal(namespace_enter(rig.far), 0);
	assert_int_equal(interface_find("in0", &rig.far_interface), 0);
	assert_int_equal(namespace_enter(rig.near), 0);
	vlan_inline(tag);
	rig.far_interface = own;
	far_run("ip link set " FAR " nomaster");
}

static void vlan_7_beside(void)
{
	vlan_beside(7);
}

static void vlan_0_beside(void)
{
	vlan_beside(0xa000);
}

static void with_options(const uint8_t *options, size_t options_len)
{
	size_t len = insert(UDP_AT, options, options_len, frame_of(PAYLOAD, 1));

	bytes[IP] = (uint8_t)(0x45 + options_len / 4);
	put16(IP_LENGTH, (unsigned int)(len - IP));
	header_check(IP, HEADER_LEN + options_len);
	frame_send(bytes, len);
}

static void router_alert(void)
{
	with_options((uint8_t[]){ 148, 4, 0, 0 }, 4);
}

static void options_most(void)
{
	uint8_t options[40];

	memset(options, 1, sizeof(options));
	with_options(options, sizeof(options));
}

static void source_route(void)
{
	with_options((uint8_t[]){ 131, 7, 4, 10, 9, 0, 1, 0 }, 8);
}

/* The tap's far end has no need to; a NIC does it. */
static void padded(void)
{
	size_t len = frame_of(4, 1);

	memset(bytes + len, 0xee, 60 - len);
	frame_send(bytes, 60);
}

static void fragmented(void)
{
	int fd = sender_open();

	assert_int_equal(payload_send(fd, 2000, 1), 0);
	close(fd);
}

static void bad_checksum(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	bytes[UDP_CHECKSUM] ^= 0x55;
	frame_send(bytes, len);
}

static void bad_header_checksum(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	bytes[HEADER_CHECKSUM] ^= 0x55;
	frame_send(bytes, len);
}

static void no_checksum(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	put16(UDP_CHECKSUM, 0);
	frame_send(bytes, len);
}

static void short_frame(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	frame_send(bytes, len - 10);
}

static void udp_too_long(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	put16(UDP_LENGTH, PAYLOAD + 12);
	frame_send(bytes, len);
}

static void other_group(void)
{
	int fd = sender_open_to("239.255.0.2", PORT);

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	close(fd);
}

static void other_port(void)
{
	int fd = sender_open_to(GROUP, PORT + 1);

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	close(fd);
}

static void unicast(void)
{
	int fd = sender_open_to("10.9.0.1", PORT);

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	close(fd);
}

/* As a switch floods what is none of ours. */
static void other_host(void)
{
	size_t len = frame_of(PAYLOAD, 1);

	memcpy(bytes, (uint8_t[]){ 2, 0, 0, 0, 0, 99 }, ETH_ALEN);
	frame_send(bytes, len);
}

/* From this end to that one: seen, and not received. */
static void outgoing(void)
{
	struct sockaddr_in group = address_of(GROUP, PORT);
	struct interface near;
	int fd, off = 0;

	assert_int_equal(interface_find(NEAR, &near), 0);
	fd = socket_multicast_sender(&group, &near, 1);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off,
				    sizeof(off)),
			 0);
	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	close(fd);
}

/* What block delivers of it: datagrams 1, 2, ..., of these bytes. */
static const struct shape {
	const char *name;
	void (*send)(void);
	uint16_t lens[2]; /* the first ones', the last one's */
	uint16_t count;
	uint16_t frames_lose; /* paths that see frames deliver none of it, and
				 count so many lost */
	bool several;	      /* datagrams in a frame */
} shapes[] = {
	{ "plain", plain, { PAYLOAD, 1472 }, 2, 0, false },
	{ "4 merged by UDP_SEGMENT", merged, { PAYLOAD, PAYLOAD }, 4, 0, true },
	{ "merged, the last shorter",
	  merged_uneven,
	  { PAYLOAD, 5 },
	  4,
	  0,
	  true },
	{ "100 merged", merged_many, { 16, 16 }, 100, 0, true },
	{ "VLAN 7, its tag in the frame", vlan_7, { 0 }, 0, 0, false },
	{ "VLAN 7, its tag beside it", vlan_7_beside, { 0 }, 0, 0, false },
	{ "VLAN 0, its tag in the frame",
	  vlan_0,
	  { PAYLOAD, PAYLOAD },
	  1,
	  0,
	  false },
	{ "VLAN 0, its tag beside it",
	  vlan_0_beside,
	  { PAYLOAD, PAYLOAD },
	  1,
	  0,
	  false },
	{ "router alert", router_alert, { PAYLOAD, PAYLOAD }, 1, 0, false },
	{ "40 bytes of options",
	  options_most,
	  { PAYLOAD, PAYLOAD },
	  1,
	  0,
	  false },
	{ "a source's route", source_route, { 0 }, 0, 0, false },
	{ "Ethernet's padding", padded, { 4, 4 }, 1, 0, false },
	{ "IP fragments", fragmented, { 2000, 2000 }, 1, 1, false },
	{ "a wrong UDP checksum", bad_checksum, { 0 }, 0, 0, false },
	{ "a wrong IP checksum", bad_header_checksum, { 0 }, 0, 0, false },
	{ "no UDP checksum", no_checksum, { PAYLOAD, PAYLOAD }, 1, 0, false },
	{ "a frame cut short", short_frame, { 0 }, 0, 0, false },
	{ "a UDP length past IP's", udp_too_long, { 0 }, 0, 0, false },
	{ "another group", other_group, { 0 }, 0, 0, false },
	{ "another port", other_port, { 0 }, 0, 0, false },
	{ "unicast", unicast, { 0 }, 0, 0, false },
	{ "another host's", other_host, { 0 }, 0, 0, false },
	{ "outgoing", outgoing, { 0 }, 0, 0, false },
};

#endif
