/* SPDX-License-Identifier: MIT */
/* Mostly waits: io_uring takes 0.1 s to close a ring. */
/*
 * What every publish path must do, asked of every one in the list and of its
 * variants: two private namespaces joined by a veth pair, this process in the
 * near one, a UDP socket that has joined the group in the far one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/namespace.h"
#include "net/socket.h"
#include "publish/publish_path_ops.h"
#include "receive/receive_ops.h"
#include "tests/support/conformance.h"
#include "tests/support/rdma_device.h"
#include "tests/support/descriptors.h"
#include "tests/support/ring.h"

#define WAIT_NS	    (120 * CLOCK_NS_PER_S) /* until it has failed */
#define PORT	    12345
#define TTL	    7
#define NEAR	    "near0"
#define FAR	    "far0"
#define PAYLOAD	    36
#define PAYLOAD_MAX 1472 /* of a frame at an MTU of 1500 */
#define MANY	    10000

/* Paths that are other ones with these options, and do all again. */
static const struct conformance_variant variants[] = {
	{ "uring", "sqpoll=on" },
	{ "uring", "sqpoll=on,sq_cpu=0,sq_idle=1" },
	{ "uring", "registered_file=off" },
	{ "zerocopy", "how=send_zc" },
	{ "zerocopy", "how=send_zc,registered_buffer=off" },
	{ "packet", "qdisc_bypass=off" },
	{ "packet_ring", "qdisc_bypass=off" },
	{ "packet_ring", "frames=65" },
	{ "xdp", "mode=generic" },
	{ "xdp", "wakeup=off" },
};

static struct {
	int near, far;
	struct interface near_interface, far_interface;
	struct publish_path_config config;
	bool in_memory; /* the path that is asked writes a ring */
} rig = { .near = -1, .far = -1 };

/*
 * The far end.
 */

static struct receive
	*memory; /* of a path that writes one; NULL: by a socket */

/* Where it is written: soon. */
static int ring_receiver_open(void)
{
	const struct receive_config config = { .group = rig.config.group };
	const uint64_t deadline = clock_monotonic_ns() + WAIT_NS;

	while (receive_open("shm", &config, &memory) < 0) {
		assert_true(clock_monotonic_ns() < deadline);
		poll(NULL, 0, 10);
	}
	return -1;
}

static int receiver_open(void)
{
	unsigned int buffer = 64 << 20;
	int on = 1, fd;

	if (rig.in_memory)
		return ring_receiver_open();

	assert_int_equal(namespace_enter(rig.far), 0);
	fd = socket_multicast_receiver(&rig.config.group, &rig.far_interface,
				       &buffer);
	assert_int_equal(namespace_enter(rig.near), 0);
	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)), 0);
	return fd;
}

static void receiver_close(int fd)
{
	if (fd >= 0)
		close(fd);
	receive_close(memory);
	memory = NULL;
}

struct heard {
	uint8_t bytes[8192];
	ssize_t len; /* -EAGAIN: nothing came */
	struct sockaddr_in from;
	int ttl;
};

static void ring_hear(struct heard *heard, int timeout_ms)
{
	const uint64_t deadline = clock_monotonic_ns() +
				  (unsigned int)timeout_ms * CLOCK_NS_PER_MS;
	struct packet packet;
	int n;

	do
		n = receive_poll(memory, &packet, 1);
	while (n == 0 && clock_monotonic_ns() < deadline);
	assert_true(n >= 0);
	heard->len = n ? (ssize_t)packet.len : -EAGAIN;
	if (n)
		memcpy(heard->bytes, packet.data, packet.len);
}

static void hear(int fd, struct heard *heard, int timeout_ms)
{
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct iovec bytes = { heard->bytes, sizeof(heard->bytes) };
	struct msghdr message = { .msg_name = &heard->from,
				  .msg_namelen = sizeof(heard->from),
				  .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *first;

	if (memory) {
		ring_hear(heard, timeout_ms);
		return;
	}
	poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, timeout_ms);
	heard->len = recvmsg(fd, &message, MSG_DONTWAIT);
	if (heard->len < 0) {
		heard->len = -errno;
		return;
	}
	first = CMSG_FIRSTHDR(&message);
	assert_non_null(first);
	assert_int_equal(first->cmsg_type, IP_TTL);
	memcpy(&heard->ttl, CMSG_DATA(first), sizeof(heard->ttl));
}

/* Bytes that tell the datagram's number and length. */
static void payload_fill(uint8_t *bytes, size_t len, uint32_t number)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number * 31 + i * 7 + len);
	if (len >= sizeof(number))
		memcpy(bytes, &number, sizeof(number));
}

static void expect(int fd, size_t len, uint32_t number)
{
	static struct heard heard;
	uint8_t wanted[sizeof(heard.bytes)];

	hear(fd, &heard, 15000);
	payload_fill(wanted, len, number);
	assert_int_equal(heard.len, len);
	assert_memory_equal(heard.bytes, wanted, len);
}

static void expect_silence(int fd)
{
	static struct heard heard;

	hear(fd, &heard, 50);
	assert_int_equal(heard.len, -EAGAIN);
}

/*
 * The near end.
 */

static struct publish_path *path_open(const char *text)
{
	struct publish_path *path = NULL;

	assert_int_equal(publish_path_open(text, &rig.config, &path), 0);
	assert_non_null(path);
	assert_true(path->fd >= 0);
	return path;
}

/* Until all went, or an error that does not pass. What they lay in is spoilt
 * at once, as its owner may. */
static int burst_send(struct publish_path *path, const size_t *lens,
		      unsigned int count, uint32_t number)
{
	static uint8_t bytes[PUBLISH_PATH_BURST_MAX][8192];
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct iovec datagrams[PUBLISH_PATH_BURST_MAX];
	unsigned int sent = 0;

	for (unsigned int i = 0; i < count; i++) {
		payload_fill(bytes[i], lens[i], number + i);
		datagrams[i] = (struct iovec){ bytes[i], lens[i] };
	}
	while (sent < count) {
		int n = publish_path_send(path, datagrams + sent, count - sent);

		assert_true(n != 0 && n <= (int)(count - sent));
		assert_true(clock_monotonic_ns() < deadline);
		if (n > 0) {
			for (int i = 0; i < n; i++)
				memset(bytes[sent + (unsigned int)i], 0xee,
				       sizeof(bytes[0]));
			sent += (unsigned int)n;
		} else if (n == -EAGAIN) {
			poll(&(struct pollfd){ path->fd, POLLOUT, 0 }, 1, 100);
		} else if (n == -ENOBUFS) {
			poll(NULL, 0, 1);
		} else if (n != -EINTR) {
			return n;
		}
	}
	return 0;
}

static int one_send(struct publish_path *path, size_t len, uint32_t number)
{
	return burst_send(path, &len, 1, number);
}

/* What does not apply to a ring in memory says why. */
static bool is_beside_memory(const char *why)
{
	if (rig.in_memory)
		print_message("# not asked of memory: %s\n", why);
	return rig.in_memory;
}

static bool makes_frames(const char *text)
{
	return !strncmp(text, "packet", 6) || !strncmp(text, "xdp", 3);
}

/*
 * The cases.
 */

static void all_sizes(const char *text)
{
	static const size_t lens[] = { 8,  36, 0,	    1,
				       13, 64, PAYLOAD_MAX, PAYLOAD_MAX - 1,
				       8 };
	struct publish_path *path = path_open(text);
	int fd = receiver_open();

	assert_int_equal(burst_send(path, lens, ARRAY_SIZE(lens), 0), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++)
		expect(fd, lens[i], i);
	for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++)
		assert_int_equal(one_send(path, lens[i], i), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(lens); i++)
		expect(fd, lens[i], i);
	expect_silence(fd);
	receiver_close(fd);
	publish_path_close(path);
}

/* Bursts of all sizes, and nobody reads meanwhile. */
static void many(const char *text)
{
	struct publish_path *path =
		path_open(rig.in_memory ? "shm:slots=16384" : text);
	size_t lens[PUBLISH_PATH_BURST_MAX];
	int fd = receiver_open();
	uint32_t sent = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		lens[i] = PAYLOAD;
	while (sent < MANY) {
		unsigned int count = 1 + sent % PUBLISH_PATH_BURST_MAX;

		count = count < MANY - sent ? count : MANY - sent;
		assert_int_equal(burst_send(path, lens, count, sent), 0);
		sent += count;
	}
	for (uint32_t i = 0; i < MANY; i++)
		expect(fd, PAYLOAD, i);
	expect_silence(fd);
	assert_int_equal(socket_drops(fd), 0);
	receiver_close(fd);
	publish_path_close(path);
}

static void headers(const char *text)
{
	static struct heard heard;
	struct publish_path *path;
	uint16_t port = 0;
	int fd;

	if (is_beside_memory("it has no headers"))
		return;
	path = path_open(text);
	fd = receiver_open();
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(one_send(path, PAYLOAD, i), 0);
		hear(fd, &heard, 15000);
		assert_int_equal(heard.len, PAYLOAD);
		assert_int_equal(heard.ttl, TTL);
		assert_int_equal(heard.from.sin_addr.s_addr,
				 rig.near_interface.address.s_addr);
		assert_true(heard.from.sin_port != 0);
		assert_true(!port || port == heard.from.sin_port);
		port = heard.from.sin_port;
	}
	receiver_close(fd);
	publish_path_close(path);
}

/* The kernel makes fragments of it, who makes frames refuses it; what comes
 * before and after it goes. */
static void over_the_mtu(const char *text)
{
	const bool limited = makes_frames(text) || rig.in_memory;
	const size_t lens[] = { PAYLOAD, rig.in_memory ? 2049 : PAYLOAD_MAX + 1,
				PAYLOAD };
	struct publish_path *path = path_open(text);
	int fd = receiver_open();
	int err = burst_send(path, lens, ARRAY_SIZE(lens), 0);

	assert_int_equal(err, limited ? -EMSGSIZE : 0);
	expect(fd, PAYLOAD, 0);
	if (!err)
		expect(fd, PAYLOAD_MAX + 1, 1);
	else
		assert_int_equal(one_send(path, PAYLOAD, 2), 0);
	expect(fd, PAYLOAD, 2);
	expect_silence(fd);
	receiver_close(fd);
	publish_path_close(path);
}

static void link_bounces(const char *text)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct publish_path *path;
	int fd, err;

	if (is_beside_memory("it leaves by no link"))
		return;
	path = path_open(text);
	fd = receiver_open();
	assert_int_equal(one_send(path, PAYLOAD, 1), 0);
	expect(fd, PAYLOAD, 1);
	assert_int_equal(namespace_link(rig.near, NEAR, 0), 0);
	/* An error that says so or not, but it comes back. */
	for (int i = 0; i < 3; i++) {
		uint8_t bytes[PAYLOAD] = { 0 };
		struct iovec datagram = { bytes, sizeof(bytes) };

		err = publish_path_send(path, &datagram, 1);
		if (err != 0 && err != 1 && err != -ENETDOWN &&
		    err != -ENETUNREACH && err != -ENOBUFS && err != -EAGAIN)
			fail_msg("a link that is down: %d", err);
	}
	assert_int_equal(namespace_link(rig.near, NEAR, 1), 0);
	do {
		static struct heard heard;

		err = one_send(path, PAYLOAD, 2);
		hear(fd, &heard, 10);
		if (!err && heard.len == PAYLOAD)
			break;
		assert_true(clock_monotonic_ns() < deadline);
	} while (true);
	receiver_close(fd);
	publish_path_close(path);
}

struct arrived {
	uint32_t next; /* number */
	unsigned int count;
};

/* What has come so far: in order, and none of it that was not counted. */
static void arrive(int fd, struct arrived *arrived, int timeout_ms)
{
	static struct heard heard;

	for (;;) {
		uint32_t number;

		hear(fd, &heard, timeout_ms);
		if (heard.len == -EAGAIN)
			return;
		assert_int_equal(heard.len, PAYLOAD);
		memcpy(&number, heard.bytes, sizeof(number));
		assert_true(number >= arrived->next);
		arrived->next = number + 1;
		arrived->count++;
	}
}

/* A datagram, once; is it counted as sent? It is in the wire's error list, or
 * the path is no good. */
static bool try_send(struct publish_path *path, uint32_t number)
{
	uint8_t bytes[PAYLOAD];
	struct iovec datagram = { bytes, sizeof(bytes) };
	int n;

	payload_fill(bytes, sizeof(bytes), number);
	n = publish_path_send(path, &datagram, 1);
	if (n < 0 && n != -ENETDOWN && n != -ENETUNREACH && n != -ENOBUFS &&
	    n != -EAGAIN)
		fail_msg("a link that is down: %s", strerror(-n));
	return n == 1;
}

/* As long as a link is down, datagrams are offered as they are due: far more
 * than there are frames. What is counted as sent arrives, no more and no less,
 * and it goes on afterwards. */
static void link_goes(const char *text, int space, const char *name)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct publish_path *path = path_open(text);
	struct arrived arrived = { 0 };
	int fd = receiver_open();
	unsigned int sent = 0, before;
	uint32_t number = 0;

	while (number < 100)
		sent += try_send(path, number++);
	assert_int_equal(namespace_link(space, name, 0), 0);
	while (number < 1000) {
		sent += try_send(path, number++);
		poll(NULL, 0, 1);
	}
	assert_int_equal(namespace_link(space, name, 1), 0);
	/* Some moments later it goes on by itself. */
	before = sent;
	while (sent < before + 1000) {
		sent += try_send(path, number++);
		assert_true(clock_monotonic_ns() < deadline);
		if (sent < before + 1000)
			poll(NULL, 0, sent == before);
	}
	while (arrived.count < sent && clock_monotonic_ns() < deadline) {
		arrive(fd, &arrived, 10);
		/* What is queued may want one more call. */
		if (arrived.count < sent)
			sent += try_send(path, number++);
	}
	arrive(fd, &arrived, 100);
	assert_int_equal(arrived.count, sent);
	receiver_close(fd);
	publish_path_close(path);
}

static void link_down(const char *text)
{
	if (is_beside_memory("it leaves by no link"))
		return;
	link_goes(text, rig.near, NEAR);
}

/* The kernel drops what a UDP socket sends where there is no carrier, and says
 * nothing of it; who hands over frames is told. */
static void carrier_lost(const char *text)
{
	if (is_beside_memory("it leaves by no link"))
		return;
	if (!makes_frames(text) || strstr(text, "qdisc_bypass=off")) {
		print_message("# the kernel does not tell a socket\n");
		return;
	}
	link_goes(text, rig.far, FAR);
}

/* A link that takes next to nothing: what is refused is told, what is taken
 * arrives in order, and nothing is taken and lost. */
static void refused(const char *text)
{
	struct publish_path *path;
	uint32_t taken = 0, refusals = 0;
	uint8_t bytes[PAYLOAD_MAX];
	int fd;

	if (is_beside_memory("no queue can be full"))
		return;
	if (system("tc qdisc add dev " NEAR " root tbf rate 8mbit burst 4kb "
		   "limit 16kb 2>/dev/null") != 0) {
		print_message("# skipped: no tc with tbf\n");
		skip();
	}
	path = path_open(text);
	fd = receiver_open();
	for (int i = 0; i < 200; i++) {
		struct iovec datagram = { bytes, sizeof(bytes) };
		int n;

		payload_fill(bytes, sizeof(bytes), taken);
		n = publish_path_send(path, &datagram, 1);
		assert_true(n == 1 || n == -EAGAIN || n == -ENOBUFS);
		taken += n == 1;
		refusals += n != 1;
	}
	/* Who goes past the queue meets the driver, which has room. */
	if (!makes_frames(text) || strstr(text, "qdisc_bypass=off"))
		assert_true(refusals > 0);
	assert_true(taken > 0);
	for (uint32_t i = 0; i < taken; i++)
		expect(fd, PAYLOAD_MAX, i);
	expect_silence(fd);
	assert_int_equal(system("tc qdisc del dev " NEAR " root"), 0);
	/* And then there is room again. */
	assert_int_equal(one_send(path, PAYLOAD, 1), 0);
	expect(fd, PAYLOAD, 1);
	receiver_close(fd);
	publish_path_close(path);
}

/* The kernel refuses a submission: who may send it again is the caller, and
 * nobody else does. Something else takes the ring's descriptor meanwhile. */
static void submission_fails(const char *text)
{
	int other = open("/dev/null", O_RDWR | O_CLOEXEC), fd, ring, saved;
	struct publish_path *path = path_open(text);
	const size_t lens[] = { PAYLOAD, PAYLOAD, PAYLOAD };
	uint32_t number = 0;

	ring = strstr(text, "sqpoll=on") ? -1 : ring_find();
	if (ring < 0) {
		close(other);
		publish_path_close(path);
		return;
	}
	fd = receiver_open();
	saved = dup(ring);
	assert_true(saved >= 0 && other >= 0);
	/* More often than a ring has room for. */
	for (int i = 0; i < 50; i++, number += 3) {
		int err;

		dup2(other, ring);
		err = burst_send(path, lens, 3, number);
		dup2(saved, ring);
		assert_true(err < 0);
		assert_int_equal(burst_send(path, lens, 3, number), 0);
		for (uint32_t j = 0; j < 3; j++)
			expect(fd, PAYLOAD, number + j);
	}
	expect_silence(fd);
	close(saved);
	close(other);
	receiver_close(fd);
	publish_path_close(path);
}

static unsigned int lines(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int n = 0;
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

/* Sockets of this namespace, heads and all. */
static unsigned int sockets(void)
{
	return lines("/proc/thread-self/net/udp") +
	       lines("/proc/thread-self/net/packet");
}

static void reopens(const char *text)
{
	const int times = strchr(text, ':') ? REOPENED_VARIANT : REOPENED;
	unsigned int before = sockets(), fds = 0, maps = 0;

	for (int i = 0; i < times; i++) {
		struct publish_path *path = path_open(text);

		assert_int_equal(one_send(path, PAYLOAD, 1), 0);
		publish_path_close(path);
		/* The first rounds fill the allocators' caches. */
		if (i == times / 4) {
			fds = descriptors();
			maps = lines("/proc/self/maps");
		}
	}
	assert_int_equal(descriptors(), fds);
	assert_in_range(lines("/proc/self/maps"), 0, maps + 8);
	assert_int_equal(sockets(), before);
}

static void killed(const char *text)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	unsigned int before = sockets();
	static struct heard heard;
	int fd, status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct publish_path *path;

		if (publish_path_open(text, &rig.config, &path) < 0)
			_exit(1);
		while (!one_send(path, PAYLOAD, 1))
			;
		_exit(1);
	}
	fd = receiver_open();
	hear(fd, &heard, 15000);
	assert_int_equal(heard.len, PAYLOAD);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	/* An io_uring's end is a kernel worker's. */
	while (sockets() != before) {
		assert_true(clock_monotonic_ns() < deadline);
		poll(NULL, 0, 5);
	}
	receiver_close(fd);
}

static void refusals(const char *text)
{
	static const char *const wrong[] = { "nonsense=1", "sqpoll=maybe",
					     "frames=63", "sq_idle=0",
					     "sqpoll=on,sq_cpu=9999" };
	struct publish_path_config config = rig.config;
	unsigned int before = descriptors();
	struct interface loopback;
	struct publish_path *path;
	char bad[160];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(bad, sizeof(bad), "%.*s:%s", (int)strcspn(text, ":"),
			 text, wrong[i]);
		path = (void *)-1;
		assert_int_equal(publish_path_open(bad, &config, &path),
				 -EINVAL);
		assert_null(path);
	}
	if (makes_frames(text)) {
		config.interface = NULL;
		assert_int_equal(publish_path_open(text, &config, &path),
				 -EINVAL);
		assert_null(path);
		/* Frames on the loopback reach no socket of this host. */
		assert_int_equal(interface_find("lo", &loopback), 0);
		config.interface = &loopback;
		assert_int_equal(publish_path_open(text, &config, &path),
				 -EOPNOTSUPP);
		assert_null(path);
	}
	assert_int_equal(descriptors(), before);
}

/*
 * The list of tests, the rig.
 */

static const struct conformance_case cases[] = {
	{ "0 to 1472 bytes, in order, bytes reused at once", all_sizes },
	{ "10,000 in bursts of 1 to 64, none lost", many },
	{ "source, port and TTL as asked", headers },
	{ "larger than the MTU", over_the_mtu },
	{ "the interface goes down and up", link_bounces },
	{ "a link is down for a while: what is counted arrives", link_down },
	{ "its other end is down for a while: what is counted arrives",
	  carrier_lost },
	{ "what the kernel refuses is told, what it takes arrives", refused },
	{ "a submission that fails sends nothing twice", submission_fails },
	{ "closed and reopened many times, nothing left", reopens },
	{ "killed, it leaves nothing", killed },
	{ "what is wrong is refused", refusals },
};

static void family_prepare(const char *text)
{
	rig.in_memory = publish_path_ops_of(registry_find(&publish_paths, text))
				->in_memory;
}

static const struct conformance_suite suite = {
	.name = "send",
	.cases = cases,
	.case_count = ARRAY_SIZE(cases),
	.variants = variants,
	.variant_count = ARRAY_SIZE(variants),
	.prepare = family_prepare,
};

/* NULL, or why there are no namespaces. */
static const char *rig_open(void)
{
	struct namespace_end near = { .name = NEAR, .prefix_len = 24 };
	struct namespace_end far = { .name = FAR, .prefix_len = 24 };

	near.address.s_addr = inet_addr("10.9.0.1");
	far.address.s_addr = inet_addr("10.9.0.2");
	if (namespace_become_root() < 0 || namespace_open(&rig.near) < 0 ||
	    namespace_open(&rig.far) < 0)
		return "network namespaces are not permitted here";
	near.fd = rig.near;
	far.fd = rig.far;
	if (namespace_veth(&near, &far) < 0 || namespace_enter(rig.far) < 0 ||
	    interface_find(FAR, &rig.far_interface) < 0 ||
	    namespace_enter(rig.near) < 0 ||
	    interface_find(NEAR, &rig.near_interface) < 0)
		return "no veth pair can be made here";
	rig.config.group.sin_family = AF_INET;
	rig.config.group.sin_port = htons(PORT);
	rig.config.group.sin_addr.s_addr = inet_addr("239.255.0.1");
	rig.config.interface = &rig.near_interface;
	rig.config.ttl = TTL;
	return NULL;
}

int main(void)
{
	const struct publish_path_ops *kind;
	const char *fault;
	int failed;

	log_open("conformance", LOG_WARNING);
	fault = rig_open();
	for (unsigned int i = 0; (kind = publish_path_kind(i)); i++)
		conformance_add(&suite, &kind->entry,
				rdma_device_is_wanted(&kind->entry)
					? RDMA_DEVICE_FAULT
					: fault);
	failed = conformance_run(&suite);
	namespace_close(&rig.far);
	namespace_close(&rig.near);
	return failed;
}
