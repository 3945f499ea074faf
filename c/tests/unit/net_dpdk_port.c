/* SPDX-License-Identifier: MIT */
/* DPDK's drivers for interfaces of the kernel's, one by one; that they receive
 * as they should is the conformance suite's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/ethernet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "net/dpdk_port.h"
#include "net_support.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#define GROUP	"239.255.0.1"
#define PORT	12345
#define SOON_NS (20 * CLOCK_NS_PER_S)
/* More than a port of few descriptors has buffers. */
#define ROUND 8000

#define DPDK_NEEDED()                                            \
	do {                                                     \
		const char *fault;                               \
                                                                 \
		RIG_NEEDED();                                    \
		if (dpdk_port_probe(&fault) < 0 ||               \
		    xdp_socket_probe(&fault) < 0) {              \
			print_message("# skipped: %s\n", fault); \
			skip();                                  \
		}                                                \
	} while (0)

static struct dpdk_port dp;

static struct dpdk_port_config config_make(unsigned int device)
{
	return (struct dpdk_port_config){
		.who = "dpdk",
		.interface = NEAR_NAME,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = address_of(GROUP, PORT) },
		.device = device,
		.descriptors = 128,
	};
}

static void port_open(const struct dpdk_port_config *config)
{
	const char *caught;
	int err;

	log_catch();
	err = dpdk_port_open(&dp, config);
	caught = log_caught();
	if (err)
		fail_msg("%s", caught);
	assert_non_null(strstr(caught, "128 descriptors, ordinary pages"));
}

/* A kernel's socket at the far end. */
static int far_open(const char *host, uint16_t port)
{
	const struct sockaddr_in own = address_of(host, port);
	const struct timeval soon = { .tv_sec = 20 };
	int fd;

	rig_enter(rig.far);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const void *)&own, sizeof(own)), 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)),
		0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF,
				    &own.sin_addr, sizeof(own.sin_addr)),
			 0);
	rig_enter(rig.near);
	return fd;
}

static void number_send(int fd, uint32_t number)
{
	const struct sockaddr_in to = address_of(GROUP, PORT);

	assert_int_equal(sendto(fd, &number, sizeof(number), 0,
				(const void *)&to, sizeof(to)),
			 sizeof(number));
}

static void number_expect(uint32_t number)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;
	struct datagram datagram;
	int n;

	do
		n = dpdk_port_take(&dp, &frame, 1);
	while (!n && clock_monotonic_ns() < deadline);
	assert_int_equal(n, 1);
	assert_true(datagram_read(frame.bytes, frame.len, &datagram));
	assert_int_equal(datagram.len, sizeof(number));
	assert_memory_equal(datagram.payload, &number, sizeof(number));
}

/* What port_send() says; 1: there is no frame to fill. */
static int frame_leave(uint32_t number)
{
	struct frame_ethernet ethernet = { .vlan = 0 };
	const struct frame frame = {
		.protocol = FRAME_UDP,
		.ttl = 1,
		.source = ntohl(inet_addr(NEAR_ADDRESS)),
		.destination = ntohl(inet_addr(FAR_ADDRESS)),
		.source_port = PORT,
		.destination_port = PORT,
		.payload = (const uint8_t *)&number,
		.payload_len = sizeof(number),
	};
	uint8_t *bytes = dp.port.ops->frame(&dp.port);
	int len;

	if (!bytes)
		return 1;
	memcpy(ethernet.source, rig.near_interface.ethernet, ETH_ALEN);
	memcpy(ethernet.destination, rig.far_interface.ethernet, ETH_ALEN);
	len = frame_build(&ethernet, &frame, bytes, dp.port.frame_max);
	assert_true(len > 0);
	return dp.port.ops->send(&dp.port, (uint32_t)len);
}

/* Each buffer comes around, in both directions. */
static void goes_around(const struct dpdk_port_config *config)
{
	int from = far_open(FAR_ADDRESS, PORT);

	port_open(config);
	for (uint32_t i = 0; i < ROUND; i++) {
		number_send(from, i);
		number_expect(i);
	}
	for (uint32_t i = 0, got = 0; i < ROUND; i++) {
		assert_int_equal(frame_leave(i), 0);
		assert_int_equal(recv(from, &got, sizeof(got), 0), sizeof(got));
		assert_int_equal(got, i);
	}
	assert_int_equal(dpdk_port_lost(&dp), 0);
	dpdk_port_close(&dp);
	close(from);
}

static void each_buffer_comes_around(void **state)
{
	struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	goes_around(&config);
	config.budget = 64;
	goes_around(&config);
	config.device = DPDK_AF_PACKET;
	config.budget = 0;
	goes_around(&config);
}

static void refused(struct dpdk_port_config config, int err, const char *text)
{
	static struct dpdk_port other;
	const char *caught;
	int got;

	log_catch();
	got = dpdk_port_open(&other, &config);
	caught = log_caught();
	if (got != err || !is_one_line(caught, text))
		fail_msg("%d, not %d with '%s': %s", got, err, text, caught);
}

/* An option that nobody would obey is not taken. */
static void options_are_refused_by_name(void **state)
{
	struct dpdk_port_config config = config_make(DPDK_AF_PACKET);

	(void)state;
	DPDK_NEEDED();
	config.queue = 1;
	refused(config, -EINVAL, "dpdk: queue: of device=af_xdp alone");
	config.queue = 0;
	config.budget = 1;
	refused(config, -EINVAL, "dpdk: budget: of device=af_xdp alone");
	config.budget = 0;
	config.zero_copy = true;
	refused(config, -EINVAL, "dpdk: zero_copy: of device=af_xdp alone");
	config.device = DPDK_AF_XDP;
	refused(config, -EINVAL, "dpdk: zero_copy: needs budget=");
	config.budget = 64;
	refused(config, -EOPNOTSUPP,
		"zero_copy: the NIC's driver has none: Operation not");
	config = config_make(DPDK_AF_XDP);
	config.descriptors = 100;
	refused(config, -EINVAL, "descriptors: af_xdp: expected a power of 2");
	config = config_make(DPDK_AF_XDP);
	config.queue = 77;
	refused(config, -EINVAL, "dpdk: queue 77: near0 has 1, from 0");
}

static void mtu_set(const char *mtu)
{
	char command[64];

	snprintf(command, sizeof(command), "ip link set " NEAR_NAME " mtu %s",
		 mtu);
	assert_int_equal(system(command), 0);
}

static void interfaces_are_refused_by_name(void **state)
{
	struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	config.interface = "nowhere0";
	refused(config, -ENODEV, "interface 'nowhere0': No such device");
	config.interface = NEAR_NAME;
	config.device = DPDK_PCI;
	refused(config, -ENODEV, "dpdk: near0: device=pci: it is not in /sys");
	config.device = DPDK_AF_XDP;
	namespace_link(rig.near, NEAR_NAME, 0);
	refused(config, -ENETDOWN, "near0 is down");
	namespace_link(rig.near, NEAR_NAME, 1);
	mtu_set("1775");
	refused(config, -EMSGSIZE, "near0: af_xdp: its MTU is 1775: frames");
	mtu_set("1500");
	port_open(&config);
	refused(config, -EBUSY, "another XDP program is attached, id ");
	dpdk_port_close(&dp);
	port_open(&config);
	dpdk_port_close(&dp);
}

static bool is_promiscuous(void)
{
	return system("ip -d link show " NEAR_NAME
		      " | grep -q ' promiscuity 0 '") != 0;
}

static void promiscuous_while_it_is_open(void **state)
{
	struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	for (int i = 0; i < 2; i++) {
		config.device = i ? DPDK_AF_PACKET : DPDK_AF_XDP;
		config.promiscuous = false;
		port_open(&config);
		assert_false(is_promiscuous());
		dpdk_port_close(&dp);
		config.promiscuous = true;
		port_open(&config);
		assert_true(is_promiscuous());
		dpdk_port_close(&dp);
		assert_false(is_promiscuous());
	}
}

static void by_hand(const char *flag)
{
	char command[64];

	snprintf(command, sizeof(command),
		 "ip link set " NEAR_NAME " promisc %s", flag);
	assert_int_equal(system(command), 0);
}

static bool is_so_by_hand(void)
{
	return system("ip link show " NEAR_NAME " | grep -q PROMISC") == 0;
}

/* Whoever has put the interface's flag there, or has not. */
static void promiscuous_by_hand_stays(void **state)
{
	struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	for (int i = 0; i < 4; i++) {
		const bool on = i < 2;

		config.device = i % 2 ? DPDK_AF_PACKET : DPDK_AF_XDP;
		by_hand(on ? "on" : "off");
		port_open(&config);
		assert_int_equal(is_so_by_hand(), on);
		dpdk_port_close(&dp);
		assert_int_equal(is_so_by_hand(), on);
	}
	by_hand("on");
	config.device = DPDK_AF_XDP;
	config.zero_copy = true;
	config.budget = 64;
	refused(config, -EOPNOTSUPP, "zero_copy: the NIC's driver has none");
	assert_true(is_so_by_hand());
	by_hand("off");
}

/* What can't leave is told as lost in the end, and neither blocks nor keeps
 * the buffers that receiving needs. */
static void down_and_up_again(void **state)
{
	const struct dpdk_port_config config = config_make(DPDK_AF_XDP);
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	int from = -1, err = 0, sent = 0;
	struct frame_port_frame frame;

	(void)state;
	DPDK_NEEDED();
	from = far_open(FAR_ADDRESS, PORT);
	port_open(&config);
	number_send(from, 1);
	number_expect(1);
	namespace_link(rig.near, NEAR_NAME, 0);
	for (; sent < ROUND && !err; sent++)
		err = frame_leave(0);
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(dpdk_port_take(&dp, &frame, 1), 0);
	namespace_link(rig.near, NEAR_NAME, 1);
	do {
		number_send(from, 2);
		usleep(10000);
		assert_true(clock_monotonic_ns() < deadline);
	} while (!dpdk_port_take(&dp, &frame, 1));
	/* Behind those that waited. */
	while (frame_leave(7) != 0)
		assert_true(clock_monotonic_ns() < deadline);
	for (uint32_t got = 0; got != 7;)
		assert_int_equal(recv(from, &got, sizeof(got), 0), sizeof(got));
	dpdk_port_close(&dp);
	close(from);
}

/* In a process of its own, whose EAL is its own, too, as long as there is none
 * in this one; its status as wait()'s. */
static int in_child(const struct dpdk_port_config *config, int (*then)(int err))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		log_catch();
		_exit(then(dpdk_port_open(&dp, config)));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int die(int err)
{
	if (!err)
		raise(SIGKILL);
	return 1;
}

static int close_it(int err)
{
	if (!err)
		dpdk_port_close(&dp);
	return err ? 1 : 0;
}

static void killed_it_leaves_nothing(void **state)
{
	const struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	assert_true(WIFSIGNALED(in_child(&config, die)));
	assert_int_equal(
		system("ip -d link show " NEAR_NAME " | grep -q 'prog/xdp'"),
		256);
	assert_int_equal(in_child(&config, close_it), 0);
}

static int says_so(int err)
{
	return err && strstr(log_caught(), "are huge pages free") ? 0 : 1;
}

/* EAL has begun once in this process, without; and what the kernel has not
 * got is not had. */
static void huge_pages_are_refused_by_name(void **state)
{
	static const char free_pages[] =
		"cat /sys/kernel/mm/hugepages/*/free_hugepages | grep -q -v "
		"'^0$'";
	struct dpdk_port_config config = config_make(DPDK_AF_XDP);

	(void)state;
	DPDK_NEEDED();
	config.huge_pages = true;
	assert_int_equal(
		in_child(&config, system(free_pages) == 0 ? close_it : says_so),
		0);
	config.huge_pages = false;
	port_open(&config);
	dpdk_port_close(&dp);
	config.huge_pages = true;
	refused(config, -EINVAL, "huge_pages: this process has begun other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: this process's EAL begins at the end of the two. */
		cmocka_unit_test(killed_it_leaves_nothing),
		cmocka_unit_test(huge_pages_are_refused_by_name),
		cmocka_unit_test(each_buffer_comes_around),
		cmocka_unit_test(options_are_refused_by_name),
		cmocka_unit_test(interfaces_are_refused_by_name),
		cmocka_unit_test(promiscuous_while_it_is_open),
		cmocka_unit_test(promiscuous_by_hand_stays),
		cmocka_unit_test(down_and_up_again),
	};

	return cmocka_run_group_tests_name("net/dpdk_port", tests, rig_open,
					   rig_close);
}
