/* SPDX-License-Identifier: MIT */
/* Mostly waits: io_uring takes 0.1 s to close a ring. */
/*
 * Whose datagrams a receive path takes: those of its source (--source), asked
 * of every path that has a network. Strangers are another sender on the wire
 * and a user of this machine without privileges.
 */
#include "tests/conformance/receive_paths.h"

#define STRANGER "10.9.0.77"

/* The case's own source, till it is over. */
static struct receive *open_from(const struct receive_ops *ops,
				 const char *source)
{
	struct receive *rx;

	rig.config.source.s_addr = inet_addr(source);
	rx = path_open(ops, "");
	rig.config.source.s_addr = INADDR_ANY;
	return rx;
}

/* On the wire, by what the sender says of itself. */
static void wire_send(const char *source, uint32_t number)
{
	uint8_t payload[PAYLOAD], bytes[256];

	payload_fill(payload, sizeof(payload), number);
	frame_send(bytes, frame_make_from(source, bytes, sizeof(bytes), payload,
					  sizeof(payload), 0));
}

/* From this machine: multicast is looped back, unicast goes by lo. */
static void local_send(const char *to, uint32_t number)
{
	struct sockaddr_in address = address_of(to, PORT);
	struct interface near;
	int fd;

	assert_int_equal(interface_find(NEAR, &near), 0);
	fd = socket_multicast_sender(&address, &near, 1);
	assert_true(fd >= 0);
	assert_int_equal(payload_send(fd, PAYLOAD, number), 0);
	/* Nobody may be there, and the kernel says so. */
	payload_send(fd, PAYLOAD, number);
	close(fd);
}

/* As they go on their ways: past the kernel's stack some are yet to be met by
 * it when others have arrived. */
static void strangers_expect(struct receive *rx, uint64_t count)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;

	while (receive_strangers(rx) < count) {
		assert_true(clock_monotonic_ns() < deadline);
		poll(NULL, 0, 1);
	}
	assert_int_equal(receive_strangers(rx), count);
}

static void strangers(const struct receive_ops *ops)
{
	struct receive *rx = open_from(ops, "10.9.0.2");
	int fd = sender_open();

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	packet_expect(rx, PAYLOAD, 1);
	wire_send(STRANGER, 2);
	local_send(GROUP, 3);
	local_send("10.9.0.1", 4);
	assert_int_equal(payload_send(fd, PAYLOAD, 5), 0);
	packet_expect(rx, PAYLOAD, 5);
	strangers_expect(rx, 3);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
	close(fd);
}

/* They take no room from the source's, and no time. */
static void flood(const struct receive_ops *ops)
{
	enum { FLOOD = 5000, EACH = 500 };
	struct receive *rx = open_from(ops, "10.9.0.2");
	struct sockaddr_in group = address_of(GROUP, PORT);
	struct interface near;
	int fd = sender_open(), stranger;

	assert_int_equal(interface_find(NEAR, &near), 0);
	stranger = socket_multicast_sender(&group, &near, 1);
	assert_true(stranger >= 0);
	for (uint32_t i = 0; i < FLOOD; i++) {
		assert_int_equal(payload_send(stranger, 1472, i), 0);
		if (i % EACH == 0)
			assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	}
	for (uint32_t i = 0; i < FLOOD; i += EACH)
		packet_expect(rx, PAYLOAD, i);
	strangers_expect(rx, FLOOD);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
	close(stranger);
	close(fd);
}

static void anyone(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");

	wire_send("10.9.0.2", 1);
	wire_send(STRANGER, 2);
	packet_expect(rx, PAYLOAD, 1);
	packet_expect(rx, PAYLOAD, 2);
	assert_int_equal(receive_strangers(rx), 0);
	receive_close(rx);
}

/* Not even before it is all there: each is refused from the first on. */
static void beside_others(const struct receive_ops *ops)
{
	struct receive *first = open_from(ops, "10.9.0.2"), *second;
	struct packet packet;

	if (ops->caps & RECEIVE_EXCLUSIVE)
		ops = &receive_spin_ops;
	second = open_from(ops, STRANGER);
	wire_send(STRANGER, 2);
	packet_expect(second, PAYLOAD, 2);
	assert_int_equal(packets_take(first, &packet, 1, CLOCK_NS_PER_S / 50),
			 0);
	strangers_expect(first, 1);
	assert_int_equal(receive_strangers(second), 0);
	receive_close(second);
	receive_close(first);
}

static const struct test_case cases[] = {
	{ "a stranger's datagrams are not delivered, and counted", strangers,
	  NETWORK, NULL },
	{ "a flood by a local user loses none of the source's", flood, NETWORK,
	  NULL },
	{ "any: whoever sends", anyone, NETWORK, NULL },
	{ "two on one host, each its source's", beside_others, NETWORK, NULL },
};

int main(void)
{
	int failed;

	log_open("conformance", LOG_ERROR);
	rig_open();
	failed = paths_test("receive_sources", cases, ARRAY_SIZE(cases), NULL,
			    NULL);
	rig_close();
	return failed;
}
