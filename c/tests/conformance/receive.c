/* SPDX-License-Identifier: MIT */
/* Mostly waits: io_uring takes 0.1 s to close a ring. */
/*
 * What every receive path must do, asked of every path in the list. Paths
 * over a network get a private one: receive_rig.h.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/shm_readers.h"
#include "tests/conformance/receive_paths.h"
#include "tests/support/descriptors.h"
#include "tests/support/sanitizer.h"
#include "wire/market_data.h"

/* The next packets are numbers 0..count, in order; bursts of all sizes. */
static void packets_expect(struct receive *rx, uint32_t count)
{
	struct packet packets[RECEIVE_BURST_MAX];
	uint32_t next = 0;

	while (next < count) {
		unsigned int max = 1 + next % RECEIVE_BURST_MAX;
		int n = packets_take(rx, packets, max, WAIT_NS);

		if (!n)
			fail_msg("%u of %u packets came", next, count);
		for (int i = 0; i < n; i++)
			packet_check(&packets[i], PAYLOAD, next++);
	}
}

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages;
}

/*
 * Cases over a network.
 */

static void in_order(const struct receive_ops *ops)
{
	struct burst burst = { .fd = sender_open(),
			       .count = 1000,
			       .gap_ns = 50000 };
	struct receive *rx = path_open(ops, "");
	pthread_t thread;

	assert_string_equal(receive_name(rx), ops->entry.name);
	assert_int_equal(pthread_create(&thread, NULL, burst_send, &burst), 0);
	packets_expect(rx, burst.count);
	pthread_join(thread, NULL);
	assert_int_equal(burst.result, 0);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
	close(burst.fd);
}

/* The option of a path's room, and a value: of bytes or of frames. */
static const char *room(const struct receive_ops *ops, const char *bytes,
			const char *frames)
{
	static char text[32];

	if (ops->caps & RECEIVE_SHARED)
		return ""; /* it is the ring's */
	if (!has_option(ops, "descriptors"))
		return has_option(ops, "frames") ? frames : bytes;
	snprintf(text, sizeof(text), "descriptors%s", strchr(frames, '='));
	return text;
}

static void burst_kept(const struct receive_ops *ops)
{
	struct burst burst = { .count = 10000 };
	struct receive *rx;
	pthread_t thread;

	if (ops->caps & RECEIVE_SHARED)
		ring_open(16384);
	burst.fd = sender_open();
	/* For all of it, should we not run meanwhile: a ring of v2 takes half a
	 * page for each. */
	rx = path_open(ops, strstr(variant, "ring")
				    ? "blocks=256"
				    : room(ops, "rcvbuf=4m", "frames=16384"));
	assert_int_equal(pthread_create(&thread, NULL, burst_send, &burst), 0);
	packets_expect(rx, burst.count);
	pthread_join(thread, NULL);
	assert_int_equal(burst.result, 0);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
	close(burst.fd);
}

/* The receiver sleeps while far more is sent than it has room for: it gets
 * the oldest, in order, and the kernel's count accounts for the rest. */
static void overload_counted(const struct receive_ops *ops)
{
	enum { SENT = 5000 };
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	uint32_t received = 0, last = 0;
	struct receive *rx;
	int fd;

	if (ops->caps & RECEIVE_SHARED)
		ring_open(64);
	/* A packet socket's ring has its room in blocks. */
	rx = path_open(ops, strstr(variant, "ring")
				    ? "block=4k,blocks=2"
				    : room(ops, "rcvbuf=16k", "frames=64"));
	fd = sender_open();

	for (uint32_t i = 0; i < SENT; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	while (received + receive_drops(rx) < SENT) {
		struct packet packet;
		uint32_t number;

		assert_true(clock_monotonic_ns() < deadline);
		if (!packets_take(rx, &packet, 1, 0))
			continue;
		assert_int_equal(packet.len, PAYLOAD);
		memcpy(&number, packet.data, sizeof(number));
		assert_true(received == 0 || number > last);
		packet_check(&packet, PAYLOAD, number);
		last = number;
		received++;
	}
	assert_int_equal(received + receive_drops(rx), SENT);
	assert_true(received > 0);
	assert_true(receive_drops(rx) > 0);
	receive_close(rx);
	close(fd);
}

static void all_sizes(const struct receive_ops *ops)
{
	static const size_t lens[] = {
		0, 1, 13, 8, 36, 512, MARKET_DATA_DATAGRAM_MAX, 0
	};
	struct receive *rx = path_open(ops, "");
	int fd = sender_open();

	for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++)
		assert_int_equal(payload_send(fd, lens[i], i), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++)
		packet_expect(rx, lens[i], i);
	receive_close(rx);
	close(fd);
}

/* Larger than the MTU: kernel sockets deliver it, put together again, when it
 * fits; a path that sees frames skips it. What follows is not disturbed. */
static void fragments(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");
	int fd = sender_open();

	assert_int_equal(payload_send(fd, 2048, 1), 0);
	assert_int_equal(payload_send(fd, 2049, 2), 0);
	assert_int_equal(payload_send(fd, 4000, 3), 0);
	assert_int_equal(payload_send(fd, PAYLOAD, 4), 0);
	if (!(ops->caps & RECEIVE_FRAMES))
		packet_expect(rx, 2048, 1);
	packet_expect(rx, PAYLOAD, 4);
	receive_close(rx);
	close(fd);
}

static void other_groups(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");
	int group = sender_open_to("239.255.0.2", PORT);
	int port = sender_open_to(GROUP, PORT + 1);
	int unicast = sender_open_to("10.9.0.1", PORT);
	int fd = sender_open();
	struct receive *other;
	struct packet packet;

	/* A group that someone else on this host has joined does reach it. */
	rig.config.group = address_of("239.255.0.2", PORT);
	other = path_open(
		ops->caps & RECEIVE_EXCLUSIVE ? &receive_spin_ops : ops, "");
	rig.config.group = address_of(GROUP, PORT);
	assert_int_equal(payload_send(group, PAYLOAD, 1), 0);
	assert_int_equal(payload_send(port, PAYLOAD, 2), 0);
	assert_int_equal(payload_send(unicast, PAYLOAD, 3), 0);
	assert_int_equal(payload_send(fd, PAYLOAD, 4), 0);
	packet_expect(rx, PAYLOAD, 4);
	packet_expect(other, PAYLOAD, 1);
	/* The unicast waits for its ARP. */
	assert_int_equal(packets_take(rx, &packet, 1, CLOCK_NS_PER_S / 20), 0);
	assert_int_equal(packets_take(other, &packet, 1, 0), 0);
	receive_close(other);
	receive_close(rx);
	close(group);
	close(port);
	close(unicast);
	close(fd);
}

/* The group as another interface has it, where someone else has joined it:
 * IP_MULTICAST_ALL, ip(7). */
static void other_interface(const struct receive_ops *ops)
{
	const struct sockaddr_in group = address_of(GROUP, PORT);
	struct receive *rx = path_open(ops, "");
	unsigned int buffer = 1 << 20;
	struct interface loopback;
	int member, other, fd = sender_open();
	uint8_t bytes[PAYLOAD];

	assert_int_equal(interface_find("lo", &loopback), 0);
	member = socket_multicast_receiver(&group, &loopback, &buffer);
	other = socket_multicast_sender(&group, &loopback, 1);
	assert_true(member >= 0 && other >= 0);
	assert_int_equal(payload_send(other, PAYLOAD, 1), 0);
	/* It is there. */
	assert_int_equal(recv(member, bytes, sizeof(bytes), 0), PAYLOAD);
	assert_int_equal(payload_send(fd, PAYLOAD, 2), 0);
	packet_expect(rx, PAYLOAD, 2);
	receive_close(rx);
	close(member);
	close(other);
	close(fd);
}

static size_t frame_number(uint8_t *bytes, size_t size, uint32_t number,
			   uint16_t vlan)
{
	uint8_t payload[PAYLOAD];

	payload_fill(payload, sizeof(payload), number);
	return frame_make(bytes, size, payload, sizeof(payload), vlan);
}

/* After a good frame, so that the way of sending is known to work, and
 * before another one. */
static void bad_frames(const struct receive_ops *ops)
{
	enum { UDP = 14 + 20, UDP_LENGTH = UDP + 4, UDP_CHECKSUM = UDP + 6 };
	struct receive *rx = path_open(ops, "");
	uint8_t bytes[256];
	size_t len = frame_number(bytes, sizeof(bytes), 1, 0);

	frame_send(bytes, len);
	packet_expect(rx, PAYLOAD, 1);

	bytes[UDP_CHECKSUM] ^= 0x55;
	frame_send(bytes, len);

	len = frame_number(bytes, sizeof(bytes), 2, 0);
	frame_send(bytes, len - 10);
	bytes[UDP_LENGTH + 1] += 4;
	frame_send(bytes, len);

	len = frame_number(bytes, sizeof(bytes), 3, 5);
	frame_send(bytes, len);

	len = frame_number(bytes, sizeof(bytes), 4, 0);
	frame_send(bytes, len);
	packet_expect(rx, PAYLOAD, 4);
	receive_close(rx);
}

/* The second is refused, and the first doesn't notice. */
static void one_receiver(const struct receive_ops *ops)
{
	struct receive *first = path_open(ops, "");
	struct receive *second = NULL;
	int fd = sender_open();
	char text[160];

	snprintf(text, sizeof(text), "%s:%s", ops->entry.name, variant);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	assert_int_equal(receive_open(text, &rig.config, &second), -EBUSY);
	assert_null(second);
	for (uint32_t i = 50; i < 100; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	packets_expect(first, 100);
	receive_close(first);
	close(fd);
}

static void two_receivers(const struct receive_ops *ops)
{
	struct receive *first, *second;
	int fd;

	if (ops->caps & RECEIVE_EXCLUSIVE) {
		one_receiver(ops);
		return;
	}
	first = path_open(ops, "");
	second = path_open(ops, "");
	fd = sender_open();
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	packets_expect(first, 100);
	packets_expect(second, 100);
	receive_close(first);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	packets_expect(second, 100);
	receive_close(second);
	close(fd);
}

static void sender_restarts(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");

	for (int session = 0; session < 3; session++) {
		int fd = sender_open();

		for (uint32_t i = 0; i < 50; i++)
			assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
		close(fd);
		packets_expect(rx, 50);
	}
	receive_close(rx);
}

/* Sent until one arrives; others may be on their way still. */
#define KNOCK 1000

static bool is_knock(const struct packet *packet)
{
	uint32_t number = 0;

	if (packet->len == PAYLOAD)
		memcpy(&number, packet->data, sizeof(number));
	return number == KNOCK;
}

static void link_bounces(const struct receive_ops *ops)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct receive *rx = path_open(ops, "");
	struct packet packet;
	int fd = sender_open(), n;

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	packet_expect(rx, PAYLOAD, 1);
	assert_int_equal(namespace_link(rig.near, NEAR, 0), 0);
	for (int i = 0; i < 3; i++) {
		payload_send(fd, PAYLOAD, 2);
		assert_int_equal(receive_poll(rx, &packet, 1), 0);
	}
	assert_int_equal(namespace_link(rig.near, NEAR, 1), 0);
	do {
		payload_send(fd, PAYLOAD, KNOCK);
		n = packets_take(rx, &packet, 1, CLOCK_NS_PER_S / 100);
		assert_true(clock_monotonic_ns() < deadline);
	} while (!n);
	packet_check(&packet, PAYLOAD, KNOCK);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	for (uint32_t next = 0; next < 100;) {
		assert_int_equal(packets_take(rx, &packet, 1, WAIT_NS), 1);
		if (!is_knock(&packet))
			packet_check(&packet, PAYLOAD, next++);
	}
	receive_close(rx);
	close(fd);
}

/* As when its driver is unloaded: never a hang, and it is said. */
static void interface_goes(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");
	struct packet packet;
	int fd = sender_open();

	assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
	packet_expect(rx, PAYLOAD, 1);
	close(fd);
	assert_int_equal(receive_alive(rx), 0);
	assert_int_equal(system("ip link delete " NEAR), 0);
	assert_int_equal(receive_alive(rx), -ENODEV);
	for (int i = 0; i < 3; i++)
		assert_true(receive_poll(rx, &packet, 1) <= 0);
	receive_close(rx);
	assert_int_equal(rig_link(), 0);
	rx = path_open(ops, "");
	fd = sender_open();
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	packets_expect(rx, 50);
	receive_close(rx);
	close(fd);
}

/* Lines that have the text. */
static unsigned int lines(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	unsigned int n = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	fclose(file);
	return n;
}

/* Sockets of ours in this namespace, and the group joined by IGMP or by
 * address. The kernel joins groups of its own when it likes. */
static unsigned int traces(void)
{
	return lines("/proc/thread-self/net/udp", "0100FFEF:3039") +
	       lines("/proc/thread-self/net/packet", "") +
	       lines("/proc/thread-self/net/igmp", "0100FFEF") +
	       lines("/proc/thread-self/net/dev_mcast", "01005e7f0001");
}

/* Receives for ever, and tells once that it does. */
static int receive_until_killed(const char *text, int tell)
{
	struct receive *rx;
	struct packet packet;

	if (receive_open(text, &rig.config, &rx) < 0)
		return 1;
	for (;;)
		if (receive_poll(rx, &packet, 1) == 1 && tell >= 0) {
			close(tell);
			tell = -1;
		}
}

/* As a program of its own: not each library outlives a fork. */
static void child_run(const struct receive_ops *ops, int tell)
{
	char text[160], number[12];

	snprintf(text, sizeof(text), "%s:%s", ops->entry.name, variant);
	snprintf(number, sizeof(number), "%d", tell);
	execl("/proc/self/exe", "receive", text, number, (char *)NULL);
	_exit(1);
}

static void killed(const struct receive_ops *ops)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	const unsigned int before = traces();
	int fd = sender_open(), told[2], status;
	struct pollfd wait;
	struct receive *rx;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		child_run(ops, told[1]);
	close(told[1]);
	wait = (struct pollfd){ .fd = told[0], .events = POLLIN };
	do {
		assert_int_equal(payload_send(fd, PAYLOAD, 1), 0);
		assert_true(clock_monotonic_ns() < deadline);
	} while (poll(&wait, 1, 5) == 0);
	assert_true(traces() > before);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	/* An io_uring's end is a kernel worker's. */
	while (traces() != before) {
		assert_true(clock_monotonic_ns() < deadline);
		poll(NULL, 0, 5);
	}
	rx = path_open(ops, "");
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
	packets_expect(rx, 50);
	receive_close(rx);
	close(told[0]);
	close(fd);
}

static void refusals(const struct receive_ops *ops)
{
	struct receive_config config = rig.config;
	unsigned int before = descriptors();
	struct receive *rx = (void *)-1;
	char text[64];

	config.interface = "nowhere0";
	assert_int_equal(receive_open(ops->entry.name, &config, &rx), -ENODEV);
	assert_null(rx);
	config.interface = NULL;
	assert_int_equal(receive_open(ops->entry.name, &config, &rx), -EINVAL);
	config = rig.config;
	config.group = address_of("10.9.0.1", PORT);
	assert_int_equal(receive_open(ops->entry.name, &config, &rx), -EINVAL);
	config.group = address_of(GROUP, 0);
	assert_int_equal(receive_open(ops->entry.name, &config, &rx), -EINVAL);

	snprintf(text, sizeof(text), "%s:nonsense=1", ops->entry.name);
	assert_int_equal(receive_open(text, &rig.config, &rx), -EINVAL);
	for (const struct option_row *row = ops->entry.options;
	     row && row->name; row++) {
		if (row->type != OPTION_UNSIGNED || !row->max)
			continue;
		snprintf(text, sizeof(text), "%s:%s=%llu", ops->entry.name,
			 row->name, (unsigned long long)row->max + 1);
		assert_int_equal(receive_open(text, &rig.config, &rx), -EINVAL);
	}
	assert_null(rx);
	assert_int_equal(descriptors(), before);
}

static void stamps_on(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "timestamps=on");
	uint64_t before = clock_realtime_ns();
	int fd = sender_open();

	for (uint32_t i = 0; i < 10; i++) {
		struct packet packet;

		assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
		assert_int_equal(packets_take(rx, &packet, 1, WAIT_NS), 1);
		packet_check(&packet, PAYLOAD, i);
		assert_in_range(packet.kernel_ns, before, clock_realtime_ns());
		before = packet.kernel_ns;
	}
	receive_close(rx);
	close(fd);
}

static void stamps_off(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "timestamps=off");
	struct packet packet;
	int fd = sender_open();

	assert_int_equal(payload_send(fd, 3000, 0), 0);
	assert_int_equal(payload_send(fd, 0, 1), 0);
	assert_int_equal(payload_send(fd, MARKET_DATA_DATAGRAM_MAX, 2), 0);
	for (uint32_t i = 1; i < 3; i++) {
		assert_int_equal(packets_take(rx, &packet, 1, WAIT_NS), 1);
		packet_check(&packet, i == 1 ? 0 : MARKET_DATA_DATAGRAM_MAX, i);
		assert_int_equal(packet.kernel_ns, 0);
	}
	receive_close(rx);
	close(fd);
}

/* The best of as many as it takes, since the machine may be busy. */
static void quiet_returns(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");
	bool sleeps = rx->caps & RECEIVE_SLEEPS;
	uint64_t most = CLOCK_NS_PER_S / (sleeps ? 5 : 1000);
	uint64_t best = UINT64_MAX, deadline = clock_monotonic_ns() + WAIT_NS;

	for (int i = 0; i < 5 || best > most; i++) {
		uint64_t start = clock_monotonic_ns(), took;
		struct packet packet;

		assert_true(start < deadline);
		assert_int_equal(receive_poll(rx, &packet, 1), 0);
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	if (sleeps)
		assert_true(best >= CLOCK_NS_PER_S / 1000);
	receive_close(rx);
}

static void on_alarm(int number)
{
	(void)number;
}

/* So that Ctrl-C need not wait: the sleep ends, and it is no error. */
static void signal_ends_sleep(const struct receive_ops *ops)
{
	struct sigaction action = { .sa_handler = on_alarm }, before;
	struct itimerval timer = { .it_value.tv_usec = 5000 };
	struct receive *rx = path_open(ops, "");
	uint64_t best = UINT64_MAX;

	sigaction(SIGALRM, &action, &before);
	for (int i = 0; i < 5; i++) {
		uint64_t start = clock_monotonic_ns(), took;
		struct packet packet;

		setitimer(ITIMER_REAL, &timer, NULL);
		assert_int_equal(receive_poll(rx, &packet, 1), 0);
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	assert_true(best < CLOCK_NS_PER_S / 12);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	sigaction(SIGALRM, &before, NULL);
	receive_close(rx);
}

static bool is_readable(struct receive *rx, int timeout_ms)
{
	struct pollfd wait = { .fd = receive_descriptor(rx), .events = POLLIN };

	if (wait.fd == -EAGAIN)
		return true;
	assert_true(wait.fd >= 0);
	return poll(&wait, 1, timeout_ms) == 1;
}

/* For who has more than one source: no datagram is missed or waited for in
 * vain, and quiet is told from not quiet, whatever a poll has left. */
static void descriptor_tells(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, "");
	struct packet packets[3];
	uint64_t most = CLOCK_NS_PER_S / 20, best = UINT64_MAX;
	int fd = sender_open();

	assert_false(is_readable(rx, 20));
	for (uint32_t round = 0; round < 20; round++) {
		uint32_t next = 0, count = 1 + round % 7;

		for (uint32_t i = 0; i < count; i++)
			assert_int_equal(payload_send(fd, PAYLOAD, i), 0);
		while (next < count) {
			uint64_t start;
			int n;

			assert_true(is_readable(rx, (int)(WAIT_NS / 1000000)));
			start = clock_monotonic_ns();
			n = receive_poll(rx, packets, ARRAY_SIZE(packets));
			best = clock_sooner(best, clock_monotonic_ns() - start);
			assert_in_range(n, 0, ARRAY_SIZE(packets));
			for (int i = 0; i < n; i++)
				packet_check(&packets[i], PAYLOAD, next++);
		}
		assert_false(is_readable(rx, 0));
	}
	/* What is readable is not slept for. */
	assert_true(best < most);
	receive_close(rx);
	close(fd);
}

/*
 * Cases for all.
 */

/* The options that a path in memory is tested with. */
static const char *memory_options(const struct receive_ops *ops)
{
	static char text[64];

	if (!strcmp(ops->entry.name, "replay"))
		snprintf(text, sizeof(text), "file=%s", rig.capture);
	else
		snprintf(text, sizeof(text), "count=%d", MEMORY_COUNT);
	return ops->caps & RECEIVE_MEMORY ? text : "";
}

static void no_descriptor(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, memory_options(ops));

	assert_int_equal(receive_descriptor(rx), -EOPNOTSUPP);
	receive_close(rx);
}

static void reopens(const struct receive_ops *ops)
{
	/* Of DPDK, too: the kernel takes its time for each fanout. */
	const int times = *variant || has_option(ops, "descriptors")
				  ? REOPENED_VARIANT
				  : REOPENED;
	const char *options = memory_options(ops);
	const unsigned int none = descriptors();
	unsigned int fds = 0;
	long pages = 0;

	for (int i = 0; i < times; i++) {
		struct receive *rx = path_open(ops, options);
		struct packet packet;

		if (ops->caps & RECEIVE_MEMORY)
			assert_int_equal(receive_poll(rx, &packet, 1), 1);
		receive_close(rx);
		/* The first rounds fill the allocators' caches. */
		if (i == times / 4) {
			fds = ops->caps & RECEIVE_SHARED ? none : descriptors();
			pages = resident_pages();
		}
	}
	/* A ring's thread closes its end when it gets to it. */
	for (uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	     ops->caps & RECEIVE_SHARED && descriptors() > fds;)
		assert_true(clock_monotonic_ns() < deadline);
	assert_true(descriptors() == fds || ops->caps & RECEIVE_SHARED);
	/* A sanitizer keeps what was freed, and looks for leaks itself. */
	assert_true(SANITIZED || resident_pages() - pages < 64);
	receive_close(NULL);
}

static void memory_in_order(const struct receive_ops *ops)
{
	struct receive *rx = path_open(ops, memory_options(ops));
	struct packet packets[RECEIVE_BURST_MAX];
	struct market_data_header header;
	uint32_t next = 0;
	int n;

	while ((n = receive_poll(rx, packets, 1 + next % RECEIVE_BURST_MAX)) >=
	       0) {
		assert_in_range(n, 1, 1 + next % RECEIVE_BURST_MAX);
		for (int i = 0; i < n; i++, next++) {
			bool end = next == MEMORY_COUNT;

			assert_int_equal(market_data_decode(packets[i].data,
							    packets[i].len,
							    &header),
					 0);
			assert_int_equal(header.sequence, next);
			assert_int_equal(header.message_count, end ? 0 : 1);
			assert_int_equal(header.flags,
					 end ? MARKET_DATA_END_OF_FEED : 0);
			assert_int_equal(packets[i].len,
					 market_data_len(end ? 0 : 1));
			if (!end)
				assert_int_equal(
					market_data_read(packets[i].data, 0)
						.type,
					MARKET_DATA_UPDATE);
		}
	}
	assert_int_equal(n, -ESHUTDOWN);
	assert_int_equal(next, MEMORY_COUNT + 1);
	assert_int_equal(receive_poll(rx, packets, 1), -ESHUTDOWN);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
}

/*
 * Cases for rings that another process writes.
 */

/* In another process, and it is there. told: two of ours, to be closed. */
static pid_t writer_start(int told[2])
{
	pid_t child;
	char byte;

	ring_close();
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ring_open(RING_SLOTS);
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	return child;
}

static void writer_kill(pid_t child, const int told[2])
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	close(told[0]);
	close(told[1]);
}

/* A writer in another process, which is killed; what a new one has written
 * before the path knows of it is had, too. */
static void writer_returns(const struct receive_ops *ops)
{
	struct packet packet;
	struct receive *rx;
	int told[2];
	pid_t child = writer_start(told);

	rx = path_open(ops, "");
	assert_int_equal(receive_alive(rx), 0);
	writer_kill(child, told);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(receive_alive(rx), 0);
		assert_int_equal(receive_poll(rx, &packet, 1), 0);
	}
	ring_open(RING_SLOTS);
	assert_int_equal(payload_send(-1, PAYLOAD, 1), 0);
	assert_int_equal(receive_alive(rx), 0);
	packet_expect(rx, PAYLOAD, 1);
	assert_int_equal(payload_send(-1, PAYLOAD, 2), 0);
	packet_expect(rx, PAYLOAD, 2);
	/* Nothing of the one that left in good order is lost either. */
	assert_int_equal(payload_send(-1, PAYLOAD, 3), 0);
	ring_close();
	assert_int_equal(receive_alive(rx), 0);
	packet_expect(rx, PAYLOAD, 3);
	assert_int_equal(receive_drops(rx), 0);
	receive_close(rx);
}

/* One who answers as it should not. */
struct liar {
	struct shm_listener listener;
	struct shm_hello hello;
	int memory;
	bool hangs_up;
};

static void *liar_answer(void *context)
{
	struct liar *liar = context;
	struct pollfd come = { liar->listener.fd, POLLIN, 0 };
	int fd, memory;

	poll(&come, 1, 20000);
	fd = shm_socket_accept(&liar->listener);
	come.fd = fd;
	poll(&come, 1, 20000);
	shm_hello_receive(fd, SHM_HELLO_DATA, &(struct shm_hello){ 0 },
			  &memory);
	if (!liar->hangs_up)
		shm_hello_send(fd, &liar->hello, liar->memory);
	close(fd);
	return NULL;
}

static void lie_refused(const struct receive_ops *ops, struct liar *liar,
			int expected)
{
	struct receive *rx;
	pthread_t thread;

	assert_int_equal(
		shm_socket_listen(&liar->listener, "liar", SHM_SOCKET_DATA), 0);
	assert_int_equal(pthread_create(&thread, NULL, liar_answer, liar), 0);
	assert_int_equal(receive_open(ops->entry.name, &rig.config, &rx),
			 expected);
	assert_null(rx);
	pthread_join(thread, NULL);
	shm_socket_unlisten(&liar->listener);
}

static void ring_refusals(const struct receive_ops *ops)
{
	struct receive_config config = rig.config;
	unsigned int before;
	struct shm_writer writer;
	struct receive *rx;
	struct liar liar = { .hello.kind = SHM_HELLO_DATA, .memory = -1 };

	liar.hello.to = config.group;
	config.group.sin_port++;
	assert_int_equal(receive_open(ops->entry.name, &config, &rx),
			 -EADDRNOTAVAIL);
	assert_null(rx);
	ring_close();
	before = descriptors();
	assert_int_equal(receive_open(ops->entry.name, &rig.config, &rx),
			 -ECONNREFUSED);
	assert_int_equal(receive_open("shm:path=/nowhere", &rig.config, &rx),
			 -ENOENT);
	assert_int_equal(receive_open("shm:path=", &rig.config, &rx), -EINVAL);
	assert_int_equal(receive_open("shm:wait=x", &rig.config, &rx), -EINVAL);
	assert_int_equal(receive_open("shm:slots=4", &rig.config, &rx),
			 -EINVAL);
	/* No memory, then some that is not sealed, then none of ours. */
	lie_refused(ops, &liar, -EPROTO);
	liar.memory = memfd_create("fake", MFD_CLOEXEC);
	lie_refused(ops, &liar, -EPERM);
	close(liar.memory);
	liar.memory = STDIN_FILENO;
	lie_refused(ops, &liar, -EPERM);
	assert_int_equal(shm_writer_open(&writer, 4), 0);
	writer.head->magic++;
	liar.memory = writer.fd;
	lie_refused(ops, &liar, -EBADMSG);
	writer.head->magic--;
	writer.head->version++;
	lie_refused(ops, &liar, -EPROTO);
	shm_writer_close(&writer);
	liar.hangs_up = true;
	lie_refused(ops, &liar, -EPIPE);
	assert_int_equal(descriptors(), before);
}

/* No room for our socket, then for the memory's descriptor: by its name. */
static void no_more_files(const struct receive_ops *ops)
{
	struct rlimit limit, narrow;
	struct receive *rx;
	int told[2], next;
	pid_t child = writer_start(told);
	unsigned int before = descriptors();

	next = dup(STDIN_FILENO);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	narrow = limit;
	for (int room = 0; room < 2; room++) {
		int err;

		narrow.rlim_cur = (rlim_t)(next + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &narrow), 0);
		err = receive_open(ops->entry.name, &rig.config, &rx);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(err, -EMFILE);
	}
	assert_int_equal(descriptors(), before);
	writer_kill(child, told);
}

/*
 * The list of tests, the rig.
 */

/* A ring in shared memory has no frames, MTU, groups or addresses to mistake,
 * no interface to lose, no kernel stamp, no descriptor that tells of it; and
 * who was killed leaves no socket in the kernel's lists. */
static const struct test_case cases[] = {
	{ "all packets in order", in_order, NETWORK | SHARED, NULL },
	{ "a burst of 10,000 is kept", burst_kept, NETWORK | SHARED, NULL },
	{ "overload: received + lost = sent", overload_counted,
	  NETWORK | SHARED, NULL },
	{ "0 bytes to 1472 bytes, exactly", all_sizes, NETWORK | SHARED, NULL },
	{ "larger than the MTU", fragments, NETWORK, NULL },
	{ "another group, port or address is not delivered", other_groups,
	  NETWORK, NULL },
	{ "another interface's group is not delivered", other_interface,
	  NETWORK, NULL },
	{ "wrong checksum, lengths or VLAN is not delivered", bad_frames,
	  NETWORK, NULL },
	{ "two receivers get all, each, or the second is refused",
	  two_receivers, NETWORK | SHARED, NULL },
	{ "goes on when the sender restarts", sender_restarts, NETWORK | SHARED,
	  NULL },
	{ "recovers from interface down and up", link_bounces, NETWORK, NULL },
	{ "its interface goes and comes", interface_goes, NETWORK, NULL },
	{ "killed, it leaves nothing", killed, NETWORK, NULL },
	{ "what is wrong is refused", refusals, NETWORK, NULL },
	{ "kernel stamps lie within the run", stamps_on, NETWORK,
	  "timestamps" },
	{ "no stamps with timestamps=off", stamps_off, NETWORK, "timestamps" },
	{ "a quiet poll returns in time", quiet_returns, NETWORK | SHARED,
	  NULL },
	{ "a signal ends the sleep", signal_ends_sleep, NETWORK | SHARED,
	  NULL },
	{ "its descriptor is readable while packets wait", descriptor_tells,
	  NETWORK, NULL },
	{ "has no descriptor", no_descriptor, MEMORY | SHARED, NULL },
	{ "its writer is killed, and another one comes", writer_returns, SHARED,
	  NULL },
	{ "who lies about a ring is refused", ring_refusals, SHARED, NULL },
	{ "as many files as may be open", no_more_files, SHARED, NULL },
	{ "all in order, then -ESHUTDOWN", memory_in_order, MEMORY, NULL },
	{ "closed and reopened many times, nothing left", reopens,
	  NETWORK | MEMORY | SHARED, NULL },
};

int main(int argc, char **argv)
{
	int failed;

	log_open("conformance", LOG_WARNING);
	if (argc == 3) {
		rig.config.group = address_of(GROUP, PORT);
		return receive_until_killed(argv[1], atoi(argv[2]));
	}
	rig_open();
	failed = paths_test("receive", cases, ARRAY_SIZE(cases), capture_write,
			    capture_remove);
	rig_close();
	return failed;
}
