/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "net/socket.h"
#include "net/xdp_socket.h"
#include "net_support.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#define GROUP	 "239.255.0.1"
#define PORT	 12345
#define TCP_PORT 9012
#define SOON_NS	 (20 * CLOCK_NS_PER_S)
#define QUIET_NS (CLOCK_NS_PER_S / 10)

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
static int far_fd = -1; /* sends frames out of the far end */

static void far_open(void)
{
	if (far_fd >= 0)
		close(far_fd);
	rig_enter(rig.far);
	far_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	rig_enter(rig.near);
	assert_true(far_fd >= 0);
}

static struct xdp_socket_config config_make(unsigned int mode)
{
	return (struct xdp_socket_config){
		.who = "xdp",
		.interface = NEAR_NAME,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = address_of(GROUP, PORT) },
		.mode = mode,
		.frames = 256,
		.need_wakeup = true,
	};
}

static void socket_open(unsigned int mode)
{
	struct xdp_socket_config config = config_make(mode);
	const char *caught;
	int err;

	far_open();
	log_catch();
	err = xdp_socket_open(&xs, &config);
	caught = log_caught();
	assert_int_equal(err, 0);
	assert_true(is_one_line(caught, "256 frames in"));
}

/*
 * The far end: whole frames.
 */

struct shape {
	const char *destination;
	uint16_t port;
	uint16_t source_port;
	enum frame_protocol protocol;
	uint16_t vlan;
	const char *source; /* NULL: the far end's */
};

static const struct shape ours = { GROUP, PORT, 40000, FRAME_UDP, 0, NULL };

static size_t frame_make(const struct shape *shape, uint32_t number,
			 uint8_t bytes[static 256])
{
	struct frame_ethernet ethernet = { .vlan = shape->vlan };
	struct frame frame = {
		.protocol = shape->protocol,
		.ttl = 1,
		.source = ntohl(
			inet_addr(shape->source ? shape->source : FAR_ADDRESS)),
		.destination = ntohl(inet_addr(shape->destination)),
		.source_port = shape->source_port,
		.destination_port = shape->port,
		.payload = (const uint8_t *)&number,
		.payload_len = sizeof(number),
	};
	int len;

	memcpy(ethernet.source, rig.far_interface.ethernet, ETH_ALEN);
	memcpy(ethernet.destination, rig.near_interface.ethernet, ETH_ALEN);
	if (IN_MULTICAST(frame.destination))
		frame_multicast_address(frame.destination,
					ethernet.destination);
	len = frame_build(&ethernet, &frame, bytes, 256);
	assert_true(len > 0);
	return (size_t)len;
}

static void bytes_send(const uint8_t *bytes, size_t len)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)rig.far_interface.index,
				  .sll_halen = ETH_ALEN };

	assert_int_equal(sendto(far_fd, bytes, len, 0, (void *)&to, sizeof(to)),
			 len);
}

static void frame_send(const struct shape *shape, uint32_t number)
{
	uint8_t bytes[256];

	bytes_send(bytes, frame_make(shape, number, bytes));
}

/* The next frame that was not the listener's; 0: none. */
static int frame_take(struct frame_port_frame *frame, uint64_t wait_ns)
{
	uint64_t deadline = clock_monotonic_ns() + wait_ns;
	int n;

	do {
		n = xdp_socket_take(&xs, frame, 1);
	} while (!n && clock_monotonic_ns() < deadline);
	return n;
}

static void number_expect(uint32_t number)
{
	struct frame_port_frame frame;
	struct datagram datagram;

	assert_int_equal(frame_take(&frame, SOON_NS), 1);
	assert_true(datagram_read(frame.bytes, frame.len, &datagram));
	assert_int_equal(datagram.len, sizeof(number));
	assert_memory_equal(datagram.payload, &number, sizeof(number));
}

/*
 * Receiving and sending.
 */

static void frames_come(unsigned int mode)
{
	struct frame_port_frame frame;

	socket_open(mode);
	/* More than there is room for at once, so that frames go around. */
	for (uint32_t i = 0; i < 1000; i++) {
		frame_send(&ours, i);
		number_expect(i);
	}
	assert_int_equal(frame_take(&frame, 0), 0);
	assert_int_equal(xdp_socket_lost(&xs), 0);
	xdp_socket_close(&xs);
}

static void test_frames_come_in_each_mode(void **state)
{
	(void)state;
	XDP_NEEDED();
	frames_come(XDP_SOCKET_AUTO);
	frames_come(XDP_SOCKET_NATIVE);
	frames_come(XDP_SOCKET_GENERIC);
}

static void test_a_mode_that_is_not_there(void **state)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_ZEROCOPY);

	(void)state;
	XDP_NEEDED();
	log_catch();
	assert_int_equal(xdp_socket_open(&xs, &config), -EOPNOTSUPP);
	assert_true(is_one_line(log_caught(), "zero-copy (Operation not"));
}

static void test_busy_poll_and_no_wakeup(void **state)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_AUTO);

	(void)state;
	XDP_NEEDED();
	config.busy_poll_us = 20;
	config.need_wakeup = false;
	config.huge_pages = true;
	far_open();
	log_catch();
	assert_int_equal(xdp_socket_open(&xs, &config), 0);
	assert_int_equal(strstr(log_caught(), "no huge pages are free") != NULL,
			 !xs.arena.huge);
	for (uint32_t i = 0; i < 100; i++) {
		frame_send(&ours, i);
		number_expect(i);
	}
	xdp_socket_close(&xs);
}

/* A kernel socket that has joined the same group. */
static int member_open(void)
{
	struct sockaddr_in group = address_of(GROUP, PORT);
	unsigned int buffer = 1 << 20;
	int fd =
		socket_multicast_receiver(&group, &rig.near_interface, &buffer);
	struct timeval wait = { .tv_sec = 20 };

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)),
		0);
	return fd;
}

enum { OPTIONS_LEN = 4 };

static void options_send(const struct shape *shape, uint32_t number,
			 const uint8_t wanted[OPTIONS_LEN])
{
	enum { IP = 14, IP_LEN = 20 };
	uint8_t bytes[256 + OPTIONS_LEN];
	size_t len = frame_make(shape, number, bytes);
	uint8_t *ip = bytes + IP, *options = ip + IP_LEN;
	uint16_t checksum;

	memmove(options + OPTIONS_LEN, options, len - IP - IP_LEN);
	memcpy(options, wanted, OPTIONS_LEN);
	ip[0] = 0x46;
	ip[3] = (uint8_t)(ip[3] + OPTIONS_LEN);
	ip[10] = ip[11] = 0;
	checksum = checksum_end(checksum_sum(ip, IP_LEN + OPTIONS_LEN, 0));
	memcpy(ip + 10, &checksum, sizeof(checksum));
	bytes_send(bytes, len + OPTIONS_LEN);
}

static void number_expect_at(int fd, uint32_t number)
{
	uint32_t found = 0;

	assert_int_equal(recv(fd, &found, sizeof(found), 0), sizeof(found));
	assert_int_equal(found, number);
}

static void kernel_keeps_the_rest(unsigned int mode)
{
	static const struct shape strangers[] = {
		{ "239.255.0.2", PORT, 40000, FRAME_UDP, 0, NULL },
		{ GROUP, PORT + 1, 40000, FRAME_UDP, 0, NULL },
		{ GROUP, PORT, 40000, FRAME_UDP, 7, NULL },
		{ NEAR_ADDRESS, PORT, 40000, FRAME_UDP, 0, NULL },
		{ GROUP, PORT, 40000, FRAME_TCP, 0, NULL },
	};
	static const uint8_t no_operation[OPTIONS_LEN] = { 1, 1, 1, 1 };
	/* Where the ports would be; they are another one's. */
	static const uint8_t as_ports[OPTIONS_LEN] = { 1, 1, PORT >> 8,
						       PORT & 0xff };
	struct sockaddr_in here = address_of(NEAR_ADDRESS, PORT + 2);
	struct sockaddr_in group = address_of(GROUP, PORT);
	int member = member_open(), unicast, sender;
	struct frame_port_frame frame;
	static uint8_t large[4000];
	uint8_t bytes[256];

	socket_open(mode);
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
		frame_send(&strangers[i], 1);
	options_send(&strangers[1], 1, as_ports);

	unicast = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(unicast, (void *)&here, sizeof(here)), 0);
	frame_send(&(struct shape){ NEAR_ADDRESS, PORT + 2, 40000, FRAME_UDP, 0,
				    NULL },
		   3);
	number_expect_at(unicast, 3);
	close(unicast);
	close(member);

	/* Of all that there is nothing of ours. What is is for its reader to
	 * judge: with options, cut, the first piece of one in fragments. */
	assert_int_equal(frame_take(&frame, 0), 0);
	options_send(&ours, 2, no_operation);
	assert_int_equal(frame_take(&frame, SOON_NS), 1);
	assert_int_equal(frame.len, frame_make(&ours, 2, bytes) + OPTIONS_LEN);
	bytes_send(bytes, frame_make(&ours, 1, bytes) - 3);
	assert_int_equal(frame_take(&frame, SOON_NS), 1);
	assert_int_equal(frame.len, frame_make(&ours, 1, bytes) - 3);
	rig_enter(rig.far);
	sender = socket_multicast_sender(&group, &rig.far_interface, 1);
	rig_enter(rig.near);
	assert_int_equal(send(sender, large, sizeof(large), 0), sizeof(large));
	close(sender);
	assert_int_equal(frame_take(&frame, SOON_NS), 1);
	assert_int_equal(frame.bytes[20] & 0x3f, 0x20);
	frame_send(&ours, 4);
	number_expect(4);
	assert_int_equal(frame_take(&frame, 0), 0);
	xdp_socket_close(&xs);
}

static void test_the_kernel_keeps_the_rest(void **state)
{
	(void)state;
	XDP_NEEDED();
	kernel_keeps_the_rest(XDP_SOCKET_NATIVE);
	kernel_keeps_the_rest(XDP_SOCKET_GENERIC);
}

static void test_what_finds_no_room_is_counted(void **state)
{
	uint32_t received = 0;
	struct frame_port_frame frame;

	(void)state;
	XDP_NEEDED();
	socket_open(XDP_SOCKET_AUTO);
	for (uint32_t i = 0; i < 400; i++)
		frame_send(&ours, i);
	while (frame_take(&frame, QUIET_NS))
		received++;
	assert_int_equal(received, 256);
	assert_int_equal(xdp_socket_lost(&xs), 400 - 256);
	xdp_socket_close(&xs);
}

static void test_frames_leave(void **state)
{
	struct sockaddr_in far = address_of(FAR_ADDRESS, PORT);
	struct timeval wait = { .tv_sec = 20 };
	int fd;

	(void)state;
	XDP_NEEDED();
	rig_enter(rig.far);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (void *)&far, sizeof(far)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	rig_enter(rig.near);
	socket_open(XDP_SOCKET_AUTO);
	/* More than there are frames to send in. */
	for (uint32_t i = 0; i < 4 * XDP_SOCKET_SEND_FRAMES; i++) {
		const struct shape shape = { FAR_ADDRESS, PORT, 40000,
					     FRAME_UDP,	  0,	NEAR_ADDRESS };
		uint8_t bytes[256], *frame = xdp_socket_frame(&xs);
		size_t len = frame_make(&shape, i, bytes);

		memcpy(bytes, rig.far_interface.ethernet, ETH_ALEN);
		assert_non_null(frame);
		memcpy(frame, bytes, len);
		xdp_socket_send(&xs, (uint32_t)len);
		number_expect_at(fd, i);
	}
	xdp_socket_close(&xs);
	close(fd);
}

/*
 * A listener for TCP beside the group.
 */

static struct {
	struct frame_port_listener listener;
	unsigned int frames;
	unsigned int idle;
} heard;

static void on_frame(struct frame_port_listener *listener, uint8_t *bytes,
		     uint32_t len)
{
	assert_ptr_equal(listener, &heard.listener);
	assert_true(datagram_segment_check(bytes, len));
	heard.frames++;
}

static void on_idle(struct frame_port_listener *listener)
{
	assert_ptr_equal(listener, &heard.listener);
	heard.idle++;
}

static void frames_scan(unsigned int wanted)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;

	while (heard.frames < wanted && clock_monotonic_ns() < deadline)
		assert_int_equal(xdp_socket_scan(&xs), 0);
	assert_int_equal(heard.frames, wanted);
}

static void test_a_listener_has_its_flow(void **state)
{
	const struct frame_port_flow flow = {
		.protocol = IPPROTO_TCP,
		.destination = address_of(NEAR_ADDRESS, 33333),
		.source = address_of(FAR_ADDRESS, TCP_PORT),
	};
	const struct shape segment = { NEAR_ADDRESS, 33333, TCP_PORT,
				       FRAME_TCP,    0,	    NULL };
	const struct shape stranger = { NEAR_ADDRESS, 33333, TCP_PORT + 1,
					FRAME_TCP,    0,     NULL };
	const struct shape datagram = { NEAR_ADDRESS, 33333, TCP_PORT,
					FRAME_UDP,    0,     NULL };
	struct frame_port_frame frame;

	(void)state;
	XDP_NEEDED();
	memset(&heard, 0, sizeof(heard));
	heard.listener.frame = on_frame;
	heard.listener.idle = on_idle;
	socket_open(XDP_SOCKET_AUTO);
	xs.port.listener = &heard.listener;
	frame_send(&segment, 0);
	assert_int_equal(xdp_socket_flow_add(&xs, &flow), 0);
	/* Scanned: the segments are heard, once, the others wait. */
	frame_send(&ours, 1);
	frame_send(&segment, 0);
	frame_send(&stranger, 0);
	frame_send(&datagram, 0);
	frame_send(&ours, 2);
	frame_send(&segment, 0);
	frames_scan(2);
	frame_send(&ours, 3);
	frame_send(&segment, 0);
	frame_send(&ours, 4);
	number_expect(1);
	number_expect(2);
	number_expect(3);
	number_expect(4);
	assert_int_equal(heard.frames, 3);
	assert_int_equal(xdp_socket_scan(&xs), 0);
	assert_int_equal(heard.frames, 3);
	heard.idle = 0;
	assert_int_equal(frame_take(&frame, QUIET_NS), 0);
	assert_true(heard.idle > 0);
	xdp_socket_flow_remove(&xs, &flow);
	frame_send(&segment, 0);
	frame_send(&ours, 5);
	number_expect(5);
	assert_int_equal(heard.frames, 3);
	xdp_socket_close(&xs);
}

/* A burst of so many, whole. */
static void burst_take(struct frame_port_frame *frames, unsigned int wanted)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	int n;

	do {
		n = xdp_socket_take(&xs, frames, wanted);
	} while (!n && clock_monotonic_ns() < deadline);
	assert_int_equal(n, wanted);
}

static void frame_expect(const struct frame_port_frame *frame, uint32_t number)
{
	struct datagram datagram = { 0 };

	assert_true(datagram_read(frame->bytes, frame->len, &datagram));
	assert_memory_equal(datagram.payload, &number, sizeof(number));
}

/* The last take's frames, while others go around by scans; and in the end each
 * frame is there, once. */
static void test_a_scan_leaves_the_last_take(void **state)
{
	const struct frame_port_flow flow = {
		.protocol = IPPROTO_TCP,
		.destination = address_of(NEAR_ADDRESS, 33333),
		.source = address_of(FAR_ADDRESS, TCP_PORT),
	};
	const struct shape segment = { NEAR_ADDRESS, 33333, TCP_PORT,
				       FRAME_TCP,    0,	    NULL };
	struct frame_port_frame frames[4];

	(void)state;
	XDP_NEEDED();
	memset(&heard, 0, sizeof(heard));
	heard.listener.frame = on_frame;
	heard.listener.idle = on_idle;
	socket_open(XDP_SOCKET_AUTO);
	xs.port.listener = &heard.listener;
	assert_int_equal(xdp_socket_flow_add(&xs, &flow), 0);
	for (uint32_t i = 0; i < 300; i++) {
		unsigned int held = 1 + i % 4, segments = 1 + i / 4 % 4;

		for (unsigned int k = 0; k < held; k++)
			frame_send(&ours, i + k);
		burst_take(frames, held);
		for (unsigned int k = 0; k < segments; k++)
			frame_send(&segment, 0);
		frames_scan(heard.frames + segments);
		for (unsigned int k = 0; k < held; k++)
			frame_expect(&frames[k], i + k);
	}
	assert_int_equal(xdp_socket_take(&xs, frames, 1), 0);
	for (uint32_t i = 0; i < 256; i++)
		frame_send(&ours, i);
	for (uint32_t i = 0; i < 256; i++)
		number_expect(i);
	assert_int_equal(xdp_socket_lost(&xs), 0);
	xdp_socket_close(&xs);
}

/*
 * What goes wrong.
 */

static void refused(const struct xdp_socket_config *config, int err,
		    const char *text)
{
	static struct xdp_socket other;
	const char *caught;
	int got;

	log_catch();
	got = xdp_socket_open(&other, config);
	caught = log_caught();
	assert_int_equal(got, err);
	assert_true(is_one_line(caught, text));
}

static void test_refusals(void **state)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_AUTO);

	(void)state;
	XDP_NEEDED();
	config.interface = "nowhere0";
	refused(&config, -ENODEV, "interface 'nowhere0': No such device");
	config.interface = NEAR_NAME;
	config.queue = 77;
	refused(&config, -EINVAL, "queue 77: near0 has 1, from 0");
	config.queue = 0;
	namespace_link(rig.near, NEAR_NAME, 0);
	refused(&config, -ENETDOWN, "near0 is down");
	namespace_link(rig.near, NEAR_NAME, 1);
	socket_open(XDP_SOCKET_AUTO);
	refused(&config, -EBUSY, "another XDP program is attached, id ");
	config.mode = XDP_SOCKET_GENERIC;
	refused(&config, -EBUSY, "another XDP program is attached, id ");
	xdp_socket_close(&xs);
	socket_open(XDP_SOCKET_AUTO);
	xdp_socket_close(&xs);
}

/* In a child, so that this process keeps its capabilities. Returns the
 * child's exit code. */
static int in_child(void (*work)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		work();
		_exit(99);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void capability_drop(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	syscall(SYS_capget, &header, data);
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	syscall(SYS_capset, &header, data);
}

static void open_is(int err, const char *text)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_AUTO);
	int got;

	log_catch();
	got = xdp_socket_open(&xs, &config);
	_exit(got == err && is_one_line(log_caught(), text) ? 0 : 1);
}

static void without_raw(void)
{
	const char *fault = "";

	capability_drop(CAP_NET_RAW);
	if (xdp_socket_probe(&fault) != -EPERM || !strstr(fault, "CAP_NET_RAW"))
		_exit(1);
	open_is(-EPERM, "CAP_NET_RAW");
}

static void without_bpf(void)
{
	const char *fault = "";

	capability_drop(CAP_SYS_ADMIN);
	capability_drop(CAP_BPF);
	if (xdp_socket_probe(&fault) != -EPERM || !strstr(fault, "CAP_BPF"))
		_exit(1);
	open_is(-EPERM, "CAP_BPF");
}

static void without_admin(void)
{
	const char *fault = "";

	capability_drop(CAP_SYS_ADMIN);
	capability_drop(CAP_NET_ADMIN);
	if (xdp_socket_probe(&fault) != -EPERM ||
	    !strstr(fault, "CAP_NET_ADMIN"))
		_exit(1);
	open_is(-EPERM, "CAP_NET_ADMIN");
}

/* What sees VLAN tags in the stack is a tracing program. */
static void without_perfmon(void)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_GENERIC);
	int got;

	capability_drop(CAP_SYS_ADMIN);
	capability_drop(CAP_PERFMON);
	log_catch();
	got = xdp_socket_open(&xs, &config);
	if (got != -EPERM || !is_one_line(log_caught(), "CAP_PERFMON"))
		_exit(1);
	/* Who only sends needs none of it. */
	config.flow.protocol = 0;
	log_catch();
	if (xdp_socket_open(&xs, &config))
		_exit(2);
	xdp_socket_close(&xs);
	/* Nor does native mode, where the driver tells. */
	config = config_make(XDP_SOCKET_NATIVE);
	log_catch();
	_exit(xdp_socket_open(&xs, &config) ? 3 : 0);
}

static void with_little_memory(void)
{
	const struct rlimit limit = { .rlim_cur = 65536, .rlim_max = 65536 };

	setrlimit(RLIMIT_MEMLOCK, &limit);
	capability_drop(CAP_IPC_LOCK);
	open_is(-ENOBUFS, "the limit of locked memory, 64 KiB");
}

/* Frames that find no room are counted later; that there may be some is said
 * at once. */
static void test_a_large_mtu_is_warned_of(void **state)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_GENERIC);
	const char *caught;
	int err;

	(void)state;
	XDP_NEEDED();
	assert_int_equal(system("ip link set " NEAR_NAME " mtu 1774"), 0);
	socket_open(XDP_SOCKET_GENERIC);
	xdp_socket_close(&xs);
	assert_int_equal(system("ip link set " NEAR_NAME " mtu 1775"), 0);
	log_catch();
	err = xdp_socket_open(&xs, &config);
	caught = log_caught();
	assert_int_equal(system("ip link set " NEAR_NAME " mtu 1500"), 0);
	assert_int_equal(err, 0);
	assert_non_null(strstr(caught, "near0: its MTU is 1775: frames of more "
				       "than 1792 bytes are lost"));
	xdp_socket_close(&xs);
}

static void test_missing_permission_is_named(void **state)
{
	(void)state;
	XDP_NEEDED();
	assert_int_equal(in_child(without_raw), 0);
	assert_int_equal(in_child(without_bpf), 0);
	assert_int_equal(in_child(without_admin), 0);
	assert_int_equal(in_child(without_perfmon), 0);
	assert_int_equal(in_child(with_little_memory), 0);
}

static void die_with_it(void)
{
	struct xdp_socket_config config = config_make(XDP_SOCKET_AUTO);

	log_catch();
	if (xdp_socket_open(&xs, &config) == 0)
		raise(SIGKILL);
}

static void test_kill_leaves_nothing(void **state)
{
	(void)state;
	XDP_NEEDED();
	assert_int_equal(in_child(die_with_it), 128);
	socket_open(XDP_SOCKET_AUTO);
	frame_send(&ours, 1);
	number_expect(1);
	xdp_socket_close(&xs);
}

static void link_bounces(unsigned int mode)
{
	struct frame_port_frame frame;
	unsigned int queued = 0;
	uint64_t deadline;
	uint8_t *bytes;

	socket_open(mode);
	frame_send(&ours, 1);
	number_expect(1);
	namespace_link(rig.near, NEAR_NAME, 0);
	assert_int_equal(frame_take(&frame, QUIET_NS), 0);
	/* Sending waits or fails until all frames are queued, and does no
	 * harm. */
	for (; (bytes = xdp_socket_frame(&xs)); queued++) {
		assert_in_range(queued, 0, XDP_SOCKET_SEND_FRAMES - 1);
		xdp_socket_send(&xs, (uint32_t)frame_make(&ours, 9, bytes));
	}
	assert_int_equal(queued, XDP_SOCKET_SEND_FRAMES);
	namespace_link(rig.near, NEAR_NAME, 1);
	deadline = clock_monotonic_ns() + SOON_NS;
	/* Who asks for a frame makes them leave. */
	while (!xdp_socket_frame(&xs))
		assert_true(clock_monotonic_ns() < deadline);
	do {
		frame_send(&ours, 2);
		assert_true(clock_monotonic_ns() < deadline);
	} while (!frame_take(&frame, QUIET_NS));
	while (frame_take(&frame, QUIET_NS))
		;
	frame_send(&ours, 3);
	number_expect(3);
	xdp_socket_close(&xs);
}

static void test_down_and_up_again(void **state)
{
	(void)state;
	XDP_NEEDED();
	link_bounces(XDP_SOCKET_NATIVE);
	link_bounces(XDP_SOCKET_GENERIC);
}

/* As when its driver is unloaded. The pair is made anew for who follows. */
static void interface_vanishes(unsigned int mode)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	struct frame_port_frame frame;
	int n = 0;

	socket_open(mode);
	assert_int_equal(system("ip link delete " NEAR_NAME), 0);
	while (!n && clock_monotonic_ns() < deadline)
		n = frame_take(&frame, QUIET_NS);
	assert_int_equal(n, -ENODEV);
	/* And it stays so. */
	assert_int_equal(frame_take(&frame, SOON_NS), -ENODEV);
	xdp_socket_close(&xs);
	rig_close(NULL);
	rig.fault = rig_make();
}

static void test_the_interface_vanishes(void **state)
{
	(void)state;
	XDP_NEEDED();
	if (system("ip -V >/dev/null 2>&1") != 0) {
		print_message("# skipped: no ip(8)\n");
		skip();
	}
	interface_vanishes(XDP_SOCKET_NATIVE);
	interface_vanishes(XDP_SOCKET_GENERIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_come_in_each_mode),
		cmocka_unit_test(test_a_mode_that_is_not_there),
		cmocka_unit_test(test_busy_poll_and_no_wakeup),
		cmocka_unit_test(test_the_kernel_keeps_the_rest),
		cmocka_unit_test(test_what_finds_no_room_is_counted),
		cmocka_unit_test(test_frames_leave),
		cmocka_unit_test(test_a_listener_has_its_flow),
		cmocka_unit_test(test_a_scan_leaves_the_last_take),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_a_large_mtu_is_warned_of),
		cmocka_unit_test(test_missing_permission_is_named),
		cmocka_unit_test(test_kill_leaves_nothing),
		cmocka_unit_test(test_down_and_up_again),
		cmocka_unit_test(test_the_interface_vanishes),
	};

	return cmocka_run_group_tests_name("net_xdp_socket", tests, rig_open,
					   rig_close);
}

#else

static void test_absent(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_int_equal(xdp_socket_probe(&why), -EOPNOTSUPP);
	assert_string_equal(why, "built without libxdp");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_absent) };

	return cmocka_run_group_tests_name("net_xdp_socket", tests, NULL, NULL);
}

#endif
