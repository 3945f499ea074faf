/* SPDX-License-Identifier: MIT */
/*
 * What the conformance suite of receive paths stands on: two private
 * namespaces joined by a veth pair, senders in the far one, this process in
 * the near one, and a capture for the path that replays one. Included by
 * receive_paths.h alone; what not every suite needs is inline, so that none
 * need use it.
 */
#ifndef TESTS_CONFORMANCE_RECEIVE_RIG_H
#define TESTS_CONFORMANCE_RECEIVE_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/interface.h"
#include "net/namespace.h"
#include "net/socket.h"
#include "publish/publish_path_ops.h"
#include "receive/receive_ops.h"
#include "wire/frame.h"
#include "wire/pcapng.h"

#define GROUP	     "239.255.0.1"
#define PORT	     12345
#define NEAR	     "near0"
#define FAR	     "far0"
#define PAYLOAD	     36
#define MEMORY_COUNT 1000

static struct {
	const char *fault; /* why there are no namespaces */
	int near, far;
	struct interface far_interface;
	struct receive_config config;
	int capture_fd;
	char capture[32]; /* what replay plays: its path */
} rig = {
	.near = -1,
	.far = -1,
	.config = { .interface = NEAR },
};

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(text) };
}

/* Join the two; 0 or negative. */
static int rig_link(void)
{
	struct namespace_end near = { .fd = rig.near,
				      .name = NEAR,
				      .prefix_len = 24 };
	struct namespace_end far = { .fd = rig.far,
				     .name = FAR,
				     .prefix_len = 24 };

	near.address.s_addr = inet_addr("10.9.0.1");
	far.address.s_addr = inet_addr("10.9.0.2");
	if (namespace_veth(&near, &far) < 0 || namespace_enter(rig.far) < 0 ||
	    interface_find(FAR, &rig.far_interface) < 0)
		return -1;
	return namespace_enter(rig.near);
}

/* What a case that failed has taken apart is no fault of the next one. */
static void rig_mend(void)
{
	if (!rig.fault && namespace_link(rig.near, NEAR, 1) < 0)
		assert_int_equal(rig_link(), 0);
}

static void rig_open(void)
{
	rig.config.group = address_of(GROUP, PORT);
	rig.fault = "network namespaces are not permitted here";
	if (namespace_become_root() < 0 || namespace_open(&rig.near) < 0 ||
	    namespace_open(&rig.far) < 0)
		return;
	rig.fault = "no veth pair can be made here";
	if (rig_link() == 0)
		rig.fault = NULL;
}

static void rig_close(void)
{
	namespace_close(&rig.far);
	namespace_close(&rig.near);
}

/*
 * The far end: in the far namespace, or a ring in memory that is written here,
 * where that is what the path reads.
 */

static struct publish_path *rig_ring; /* NULL: by the network */

static inline void ring_close(void)
{
	publish_path_close(rig_ring);
	rig_ring = NULL;
}

/* slots: room for so many datagrams. */
static inline void ring_open(unsigned int slots)
{
	const struct publish_path_config config = { .group = rig.config.group };
	char text[32];

	ring_close();
	snprintf(text, sizeof(text), "shm:slots=%u", slots);
	assert_int_equal(publish_path_open(text, &config, &rig_ring), 0);
}

static inline int sender_open_to(const char *group, uint16_t port)
{
	struct sockaddr_in to = address_of(group, port);
	int fd;

	if (rig_ring)
		return dup(rig_ring->fd);
	assert_int_equal(namespace_enter(rig.far), 0);
	fd = socket_multicast_sender(&to, &rig.far_interface, 1);
	assert_int_equal(namespace_enter(rig.near), 0);
	assert_true(fd >= 0);
	return fd;
}

static inline int sender_open(void)
{
	return sender_open_to(GROUP, PORT);
}

/* Bytes that tell the datagram's number and length. */
static void payload_fill(uint8_t *data, size_t len, uint32_t number)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(number * 31 + i * 7 + len);
	if (len >= sizeof(number))
		memcpy(data, &number, sizeof(number));
}

static inline int payload_send(int fd, size_t len, uint32_t number)
{
	uint8_t data[4096];

	payload_fill(data, len, number);
	if (rig_ring) {
		const struct iovec datagram = { data, len };
		const int n = publish_path_send(rig_ring, &datagram, 1);

		return n < 0 ? n : 0;
	}
	/* At most ten seconds for room. */
	for (int i = 0; send(fd, data, len, 0) < 0; i++) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };

		if ((errno != EAGAIN && errno != ENOBUFS) || i == 1000)
			return -errno;
		poll(&room, 1, 10);
	}
	return 0;
}

struct burst {
	int fd;
	uint32_t count;
	long gap_ns;
	int result;
};

static inline void *burst_send(void *context)
{
	struct burst *burst = context;
	struct timespec gap = { .tv_nsec = burst->gap_ns };

	for (uint32_t i = 0; i < burst->count && !burst->result; i++) {
		burst->result = payload_send(burst->fd, PAYLOAD, i);
		if (burst->gap_ns)
			nanosleep(&gap, NULL);
	}
	return NULL;
}

/* A whole Ethernet frame out of the far end, as it stands. */
static inline void frame_send(const uint8_t *bytes, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)rig.far_interface.index,
				  .sll_halen = ETH_ALEN };
	int fd;

	memcpy(to.sll_addr, bytes, ETH_ALEN);
	assert_int_equal(namespace_enter(rig.far), 0);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_int_equal(namespace_enter(rig.near), 0);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, bytes, len, 0, (void *)&to, sizeof(to)),
			 len);
	close(fd);
}

static inline size_t frame_make_from(const char *source, uint8_t *bytes,
				     size_t size, const uint8_t *payload,
				     size_t payload_len, uint16_t vlan)
{
	struct frame_ethernet ethernet = { .vlan = vlan };
	struct frame frame = {
		.protocol = FRAME_UDP,
		.ttl = 1,
		.source = ntohl(inet_addr(source)),
		.destination = ntohl(inet_addr(GROUP)),
		.source_port = 40000,
		.destination_port = PORT,
		.payload = payload,
		.payload_len = payload_len,
	};
	int len;

	memcpy(ethernet.source, rig.far_interface.ethernet, ETH_ALEN);
	frame_multicast_address(frame.destination, ethernet.destination);
	len = frame_build(&ethernet, &frame, bytes, size);
	assert_true(len > 0);
	return (size_t)len;
}

static inline size_t frame_make(uint8_t *bytes, size_t size,
				const uint8_t *payload, size_t payload_len,
				uint16_t vlan)
{
	return frame_make_from("10.9.0.2", bytes, size, payload, payload_len,
			       vlan);
}

static inline void block_write(FILE *file, const uint8_t *block, int len)
{
	assert_true(len > 0);
	assert_int_equal(fwrite(block, 1, (size_t)len, file), len);
}

/* What the null path yields, as a capture of the group. */
static inline int capture_write(void **state)
{
	uint8_t bytes[512], block[1024];
	struct receive *null;
	struct packet packet;
	uint64_t stamp_ns = 1;
	char text[32];
	FILE *file;
	int fd;

	(void)state;
	/* Leaves nothing behind, however this process ends. */
	fd = memfd_create("capture", MFD_CLOEXEC);
	rig.capture_fd = fd;
	snprintf(rig.capture, sizeof(rig.capture), "/proc/self/fd/%d", fd);
	assert_true(fd >= 0);
	file = fdopen(dup(fd), "w");
	assert_non_null(file);
	block_write(file, block,
		    pcapng_section(block, sizeof(block), NULL, NULL, NULL));
	block_write(file, block,
		    pcapng_interface(block, sizeof(block), FRAME_LINK_ETHERNET,
				     65535, NULL, NULL));
	snprintf(text, sizeof(text), "null:count=%d", MEMORY_COUNT);
	assert_int_equal(receive_open(text, &rig.config, &null), 0);
	while (receive_poll(null, &packet, 1) == 1) {
		size_t len = frame_make(bytes, sizeof(bytes), packet.data,
					packet.len, 0);

		block_write(file, block,
			    pcapng_packet(block, sizeof(block), 0, stamp_ns++,
					  bytes, (uint32_t)len, (uint32_t)len,
					  PCAPNG_INBOUND));
	}
	receive_close(null);
	return fclose(file);
}

static inline int capture_remove(void **state)
{
	(void)state;
	return close(rig.capture_fd);
}

#endif
