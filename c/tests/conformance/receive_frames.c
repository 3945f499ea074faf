/* SPDX-License-Identifier: MIT */
/* Mostly waits: io_uring takes 0.1 s to close a ring. */
/*
 * The shapes that frames have, in one table that every receive path goes
 * through, with the sender's offloads on and off: each delivers what a plain
 * kernel socket does (block's column), or counts what it can't.
 */
#include "tests/conformance/receive_shapes.h"

#include "net/packet_rx_ring.h"

static unsigned int wrong; /* shapes, of the path that is asked */

static void complain(const struct shape *shape, const char *what,
		     unsigned long long number)
{
	print_error("%s: %s %llu\n", shape->name, what, number);
	wrong++;
}

static bool is_mark(const struct packet *packet, uint32_t row)
{
	uint32_t number = 0;

	if (packet->len == PAYLOAD)
		memcpy(&number, packet->data, sizeof(number));
	return number == MARKER + row;
}

static void shape_send(uint32_t row)
{
	int fd = sender_open();

	shapes[row].send();
	assert_int_equal(payload_send(fd, PAYLOAD, MARKER + row), 0);
	close(fd);
}

/* All of the shape, then the mark, with nothing in between. */
static void shape_check(struct receive *rx, uint32_t row)
{
	const struct shape *shape = &shapes[row];
	bool lost = rx->caps & RECEIVE_FRAMES && shape->frames_lose;
	unsigned int expected = lost ? 0 : shape->count, count = 0;
	uint64_t before = receive_drops(rx);
	struct packet packet;

	shape_send(row);
	for (;;) {
		uint8_t data[2048];
		size_t len;

		assert_int_equal(packets_take(rx, &packet, 1, WAIT_NS), 1);
		if (is_mark(&packet, row))
			break;
		count++;
		len = shape->lens[count >= shape->count];
		payload_fill(data, len, count);
		if (packet.len != len || memcmp(packet.data, data, len) != 0)
			complain(shape, "not as it was sent: datagram", count);
	}
	if (count != expected)
		complain(shape, "datagrams delivered:", count);
	if (receive_drops(rx) - before != (lost ? shape->frames_lose : 0))
		complain(shape, "counted as lost:", receive_drops(rx) - before);
}

static void offloads_set(const char *sender, const char *rxvlan)
{
	char command[80];

	snprintf(command, sizeof(command),
		 "ethtool -K " FAR " tx %s gso %s txvlan %s >/dev/null", sender,
		 sender, sender);
	far_run(command);
	snprintf(command, sizeof(command),
		 "ethtool -K " NEAR " rxvlan %s >/dev/null", rxvlan);
	assert_int_equal(system(command), 0);
}

static void shapes_check(const struct receive_ops *ops, const char *offloads,
			 const char *rxvlan)
{
	struct receive *rx;

	offloads_set(offloads, rxvlan);
	rx = path_open(ops, "");
	wrong = 0;
	for (uint32_t row = 0; row < ARRAY_SIZE(shapes); row++)
		if (!(rx->caps & RECEIVE_MERGED && shapes[row].several))
			shape_check(rx, row);
	receive_close(rx);
	assert_int_equal(wrong, 0);
}

static void offloads_on(const struct receive_ops *ops)
{
	shapes_check(ops, "on", "on");
}

static void offloads_off(const struct receive_ops *ops)
{
	shapes_check(ops, "off", "on");
}

/* veth leaves tags beside frames whatever its flag is. */
static void flag_off(const struct receive_ops *ops)
{
	shapes_check(ops, "on", "off");
}

static void mtu_set(const char *mtu)
{
	char command[80];

	snprintf(command, sizeof(command), "ip link set " NEAR " mtu %s", mtu);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "ip link set " FAR " mtu %s", mtu);
	far_run(command);
}

/* Datagrams that fill frames of 9000 bytes and ones that fill usual ones; a
 * kernel socket has room for the latter. */
static void jumbo(const struct receive_ops *ops)
{
	const bool narrow = ops->caps & RECEIVE_BYPASS;
	uint32_t numbers[4] = { 0 };
	unsigned int count = 0;
	struct packet packet;
	struct receive *rx;
	uint64_t lost;
	int fd;

	mtu_set("9000");
	/* A driver of DPDK's that has no room for them. */
	if (strstr(variant, "af_xdp")) {
		assert_int_equal(
			receive_open("dpdk:device=af_xdp", &rig.config, &rx),
			-EMSGSIZE);
		mtu_set("1500");
		return;
	}
	rx = path_open(ops, "");
	fd = sender_open();
	assert_int_equal(payload_send(fd, 2000, 1), 0);
	assert_int_equal(payload_send(fd, 4000, 2), 0);
	assert_int_equal(payload_send(fd, 1472, 3), 0);
	while (numbers[count] != 3 && count < 3 &&
	       packets_take(rx, &packet, 1, WAIT_NS))
		memcpy(&numbers[++count], packet.data, sizeof(*numbers));
	lost = receive_drops(rx);
	receive_close(rx);
	close(fd);
	mtu_set("1500");
	assert_int_equal(count, narrow ? 1 : 2);
	assert_int_equal(numbers[count], 3);
	assert_int_equal(lost, narrow ? 2 : 0);
}

/* A ring of four slots, and more than they hold: each is yielded once, and is
 * its reader's until the next poll. */
static void slots_full(const struct receive_ops *ops)
{
	enum { SLOTS = 4, SENT = 10 };
	struct packet packets[RECEIVE_BURST_MAX];
	struct receive *rx;
	int fd, n;

	if (!strstr(variant, "v2"))
		return;
	rx = path_open(ops, "block=4k,blocks=2");
	fd = sender_open();
	for (uint32_t i = 0; i < SENT; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	n = packets_take(rx, packets, RECEIVE_BURST_MAX, WAIT_NS);
	assert_int_equal(n, SLOTS);
	assert_int_equal(receive_drops(rx), SENT - SLOTS);
	for (uint32_t i = 0; i < SENT; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, SENT + i), 0);
	assert_int_equal(receive_drops(rx), 2 * SENT - SLOTS);
	for (uint32_t i = 0; i < SLOTS; i++)
		packet_check(&packets[i], PAYLOAD, i);
	assert_int_equal(receive_poll(rx, packets, RECEIVE_BURST_MAX), 0);
	assert_int_equal(payload_send(fd, PAYLOAD, 99), 0);
	packet_expect(rx, PAYLOAD, 99);
	receive_close(rx);
	close(fd);
}

/* Traffic control, which comes before IP, turns all away that comes in: who
 * sees frames has seen them before. */
static void before_ip(const struct receive_ops *ops)
{
	struct packet packet;
	struct receive *rx;
	int fd, n;

	if (!(ops->caps & RECEIVE_FRAMES))
		return;
	if (system("tc qdisc add dev " NEAR " clsact 2>/dev/null && "
		   "tc filter add dev " NEAR " ingress protocol all u32 match "
		   "u32 0 0 action mirred egress redirect dev lo "
		   "2>/dev/null") != 0) {
		print_message("# skipped: no tc with clsact, u32 and mirred\n");
		skip();
	}
	rx = path_open(ops, "");
	fd = sender_open();
	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	n = packets_take(rx, &packet, 1, 2 * CLOCK_NS_PER_S);
	if (n)
		packet_check(&packet, PAYLOAD, 1);
	receive_close(rx);
	close(fd);
	assert_int_equal(system("tc qdisc del dev " NEAR " clsact"), 0);
	assert_int_equal(n, 1);
}

/*
 * The wiretap sees the same frames, and more: what no socket would take. All
 * that block delivers is among them, as it was sent, and it tells whose the
 * rest is.
 */

struct tapped {
	uint32_t row, next; /* datagram of the shape */
	bool done;
};

static void tap_datagram(struct tapped *tapped, const uint8_t *payload,
			 size_t len)
{
	const struct shape *shape = &shapes[tapped->row];
	const struct packet packet = { .data = payload, .len = (uint32_t)len };
	uint8_t data[2048];
	size_t wanted;

	if (is_mark(&packet, tapped->row)) {
		tapped->done = true;
		return;
	}
	if (tapped->next >= shape->count)
		return;
	wanted = shape->lens[++tapped->next >= shape->count];
	payload_fill(data, wanted, tapped->next);
	if (len != wanted || memcmp(payload, data, len) != 0)
		complain(shape, "the tap has another datagram", tapped->next);
}

static int tap_frame(void *context, const struct packet_rx_ring_frame *captured)
{
	struct tapped *tapped = context;
	const uint8_t *payload;
	struct frame frame;
	size_t left, len;

	if (captured->outgoing ||
	    frame_decode_cut(FRAME_LINK_ETHERNET, captured->bytes,
			     captured->captured_len, captured->wire_len,
			     &frame) != FRAME_OK ||
	    frame.protocol != FRAME_UDP || frame.vlan ||
	    frame.destination != ntohl(inet_addr(GROUP)) ||
	    frame.destination_port != PORT)
		return 0;
	payload = frame.payload;
	left = frame.payload_len;
	do {
		len = captured->gso_size && captured->gso_size < left
			      ? captured->gso_size
			      : left;
		tap_datagram(tapped, payload, len);
		payload += len;
		left -= len;
	} while (left);
	return 0;
}

static void tap_sees(const char *offloads)
{
	struct packet_rx_ring ring;
	struct interface near;

	if (rig.fault)
		skip();
	offloads_set(offloads, "on");
	assert_int_equal(interface_find(NEAR, &near), 0);
	assert_int_equal(packet_rx_ring_open(&ring, &near,
					     &(struct packet_rx_ring_config){
						     .block_size = 1 << 17,
						     .block_count = 8,
						     .block_ms = 10 }),
			 0);
	wrong = 0;
	for (uint32_t row = 0; row < ARRAY_SIZE(shapes); row++) {
		struct tapped tapped = { .row = row };
		uint64_t deadline = clock_monotonic_ns() + WAIT_NS;

		shape_send(row);
		while (!tapped.done && clock_monotonic_ns() < deadline)
			assert_true(packet_rx_ring_read(&ring, 20, tap_frame,
							&tapped) >= 0);
		if (!tapped.done || (tapped.next < shapes[row].count &&
				     !shapes[row].frames_lose))
			complain(&shapes[row], "the tap has", tapped.next);
	}
	packet_rx_ring_close(&ring);
	assert_int_equal(wrong, 0);
}

static void tap_offloads_on(void **state)
{
	(void)state;
	tap_sees("on");
}

static void tap_offloads_off(void **state)
{
	(void)state;
	tap_sees("off");
}

static const struct test_case cases[] = {
	{ "every shape, the sender's offloads on", offloads_on, NETWORK, NULL },
	{ "every shape, the sender's offloads off", offloads_off, NETWORK,
	  NULL },
	{ "every shape, with rxvlan off", flag_off, NETWORK, NULL },
	{ "an MTU of 9000", jumbo, NETWORK, NULL },
	{ "a ring's slots are full", slots_full, NETWORK, "ring" },
	{ "frames are seen before IP is served", before_ip, NETWORK, NULL },
};

static int bridge_add(void **state)
{
	(void)state;
	if (!rig.fault)
		far_run("ip link add in0 type veth peer name in1 && "
			"ip link add switch0 type bridge mcast_snooping 0 "
			"forward_delay 0 && ip link set in1 master switch0 && "
			"for n in in0 in1 switch0; do "
			"ip link set $n up || exit; done");
	return 0;
}

int main(void)
{
	const struct CMUnitTest taps[] = {
		{ "wiretap: every shape, the sender's offloads on",
		  tap_offloads_on, NULL, NULL, NULL },
		{ "wiretap: every shape, the sender's offloads off",
		  tap_offloads_off, NULL, NULL, NULL },
	};
	int failed;

	log_open("conformance", LOG_ERROR);
	rig_open();
	failed = paths_test("receive_frames", cases, ARRAY_SIZE(cases),
			    bridge_add, NULL);
	failed += cmocka_run_group_tests_name("wiretap", taps, NULL, NULL);
	rig_close();
	return failed;
}
