/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "net/frame_stream.h"
#include "net/socket.h"
#include "net/xdp_socket.h"
#include "net_support.h"
#include "tests/support/descriptors.h"
#include "wire/datagram.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)

#define GROUP	 "239.255.0.1"
#define PORT	 12345
#define TCP_PORT 9012
#define SOON_MS	 20000
#define SOON_NS	 (20 * CLOCK_NS_PER_S)
#define MANY	 (1 << 20) /* bytes */
#define ORDER	 13
/* Of single bytes, each a segment of its own: more than a window of them. */
#define SINGLE (1 << 16)

#define XDP_NEEDED()                                             \
	do {                                                     \
		const char *fault;                               \
                                                                 \
		RIG_NEEDED();                                    \
		if (xdp_socket_probe(&fault) < 0) {              \
			print_message("# skipped: %s\n", fault); \
			skip();                                  \
		}                                                \
	} while (0)

static struct xdp_socket xs;
static struct frame_stream *stream;
static int far_listener = -1, far_end = -1;

static void rings_open(void)
{
	const struct xdp_socket_config config = {
		.who = "xdp",
		.interface = NEAR_NAME,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = address_of(GROUP, PORT) },
		.frames = 256,
		.need_wakeup = true,
	};
	int err;

	log_catch();
	err = xdp_socket_open(&xs, &config);
	log_caught();
	assert_int_equal(err, 0);
}

static void far_listen(void)
{
	struct sockaddr_in address = address_of(FAR_ADDRESS, TCP_PORT);

	rig_enter(rig.far);
	far_listener = socket_listen(&address, 1);
	rig_enter(rig.near);
	assert_true(far_listener >= 0);
}

static int connect_to(const char *address, unsigned int timeout_ms,
		      const volatile int *stop)
{
	struct sockaddr_in peer = address_of(address, TCP_PORT);

	return frame_stream_connect(&xs.port, &peer, timeout_ms, stop, &stream);
}

static void far_accept(void)
{
	struct pollfd ready = { .fd = far_listener, .events = POLLIN };
	struct timeval wait = { .tv_sec = 20 };
	struct sockaddr_in peer;

	assert_int_equal(poll(&ready, 1, SOON_MS), 1);
	far_end = socket_accept(far_listener, &peer);
	assert_true(far_end >= 0);
	assert_int_equal(peer.sin_addr.s_addr, inet_addr(NEAR_ADDRESS));
	/* Blocking, for some time. */
	assert_int_equal(fcntl(far_end, F_SETFL, 0), 0);
	assert_int_equal(setsockopt(far_end, SOL_SOCKET, SO_RCVTIMEO, &wait,
				    sizeof(wait)),
			 0);
}

static void both_open(int buffer)
{
	rings_open();
	far_listen();
	if (buffer)
		assert_int_equal(setsockopt(far_listener, SOL_SOCKET, SO_RCVBUF,
					    &buffer, sizeof(buffer)),
				 0);
	assert_int_equal(connect_to(FAR_ADDRESS, SOON_MS, NULL), 0);
	far_accept();
}

static int both_close(void **state)
{
	(void)state;
	if (rig.fault)
		return 0;
	frame_stream_close(stream);
	if (xs.xsk)
		xdp_socket_close(&xs);
	if (far_end >= 0)
		close(far_end);
	if (far_listener >= 0)
		close(far_listener);
	memset(&xs, 0, sizeof(xs));
	stream = NULL;
	far_end = far_listener = -1;
	return 0;
}

static uint8_t byte_of(size_t at)
{
	return (uint8_t)(at * 7 + (at >> 8));
}

static void all_send(const uint8_t *bytes, size_t len)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	ssize_t n;

	while ((n = frame_stream_send(stream, bytes, len)) == 0) {
		assert_int_equal(frame_stream_wait(stream, 10), 0);
		assert_true(clock_monotonic_ns() < deadline);
	}
	assert_int_equal(n, len);
}

/* Bytes from..to of the stream that byte_of() makes, in sends of len. */
static void bytes_send(size_t from, size_t to, size_t len)
{
	uint8_t bytes[4096];

	while (from < to) {
		size_t part = to - from < len ? to - from : len;

		for (size_t i = 0; i < part; i++)
			bytes[i] = byte_of(from + i);
		all_send(bytes, part);
		from += part;
	}
}

/* The far end reads to the end of the stream: how many bytes were right. */
static void *far_read(void *context)
{
	static uint8_t bytes[65536];
	_Atomic size_t *count = context;
	ssize_t n;

	while ((n = recv(far_end, bytes, sizeof(bytes), 0)) > 0 ||
	       (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n && bytes[i] == byte_of(*count); i++)
			++*count;
	return NULL;
}

/* all: bytes, in sends of len. */
static void stream_is_whole(int buffer, size_t all, size_t len,
			    useconds_t late_us)
{
	pthread_t thread;
	_Atomic size_t count = 0;

	both_open(buffer);
	if (late_us) {
		/* Fits into no buffer on the way, so it has to wait. */
		bytes_send(0, 16384, len);
		usleep(late_us);
	}
	assert_int_equal(pthread_create(&thread, NULL, far_read, &count), 0);
	bytes_send(late_us ? 16384 : 0, all, len);
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	assert_int_equal(count, all);
	both_close(NULL);
}

static void test_bytes_arrive(void **state)
{
	(void)state;
	XDP_NEEDED();
	stream_is_whole(0, MANY, ORDER, 0);
	stream_is_whole(0, SINGLE, 1, 0);
	stream_is_whole(0, MANY, 1460, 0);
	stream_is_whole(0, MANY, 4096, 0);
}

static void test_a_slow_reader_loses_nothing(void **state)
{
	(void)state;
	XDP_NEEDED();
	stream_is_whole(8192, MANY, ORDER, 100000);
	stream_is_whole(8192, MANY, 4096, 100000);
}

static void *far_read_late(void *context)
{
	usleep(400000);
	return far_read(context);
}

/* Closing is no reason to lose what is still on its way. */
static void test_closing_waits_for_the_reader(void **state)
{
	enum { LEN = 40000 };
	pthread_t thread;
	_Atomic size_t count = 0;

	(void)state;
	XDP_NEEDED();
	both_open(8192);
	assert_int_equal(pthread_create(&thread, NULL, far_read_late, &count),
			 0);
	bytes_send(0, LEN, 4096);
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	assert_int_equal(count, LEN);
}

static void test_each_order_leaves_at_once(void **state)
{
	uint8_t bytes[64];

	(void)state;
	XDP_NEEDED();
	both_open(0);
	for (size_t i = 0; i < 100; i++) {
		bytes_send(i * ORDER, (i + 1) * ORDER, ORDER);
		assert_int_equal(recv(far_end, bytes, sizeof(bytes), 0), ORDER);
		assert_int_equal(bytes[0], byte_of(i * ORDER));
	}
	assert_int_equal(frame_stream_alive(stream), 0);
}

/* Runs the stack as a trader does: by asking for market data. */
static int end_wait(void)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;
	int err = 0;

	while (!err && clock_monotonic_ns() < deadline) {
		xs.port.ops->take(&xs.port, &frame, 1);
		err = frame_stream_alive(stream);
	}
	return err;
}

static void test_the_peer_closes(void **state)
{
	const struct linger reset = { .l_onoff = 1 };

	(void)state;
	XDP_NEEDED();
	both_open(0);
	/* What it says is no end. */
	assert_int_equal(send(far_end, "hello", 5, 0), 5);
	bytes_send(0, ORDER, ORDER);
	assert_int_equal(frame_stream_alive(stream), 0);
	shutdown(far_end, SHUT_WR);
	assert_int_equal(end_wait(), -EPIPE);
	assert_int_equal(frame_stream_send(stream, (const uint8_t *)"x", 1),
			 -EPIPE);
	both_close(NULL);
	both_open(0);
	setsockopt(far_end, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(far_end);
	far_end = -1;
	assert_int_equal(end_wait(), -ECONNRESET);
	assert_int_equal(frame_stream_send(stream, (const uint8_t *)"x", 1),
			 -ECONNRESET);
}

static void *late_listen(void *context)
{
	struct sockaddr_in address = address_of(FAR_ADDRESS, TCP_PORT);

	usleep(120000);
	if (namespace_enter(rig.far) == 0)
		*(int *)context = socket_listen(&address, 1);
	return NULL;
}

static void test_connecting_again_while_it_refuses(void **state)
{
	const char *caught;
	pthread_t thread;
	int err;

	(void)state;
	XDP_NEEDED();
	rings_open();
	log_catch();
	err = connect_to(FAR_ADDRESS, 200, NULL);
	caught = log_caught();
	assert_int_equal(err, -ECONNREFUSED);
	assert_null(stream);
	assert_true(is_one_line(caught, "can't connect to 10.8.0.2:9012 by "
					"kernel bypass, on near0: "
					"Connection refused"));
	assert_int_equal(
		pthread_create(&thread, NULL, late_listen, &far_listener), 0);
	assert_int_equal(connect_to(FAR_ADDRESS, SOON_MS, NULL), 0);
	pthread_join(thread, NULL);
	far_accept();
}

static void test_nobody_there(void **state)
{
	static const volatile int stop = 1;
	const char *caught;
	int err;

	(void)state;
	XDP_NEEDED();
	rings_open();
	log_catch();
	err = connect_to("10.8.0.77", 100, NULL);
	caught = log_caught();
	assert_int_equal(err, -EHOSTUNREACH);
	assert_true(is_one_line(caught, "it must be on the same link"));
	log_catch();
	err = connect_to("10.8.0.77", SOON_MS, &stop);
	caught = log_caught();
	assert_int_equal(err, -EINTR);
	assert_string_equal(caught, "");
	log_catch();
	err = connect_to(FAR_ADDRESS, SOON_MS, &stop);
	caught = log_caught();
	assert_int_equal(err, -EINTR);
	assert_string_equal(caught, "");
}

static void numbers_send(int fd, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(send(fd, &i, sizeof(i), 0), sizeof(i));
}

/* Connecting, and waiting for room, leave market data where it is. */
static void test_other_flows_wait(void **state)
{
	struct sockaddr_in group = address_of(GROUP, PORT);
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	uint32_t next = 0;
	pthread_t thread;
	_Atomic size_t count = 0;
	int sender;

	(void)state;
	XDP_NEEDED();
	rig_enter(rig.far);
	sender = socket_multicast_sender(&group, &rig.far_interface, 1);
	rig_enter(rig.near);
	rings_open();
	far_listen();
	numbers_send(sender, 0, 20);
	assert_int_equal(connect_to(FAR_ADDRESS, SOON_MS, NULL), 0);
	far_accept();
	numbers_send(sender, 20, 40);
	assert_int_equal(pthread_create(&thread, NULL, far_read, &count), 0);
	bytes_send(0, MANY, ORDER);
	numbers_send(sender, 40, 60);
	while (next < 60) {
		struct frame_port_frame frame;
		struct datagram datagram;

		assert_true(clock_monotonic_ns() < deadline);
		if (!xs.port.ops->take(&xs.port, &frame, 1))
			continue;
		assert_true(datagram_read(frame.bytes, frame.len, &datagram));
		assert_memory_equal(datagram.payload, &next, sizeof(next));
		next++;
	}
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	assert_int_equal(count, MANY);
	close(sender);
}

/* What was lost on the way is sent again. */
static void test_down_and_up_again(void **state)
{
	pthread_t thread;
	_Atomic size_t count = 0;

	(void)state;
	XDP_NEEDED();
	both_open(0);
	bytes_send(0, ORDER, ORDER);
	namespace_link(rig.near, NEAR_NAME, 0);
	bytes_send(ORDER, 2 * ORDER, ORDER);
	namespace_link(rig.near, NEAR_NAME, 1);
	bytes_send(2 * ORDER, 3 * ORDER, ORDER);
	assert_int_equal(pthread_create(&thread, NULL, far_read, &count), 0);
	/* Its close waits for what is not acknowledged, but 2 s alone. */
	for (int i = 0; i < 100 && count < 3 * ORDER; i++) {
		struct frame_port_frame frame;
		uint64_t until = clock_monotonic_ns() + CLOCK_NS_PER_S / 10;

		while (clock_monotonic_ns() < until)
			xs.port.ops->take(&xs.port, &frame, 1);
	}
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	assert_int_equal(count, 3 * ORDER);
}

/* The kernel, to which the port has fallen, tells the peer. */
static void test_kill_resets(void **state)
{
	pid_t child;
	char byte;
	int n;

	(void)state;
	XDP_NEEDED();
	far_listen();
	child = fork();
	if (child == 0) {
		rings_open();
		if (connect_to(FAR_ADDRESS, SOON_MS, NULL) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &n, 0), child);
	assert_true(WIFSIGNALED(n));
	far_accept();
	assert_int_equal(send(far_end, "x", 1, 0), 1);
	assert_int_equal(recv(far_end, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void run_in(int space, const char *command)
{
	rig_enter(space);
	if (system(command) != 0)
		fail_msg("%s", command);
	rig_enter(rig.near);
}

/* The trader's loop, and now and then its look at the rest of the world,
 * until the far end has read so much. */
static void trade_until(const _Atomic size_t *count, size_t wanted)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;

	while (*count < wanted) {
		uint64_t until = clock_monotonic_ns() + CLOCK_NS_PER_S / 100;

		while (clock_monotonic_ns() < until)
			xs.port.ops->take(&xs.port, &frame, 1);
		assert_int_equal(frame_stream_alive(stream), 0);
		if (clock_monotonic_ns() > deadline)
			fail_msg("%zu bytes of %zu", *count, wanted);
	}
}

static void address_change(const char *command)
{
	pthread_t thread;
	_Atomic size_t count = 0;

	both_open(0);
	assert_int_equal(pthread_create(&thread, NULL, far_read, &count), 0);
	bytes_send(0, ORDER, ORDER);
	trade_until(&count, ORDER);
	run_in(rig.far, command);
	for (size_t i = 1; i < 50; i++)
		bytes_send(i * ORDER, (i + 1) * ORDER, ORDER);
	trade_until(&count, 50 * ORDER);
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	assert_int_equal(count, 50 * ORDER);
	both_close(NULL);
}

/* Another machine takes the peer's place: it says so (a gratuitous ARP), or
 * has to be asked. */
static void test_the_peers_ethernet_address_changes(void **state)
{
	char back[128];
	const uint8_t *own = rig.far_interface.ethernet;

	(void)state;
	XDP_NEEDED();
	address_change("echo 1 >/proc/sys/net/ipv4/conf/" FAR_NAME
		       "/arp_notify; "
		       "ip link set " FAR_NAME " address 02:00:00:00:55:01");
	address_change("echo 0 >/proc/sys/net/ipv4/conf/" FAR_NAME
		       "/arp_notify; "
		       "ip link set " FAR_NAME " address 02:00:00:00:55:02");
	snprintf(back, sizeof(back),
		 "ip link set " FAR_NAME
		 " address %02x:%02x:%02x:%02x:%02x:%02x",
		 own[0], own[1], own[2], own[3], own[4], own[5]);
	address_change(back);
}

/* Segments of the MTU before would not get through. */
static void test_the_mtu_shrinks(void **state)
{
	enum { LEN = 64 * 1024 };
	pthread_t thread;
	_Atomic size_t count = 0;

	(void)state;
	XDP_NEEDED();
	both_open(0);
	assert_int_equal(pthread_create(&thread, NULL, far_read, &count), 0);
	run_in(rig.far, "ip link set " FAR_NAME " mtu 576");
	run_in(rig.near, "ip link set " NEAR_NAME " mtu 576");
	assert_int_equal(frame_stream_alive(stream), 0);
	bytes_send(0, LEN, 4096);
	trade_until(&count, LEN);
	frame_stream_close(stream);
	stream = NULL;
	pthread_join(thread, NULL);
	run_in(rig.far, "ip link set " FAR_NAME " mtu 1500");
	run_in(rig.near, "ip link set " NEAR_NAME " mtu 1500");
}

/* far_accept() holds the source against NEAR_ADDRESS. */
static void test_the_source_is_the_routes(void **state)
{
	(void)state;
	XDP_NEEDED();
	run_in(rig.near, "ip addr flush dev " NEAR_NAME " && "
			 "ip addr add 10.9.9.1/24 dev " NEAR_NAME " && "
			 "ip addr add " NEAR_ADDRESS "/24 dev " NEAR_NAME);
	both_open(0);
	bytes_send(0, ORDER, ORDER);
	both_close(NULL);
	run_in(rig.near, "ip addr del 10.9.9.1/24 dev " NEAR_NAME);
}

/* A capture at the far end: its next segment that opens a connection. */
static void opening_read(int capture, uint32_t *number, uint16_t *port)
{
	uint8_t bytes[2048];

	for (;;) {
		ssize_t n = recv(capture, bytes, sizeof(bytes), 0);

		assert_true(n > 0);
		if (n < 14 + 20 + 20 || bytes[14 + 9] != IPPROTO_TCP ||
		    bytes[14 + 20 + 13] != 2)
			continue;
		memcpy(port, bytes + 14 + 20, sizeof(*port));
		memcpy(number, bytes + 14 + 20 + 4, sizeof(*number));
		*port = ntohs(*port);
		*number = ntohl(*number);
		return;
	}
}

/* RFC 6528: who sees one connection does not know the next one's numbers, be
 * it of the same process or of another. */
static void test_initial_numbers_are_unpredictable(void **state)
{
	enum { SESSIONS = 6 };
	struct timeval wait = { .tv_sec = 20 };
	uint32_t numbers[SESSIONS], far_apart = 0;
	uint16_t ports[SESSIONS];
	bool ports_differ = false;
	int capture, status;
	pid_t child;

	(void)state;
	XDP_NEEDED();
	rig_enter(rig.far);
	capture = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	rig_enter(rig.near);
	assert_true(capture >= 0);
	setsockopt(capture, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	for (int i = 0; i < SESSIONS; i++) {
		if (i < SESSIONS / 2) {
			both_open(0);
		} else {
			far_listen();
			child = fork();
			if (child == 0) {
				rings_open();
				_exit(connect_to(FAR_ADDRESS, SOON_MS, NULL));
			}
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_int_equal(status, 0);
		}
		opening_read(capture, &numbers[i], &ports[i]);
		both_close(NULL);
	}
	for (int i = 1; i < SESSIONS; i++) {
		uint32_t step = numbers[i] - numbers[i - 1];

		far_apart += step > 1 << 22 && step < UINT32_MAX - (1 << 22);
		ports_differ |=
			ports[i] > ports[0] + 16 || ports[i] + 16 < ports[0];
	}
	assert_true(far_apart >= SESSIONS - 2);
	assert_true(ports_differ);
	close(capture);
}

/* More than there are frames for, while the connection is made: they must not
 * keep the answer out. */
static void test_market_data_starves_no_answer(void **state)
{
	enum { FLOOD = 2000 };
	struct sockaddr_in group = address_of(GROUP, PORT);
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;
	uint64_t taken = 0;
	int sender;

	(void)state;
	XDP_NEEDED();
	rig_enter(rig.far);
	sender = socket_multicast_sender(&group, &rig.far_interface, 1);
	rig_enter(rig.near);
	rings_open();
	far_listen();
	numbers_send(sender, 0, FLOOD);
	assert_int_equal(connect_to(FAR_ADDRESS, SOON_MS, NULL), 0);
	far_accept();
	while (taken + xdp_socket_lost(&xs) < FLOOD) {
		taken += (uint64_t)xs.port.ops->take(&xs.port, &frame, 1);
		if (clock_monotonic_ns() > deadline)
			fail_msg("%llu taken, %llu lost of %d",
				 (unsigned long long)taken,
				 (unsigned long long)xdp_socket_lost(&xs),
				 FLOOD);
	}
	assert_int_equal(taken + xdp_socket_lost(&xs), FLOOD);
	close(sender);
}

static void test_again_and_again(void **state)
{
	unsigned int before;

	(void)state;
	XDP_NEEDED();
	before = descriptors();
	for (int i = 0; i < 20; i++) {
		char bytes[ORDER + 1];

		both_open(0);
		bytes_send(0, ORDER, ORDER);
		assert_int_equal(recv(far_end, bytes, sizeof(bytes), 0), ORDER);
		frame_stream_close(stream);
		stream = NULL;
		assert_int_equal(recv(far_end, bytes, sizeof(bytes), 0), 0);
		both_close(NULL);
	}
	assert_int_equal(descriptors(), before);
}

#define TEST(function) cmocka_unit_test_teardown(function, both_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_arrive),
		TEST(test_a_slow_reader_loses_nothing),
		TEST(test_closing_waits_for_the_reader),
		TEST(test_each_order_leaves_at_once),
		TEST(test_the_peer_closes),
		TEST(test_connecting_again_while_it_refuses),
		TEST(test_nobody_there),
		TEST(test_other_flows_wait),
		TEST(test_down_and_up_again),
		TEST(test_kill_resets),
		TEST(test_the_peers_ethernet_address_changes),
		TEST(test_the_mtu_shrinks),
		TEST(test_the_source_is_the_routes),
		TEST(test_initial_numbers_are_unpredictable),
		TEST(test_market_data_starves_no_answer),
		TEST(test_again_and_again),
	};

	return cmocka_run_group_tests_name("net_frame_stream", tests, rig_open,
					   rig_close);
}

#else

static void test_absent(void **state)
{
	(void)state;
#if defined(HAVE_LWIP)
	print_message("# skipped: built without libxdp\n");
	skip();
#else
	assert_non_null(frame_stream_absent());
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_absent) };

	return cmocka_run_group_tests_name("net_frame_stream", tests, NULL,
					   NULL);
}

#endif
