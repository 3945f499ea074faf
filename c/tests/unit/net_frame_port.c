/* SPDX-License-Identifier: MIT */
/*
 * The TCP in this process over a frame port that is no AF_XDP socket: a packet
 * socket on a veth pair, with an address of its own that no kernel knows of,
 * so that none answers in its place.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/frame_stream.h"
#include "net/socket.h"
#include "net_support.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#if defined(HAVE_LWIP)

#define OWN_ADDRESS "10.8.0.9"
#define TCP_PORT    9012
#define UDP_PORT    9013
#define SOON_MS	    20000
#define SOON_NS	    (20 * CLOCK_NS_PER_S)
#define FRAME_MAX   1514
#define ASIDE_MAX   8

struct packet_port {
	struct frame_port port;
	int fd;
	uint8_t out[FRAME_MAX], in[ASIDE_MAX][FRAME_MAX];
	uint32_t lens[ASIDE_MAX];
	unsigned int first, count; /* of what a scan has set aside */
	struct frame_port_flow flows[2];
	unsigned int flow_count;
	unsigned int asked; /* for the way; at first it is not known */
};

static struct packet_port self;
static struct frame_stream *stream;
static int far_listener = -1, far_end = -1;

static uint8_t *packet_frame(struct frame_port *port)
{
	return container_of(port, struct packet_port, port)->out;
}

static int packet_send(struct frame_port *port, uint32_t len)
{
	struct packet_port *own = container_of(port, struct packet_port, port);

	return send(own->fd, own->out, len, 0) < 0 ? -ENOBUFS : 0;
}

static int packet_flush(struct frame_port *port)
{
	(void)port;
	return 0;
}

static bool is_of(const struct frame_port_flow *flow, const uint8_t *ip)
{
	const uint8_t *ports = ip + 20;

	return ip[9] == flow->protocol &&
	       !memcmp(ip + 16, &flow->destination.sin_addr, 4) &&
	       !memcmp(ports + 2, &flow->destination.sin_port, 2) &&
	       (!flow->source.sin_port ||
		(!memcmp(ip + 12, &flow->source.sin_addr, 4) &&
		 !memcmp(ports, &flow->source.sin_port, 2)));
}

static bool is_wanted(const struct packet_port *own, const uint8_t *frame,
		      size_t len)
{
	for (unsigned int i = 0; i < own->flow_count; i++)
		if (len >= 14 + 20 + 8 && frame[12] == 0x08 && !frame[13] &&
		    frame[14] == 0x45 && is_of(&own->flows[i], frame + 14))
			return true;
	return false;
}

static int packet_scan(struct frame_port *port)
{
	struct packet_port *own = container_of(port, struct packet_port, port);
	uint8_t frame[FRAME_MAX];
	ssize_t len;

	while ((len = recv(own->fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		unsigned int at = (own->first + own->count) % ASIDE_MAX;

		if (!is_wanted(own, frame, (size_t)len))
			continue;
		if (frame[14 + 9] == IPPROTO_TCP) {
			if (port->listener)
				port->listener->frame(port->listener, frame,
						      (uint32_t)len);
			continue;
		}
		assert_true(own->count < ASIDE_MAX);
		memcpy(own->in[at], frame, (size_t)len);
		own->lens[at] = (uint32_t)len;
		own->count++;
	}
	if (port->listener)
		port->listener->idle(port->listener);
	return 0;
}

static int packet_take(struct frame_port *port, struct frame_port_frame *frames,
		       unsigned int max)
{
	struct packet_port *own = container_of(port, struct packet_port, port);
	unsigned int n = 0;

	packet_scan(port);
	for (; n < max && own->count; n++, own->count--) {
		unsigned int at = own->first++ % ASIDE_MAX;

		frames[n] =
			(struct frame_port_frame){ own->in[at], own->lens[at] };
	}
	return (int)n;
}

static int packet_flow_add(struct frame_port *port,
			   const struct frame_port_flow *flow)
{
	struct packet_port *own = container_of(port, struct packet_port, port);

	assert_true(own->flow_count < ARRAY_SIZE(own->flows));
	own->flows[own->flow_count++] = *flow;
	return 0;
}

static void packet_flow_remove(struct frame_port *port,
			       const struct frame_port_flow *flow)
{
	struct packet_port *own = container_of(port, struct packet_port, port);

	assert_memory_equal(&own->flows[own->flow_count - 1], flow,
			    sizeof(*flow));
	own->flow_count--;
}

static int packet_address(struct frame_port *port, struct in_addr peer,
			  struct frame_port_address *address)
{
	struct packet_port *own = container_of(port, struct packet_port, port);

	*address = (struct frame_port_address){
		.mtu = 1500,
		.reachable = true,
		.source.s_addr = inet_addr(OWN_ADDRESS),
		.next_hop = peer,
	};
	memcpy(address->ethernet, rig.near_interface.ethernet, ETH_ALEN);
	memcpy(address->next_hop_ethernet, rig.far_interface.ethernet,
	       ETH_ALEN);
	return own->asked++ < 3 ? -EAGAIN : 0;
}

static const struct frame_port_ops packet_port_ops = {
	.frame = packet_frame,
	.send = packet_send,
	.flush = packet_flush,
	.take = packet_take,
	.scan = packet_scan,
	.flow_add = packet_flow_add,
	.flow_remove = packet_flow_remove,
	.address = packet_address,
};

static void run_in(int space, const char *command)
{
	rig_enter(space);
	if (system(command) != 0)
		fail_msg("%s", command);
	rig_enter(rig.near);
}

static void port_open(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)rig.near_interface.index,
	};

	self = (struct packet_port){
		.port = { .ops = &packet_port_ops,
			  .name = NEAR_NAME,
			  .frame_max = FRAME_MAX },
		.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0),
	};
	assert_true(self.fd >= 0);
	assert_int_equal(bind(self.fd, (void *)&address, sizeof(address)), 0);
}

static void far_neighbour_set(void)
{
	const uint8_t *own = rig.near_interface.ethernet;
	char command[128];

	snprintf(command, sizeof(command),
		 "ip neigh replace " OWN_ADDRESS " dev " FAR_NAME
		 " lladdr %02x:%02x:%02x:%02x:%02x:%02x",
		 own[0], own[1], own[2], own[3], own[4], own[5]);
	run_in(rig.far, command);
}

static void both_open(void)
{
	struct sockaddr_in peer = address_of(FAR_ADDRESS, TCP_PORT), from;
	struct pollfd ready;

	/* So that the TCP port can be held. */
	run_in(rig.near, "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind");
	far_neighbour_set();
	port_open();
	rig_enter(rig.far);
	far_listener = socket_listen(&peer, 1);
	rig_enter(rig.near);
	assert_true(far_listener >= 0);
	assert_int_equal(
		frame_stream_connect(&self.port, &peer, SOON_MS, NULL, &stream),
		0);
	ready = (struct pollfd){ .fd = far_listener, .events = POLLIN };
	assert_int_equal(poll(&ready, 1, SOON_MS), 1);
	far_end = socket_accept(far_listener, &from);
	assert_true(far_end >= 0);
	assert_int_equal(from.sin_addr.s_addr, inet_addr(OWN_ADDRESS));
	assert_int_equal(ntohs(from.sin_port), frame_stream_port(stream));
}

static int both_close(void **state)
{
	(void)state;
	if (rig.fault)
		return 0;
	frame_stream_close(stream);
	stream = NULL;
	assert_int_equal(self.flow_count, 0);
	if (self.fd > 0)
		close(self.fd);
	if (far_end >= 0)
		close(far_end);
	if (far_listener >= 0)
		close(far_listener);
	far_end = far_listener = -1;
	memset(&self, 0, sizeof(self));
	return 0;
}

/* The far end's next bytes; 0: it sees the end of the stream. */
static size_t far_read(char *bytes, size_t size)
{
	struct pollfd ready = { .fd = far_end, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&ready, 1, SOON_MS), 1);
	n = recv(far_end, bytes, size, 0);
	assert_true(n >= 0);
	return (size_t)n;
}

static void test_bytes_arrive_and_the_end(void **state)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	char bytes[64];

	(void)state;
	RIG_NEEDED();
	both_open();
	for (int i = 0; i < 100; i++) {
		assert_int_equal(frame_stream_send(stream,
						   (const uint8_t *)"an order",
						   8),
				 8);
		assert_int_equal(far_read(bytes, sizeof(bytes)), 8);
		assert_memory_equal(bytes, "an order", 8);
		assert_int_equal(frame_stream_wait(stream, SOON_MS), 0);
	}
	while (frame_stream_unacknowledged(stream)) {
		assert_int_equal(packet_scan(&self.port), 0);
		assert_true(clock_monotonic_ns() < deadline);
	}
	frame_stream_close(stream);
	stream = NULL;
	assert_int_equal(far_read(bytes, sizeof(bytes)), 0);
}

static void test_the_peer_closes(void **state)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;
	int err = 0;

	(void)state;
	RIG_NEEDED();
	both_open();
	assert_int_equal(frame_stream_alive(stream), 0);
	shutdown(far_end, SHUT_WR);
	while (!err && clock_monotonic_ns() < deadline) {
		packet_take(&self.port, &frame, 1);
		err = frame_stream_alive(stream);
	}
	assert_int_equal(err, -EPIPE);
}

/* What is not the stream's stays for the next take. */
static void test_other_flows_wait(void **state)
{
	const struct sockaddr_in own = address_of(OWN_ADDRESS, UDP_PORT);
	const struct frame_port_flow flow = { .protocol = IPPROTO_UDP,
					      .destination = own };
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame = { 0 };
	struct datagram datagram;
	int sender;

	(void)state;
	RIG_NEEDED();
	both_open();
	packet_flow_add(&self.port, &flow);
	rig_enter(rig.far);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rig_enter(rig.near);
	assert_int_equal(sendto(sender, "beside", 6, 0,
				(const struct sockaddr *)&own, sizeof(own)),
			 6);
	while (!self.count) {
		assert_int_equal(frame_stream_wait(stream, 1), 0);
		assert_true(clock_monotonic_ns() < deadline);
	}
	assert_int_equal(packet_take(&self.port, &frame, 1), 1);
	assert_true(datagram_read(frame.bytes, frame.len, &datagram));
	assert_int_equal(datagram.len, 6);
	assert_memory_equal(datagram.payload, "beside", 6);
	packet_flow_remove(&self.port, &flow);
	close(sender);
}

#define TEST(function) cmocka_unit_test_teardown(function, both_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_arrive_and_the_end),
		TEST(test_the_peer_closes),
		TEST(test_other_flows_wait),
	};

	return cmocka_run_group_tests_name("net_frame_port", tests, rig_open,
					   rig_close);
}

#else

static void test_absent(void **state)
{
	(void)state;
	assert_non_null(frame_stream_absent());
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_absent) };

	return cmocka_run_group_tests_name("net_frame_port", tests, NULL, NULL);
}

#endif
