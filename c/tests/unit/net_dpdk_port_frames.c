/* SPDX-License-Identifier: MIT */
/* A port of DPDK's that carries the kernel's frames, with drivers of our own
 * below it; and who waits meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/dpdk_port.h"
#include "net/dpdk_port_frames.h"
#include "net_support.h"

#define GROUP "239.255.0.1"
#define PORT  12345

/*
 * Waiting.
 */

static unsigned int scans;
static int far_end;

/* What is awaited comes by the port alone. */
static int scan(struct frame_port *port)
{
	(void)port;
	if (++scans == 3)
		assert_int_equal(write(far_end, "x", 1), 1);
	return 0;
}

static const struct frame_port_ops carrier_ops = { .scan = scan };

static void test_who_waits_scans(void **state)
{
	struct frame_port carrier = { .ops = &carrier_ops,
				      .carries_kernel = true };
	struct pollfd ready = { .events = POLLIN };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ready.fd = ends[0];
	far_end = ends[1];
	scans = 0;
	assert_int_equal(frame_port_poll(NULL, &ready, 1), 0);
	assert_int_equal(frame_port_poll(&carrier, &ready, 0), 0);
	assert_int_equal(scans, 1);
	assert_int_equal(frame_port_poll(&carrier, &ready, 20000), 1);
	assert_int_equal(scans, 3);
	close(ends[0]);
	close(ends[1]);
}

/*
 * DPDK's: of each of two devices what came, and what went.
 */

struct dpdk_device {
	struct dpdk_frame *came;
	unsigned int count;
	void *went[8];
	unsigned int went_count;
};

static void *given[8];
static unsigned int given_count;

static unsigned int fake_take(struct dpdk_device *device,
			      struct dpdk_frame *frames, unsigned int max)
{
	const unsigned int n = device->count;

	assert_true(n <= max);
	memcpy(frames, device->came, n * sizeof(*frames));
	device->count = 0;
	return n;
}

static void fake_give(void **buffers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		given[given_count++] = buffers[i];
}

static void fake_pass(struct dpdk_device *device, void **buffers,
		      unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		device->went[device->went_count++] = buffers[i];
}

static const struct dpdk_device_ops fake_ops = { .take = fake_take,
						 .give = fake_give,
						 .pass = fake_pass };
static uint8_t market_data[128], arp[60], own[60];

static void frames_make(void)
{
	const struct sockaddr_in from = address_of("10.77.0.1", 40000);
	const struct sockaddr_in to = address_of(GROUP, PORT);

	memset(market_data, 0, sizeof(market_data));
	memcpy(market_data, "\x01\x00\x5e\x7f\x00\x01", 6);
	market_data[12] = ETHERTYPE_IP >> 8;
	market_data[14] = 0x45;
	market_data[14 + 9] = IPPROTO_UDP;
	memcpy(market_data + 14 + 12, &from.sin_addr, 4);
	memcpy(market_data + 14 + 16, &to.sin_addr, 4);
	memcpy(market_data + 34, &from.sin_port, 2);
	memcpy(market_data + 36, &to.sin_port, 2);
	memset(arp, 0xff, 6);
	arp[12] = ETHERTYPE_ARP >> 8;
	arp[13] = ETHERTYPE_ARP & 0xff;
}

static struct dpdk_port *port_make(struct dpdk_device *nic,
				   struct dpdk_device *kernel)
{
	static struct dpdk_port dp;
	const struct frame_port_flow flow = {
		.protocol = IPPROTO_UDP,
		.destination = address_of(GROUP, PORT),
	};

	memset(&dp, 0, sizeof(dp));
	dp.ops = &fake_ops;
	dp.device = nic;
	dp.kernel = kernel;
	dp.port.ops = &dpdk_port_ops;
	assert_int_equal(frame_flow_add(&dp.flows, &flow), 0);
	given_count = 0;
	frames_make();
	return &dp;
}

/* What is ours comes to us, the rest goes to the kernel, and what the kernel
 * sends goes out: whether it is taken or scanned. */
static void test_the_kernels_frames_are_carried(void **state)
{
	struct dpdk_frame came[] = {
		{ .bytes = market_data,
		  .buffer = market_data,
		  .len = sizeof(market_data) },
		{ .bytes = arp, .buffer = arp, .len = sizeof(arp) }
	};
	struct dpdk_frame sent[] = {
		{ .bytes = own, .buffer = own, .len = sizeof(own) }
	};

	(void)state;
	for (int by_scan = 0; by_scan < 2; by_scan++) {
		struct dpdk_device nic = { .came = came, .count = 2 };
		struct dpdk_device kernel = { .came = sent, .count = 1 };
		struct dpdk_port *dp = port_make(&nic, &kernel);
		struct frame_port_frame frames[FRAME_PORT_BURST_MAX];

		if (by_scan)
			assert_int_equal(dp->port.ops->scan(&dp->port), 0);
		assert_int_equal(
			dpdk_port_take(dp, frames, FRAME_PORT_BURST_MAX), 1);
		assert_ptr_equal(frames[0].bytes, market_data);
		assert_int_equal(kernel.went_count, 1);
		assert_ptr_equal(kernel.went[0], arp);
		assert_int_equal(nic.went_count, 1);
		assert_ptr_equal(nic.went[0], own);
		assert_int_equal(given_count, 0);
		assert_int_equal(
			dpdk_port_take(dp, frames, FRAME_PORT_BURST_MAX), 0);
		assert_int_equal(given_count, 1);
		assert_ptr_equal(given[0], market_data);
	}
}

/* Where the kernel has the interface it has seen them itself. */
static void test_else_they_are_given_back(void **state)
{
	struct dpdk_frame came[] = {
		{ .bytes = arp, .buffer = arp, .len = sizeof(arp) }
	};
	struct dpdk_device nic = { .came = came, .count = 1 };
	struct dpdk_port *dp = port_make(&nic, NULL);
	struct frame_port_frame frames[FRAME_PORT_BURST_MAX];

	(void)state;
	assert_int_equal(dpdk_port_take(dp, frames, FRAME_PORT_BURST_MAX), 0);
	assert_int_equal(dpdk_port_take(dp, frames, FRAME_PORT_BURST_MAX), 0);
	assert_int_equal(given_count, 1);
	assert_ptr_equal(given[0], arp);
	assert_int_equal(nic.went_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_waits_scans),
		cmocka_unit_test(test_the_kernels_frames_are_carried),
		cmocka_unit_test(test_else_they_are_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
