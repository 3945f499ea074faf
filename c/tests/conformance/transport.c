/* SPDX-License-Identifier: MIT */
/* Mostly waits: io_uring takes 0.1 s to close a ring. */
/*
 * What every transport must do, asked of every one in the list and of its
 * variants, over a TCP connection on the loopback of a private namespace, or
 * over what the transport has in its place.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/namespace.h"
#include "net/socket.h"
#include "order/order_end.h"
#include "order/transport_ops.h"
#include "tests/support/conformance.h"
#include "tests/support/descriptors.h"
#include "tests/support/fake_rdma.h"
#include "tests/support/rdma_device.h"
#include "tests/support/ring.h"

#define WAIT_NS	  (120 * CLOCK_NS_PER_S) /* until it has failed */
#define LONG_LEN  (1 << 20)
#define SMALL	  8192 /* bytes of a socket's buffer */
#define ORDERS	  100000
#define ORDER_LEN 13
#define RDMA_PORT 9100

/* Transports that are other ones with these options, and do all again. */
static const struct conformance_variant variants[] = {
	{ "uring", "sqpoll=on" },
	{ "uring", "sqpoll=on,sq_cpu=0,sq_idle=1" },
	{ "uring", "registered_file=off" },
	{ "uring", "registered_buffer=on" },
	{ "uring", "registered_buffer=on,sqpoll=on" },
	{ "zerocopy", "how=send_zc" },
	{ "zerocopy", "how=send_zc,registered_buffer=off" },
	{ "shm", "wait=spin" },
	{ "rdma", "op=write" },
	{ "rdma", "op=write,inline=0,wait=spin" },
};

/*
 * A connection and its far end.
 */

struct connection {
	struct transport *transport;
	int near, far; /* -1: it has no sockets, but: */
	struct transport *listener;
	struct order_end *end;
};

/* Does it bring both ends along? */
static bool is_pair(const char *text)
{
	return strncmp(text, "shm", 3) == 0 || strncmp(text, "rdma", 4) == 0;
}

/* buffer: of both ends, in bytes; 0: as they are. */
static void connect_pair(struct connection *connection, int buffer)
{
	struct sockaddr_in address = { .sin_family = AF_INET }, peer;
	socklen_t len = sizeof(address);
	int listener;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*connection = (struct connection){ .near = -1, .far = -1 };
	listener = socket_listen(&address, 1);
	assert_true(listener >= 0);
	/* Inherited by what is accepted, before its window is offered. */
	if (buffer)
		assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF,
					    &buffer, sizeof(buffer)),
				 0);
	assert_int_equal(getsockname(listener, (void *)&address, &len), 0);
	connection->near = socket_connect(&address, 5000, NULL);
	assert_true(connection->near >= 0);
	assert_int_equal(poll(&(struct pollfd){ listener, POLLIN, 0 }, 1, 5000),
			 1);
	connection->far = socket_accept(listener, &peer);
	assert_true(connection->far >= 0);
	close(listener);
	if (buffer)
		assert_int_equal(setsockopt(connection->near, SOL_SOCKET,
					    SO_SNDBUF, &buffer, sizeof(buffer)),
				 0);
}

/* A name alone, but for RDMA. */
static struct sockaddr_in pair_address = { .sin_family = AF_INET,
					   .sin_port = 1 };

/* The text with what this test needs; slots: few are soon full. */
static const char *pair_text(const char *text)
{
	static char whole[128];

	snprintf(whole, sizeof(whole), "%s%c%sslots=256", text,
		 strchr(text, ':') ? ',' : ':',
		 strncmp(text, "shm", 3) ? "" : "path=@t2t-test-pair,");
	return whole;
}

static void pair_listen(struct connection *connection, const char *text)
{
	const struct transport_place place = { .address = pair_address,
					       .backlog = 1 };

	*connection = (struct connection){ .near = -1, .far = -1 };
	assert_int_equal(transport_listen(pair_text(text), &place,
					  &connection->listener),
			 0);
}

static int pair_connect(const char *text, struct transport **transport)
{
	const struct transport_config config = { .peer = pair_address,
						 .timeout_ms = 20000 };

	return transport_connect(pair_text(text), &config, transport);
}

static void *pair_accept(void *context)
{
	struct connection *connection = context;
	struct pollfd readable = { connection->listener->fd, POLLIN, 0 };

	assert_int_equal(poll(&readable, 1, 20000), 1);
	assert_int_equal(
		transport_accept(connection->listener, &connection->end), 0);
	readable.fd = connection->end->fd;
	while (order_end_greet(connection->end) == 0)
		assert_int_equal(poll(&readable, 1, 20000), 1);
	return NULL;
}

static void pair_open(struct connection *connection, const char *text)
{
	pthread_t thread;

	pair_listen(connection, text);
	assert_int_equal(pthread_create(&thread, NULL, pair_accept, connection),
			 0);
	assert_int_equal(pair_connect(text, &connection->transport), 0);
	pthread_join(thread, NULL);
}

static void connection_open(struct connection *connection, const char *text,
			    int buffer)
{
	int err;

	if (is_pair(text)) {
		pair_open(connection, text);
		return;
	}
	connect_pair(connection, buffer);
	err = transport_open(text, connection->near, &connection->transport);
	/* An option may want more of the kernel than its kind, whose probe was
	 * content. */
	if (err == -EOPNOTSUPP && strchr(text, ':')) {
		close(connection->near);
		close(connection->far);
		print_message("# skipped: this kernel lacks an option\n");
		skip();
	}
	assert_int_equal(err, 0);
}

static void far_close(struct connection *connection)
{
	if (connection->end)
		order_end_close(connection->end);
	else if (connection->far >= 0)
		close(connection->far);
	connection->end = NULL;
	connection->far = -1;
}

static void near_close(struct connection *connection)
{
	transport_close(connection->transport);
	connection->transport = NULL;
	if (connection->near >= 0)
		close(connection->near);
	connection->near = -1;
}

static void connection_close(struct connection *connection)
{
	near_close(connection);
	far_close(connection);
	transport_close(connection->listener);
	connection->listener = NULL;
}

/* Nothing more is sent: the far end is to read that. */
static void stream_end(struct connection *connection)
{
	if (connection->near >= 0)
		shutdown(connection->near, SHUT_WR);
	else
		near_close(connection);
}

/* The stream's byte at this place. */
static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 7 + at / 251 + at / 65521);
}

/* One order, or none of it (-EAGAIN); what it lay in is spoilt at once, as its
 * owner may. */
static int order_send(struct transport *transport, size_t len, size_t *at)
{
	static uint8_t bytes[TRANSPORT_BYTES_MAX];
	int err;

	if (len > sizeof(bytes))
		return -EMSGSIZE;
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(*at + i);
	err = transport_send(transport, bytes, len);
	memset(bytes, 0xee, len);
	*at += err ? 0 : len;
	return err;
}

/* Send len bytes of the stream from *at on, and wait while there is no room. */
static int piece_send(struct transport *transport, size_t len, size_t *at)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	size_t end = *at + len;
	int err;

	do {
		size_t left = end - *at;

		err = order_send(
			transport,
			left < TRANSPORT_BYTES_MAX ? left : TRANSPORT_BYTES_MAX,
			at);
		assert_true(clock_monotonic_ns() < deadline);
	} while (err == -EAGAIN || (!err && *at < end));
	while (!err && transport->rest_len) {
		poll(&(struct pollfd){ transport->fd, POLLOUT, 0 }, 1, 1);
		err = transport_alive(transport);
		assert_true(clock_monotonic_ns() < deadline);
	}
	return err;
}

static ssize_t far_take(const struct connection *connection, void *bytes,
			size_t size)
{
	ssize_t n;

	if (connection->end) {
		n = connection->end->ops->receive(connection->end, bytes, size);
		return n == 0 ? -EAGAIN : n == -EPIPE ? 0 : n;
	}
	n = read(connection->far, bytes, size);
	return n < 0 ? -errno : n;
}

static ssize_t far_read(const struct connection *connection, void *bytes,
			size_t size, uint64_t deadline)
{
	for (;;) {
		struct pollfd readable = { connection->far, POLLIN, 0 };
		ssize_t n = far_take(connection, bytes, size);
		const bool behind =
			connection->end && order_end_is_behind(connection->end);

		if (n >= 0 || (n != -EAGAIN && n != -EINTR))
			return n;
		if (clock_monotonic_ns() > deadline)
			return -ETIMEDOUT;
		if (connection->end)
			readable.fd = connection->end->fd;
		poll(&readable, 1, behind ? 0 : 100);
	}
}

/* Read to the end of the stream: all of it is right, and so long. */
static void stream_expect(const struct connection *connection, size_t expected)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	uint8_t bytes[4096];
	size_t at = 0;
	ssize_t n;

	while ((n = far_read(connection, bytes, sizeof(bytes), deadline)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] != byte_at(at + (size_t)i))
				fail_msg("byte %zu is wrong", at + (size_t)i);
		at += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, expected);
}

/* Bytes that wait for the far end. */
static size_t waiting_len(const struct connection *connection)
{
	int waiting = 0;

	if (connection->end)
		return connection->end->ops->unread(connection->end);
	assert_int_equal(ioctl(connection->near, SIOCOUTQ, &waiting), 0);
	return (size_t)waiting;
}

/* Until there are some, and their number no longer changes. */
static void stuck_wait(const struct connection *connection)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	size_t waiting = 0, before;

	do {
		before = waiting;
		poll(NULL, 0, 20);
		waiting = waiting_len(connection);
		assert_true(clock_monotonic_ns() < deadline);
	} while (waiting == 0 || waiting != before);
}

struct sending {
	struct connection *connection;
	size_t piece, count;
	size_t at;
	int result;
	volatile int done;
};

static void *pieces_send(void *context)
{
	struct sending *sending = context;

	for (size_t i = 0; i < sending->count && !sending->result; i++)
		sending->result = piece_send(sending->connection->transport,
					     sending->piece, &sending->at);
	sending->done = 1;
	stream_end(sending->connection);
	return NULL;
}

static void sending_start(struct sending *sending, pthread_t *thread)
{
	assert_int_equal(pthread_create(thread, NULL, pieces_send, sending), 0);
}

/*
 * The cases.
 */

/* Without a thread: all of it fits the socket. */
static void all_sizes(const char *text)
{
	static const size_t lens[] = { 1,    13,   0,	 14,   1460, 4095,
				       4096, 4097, 8192, 8193, 13,   1 };
	struct connection connection;
	size_t at = 0;

	connection_open(&connection, text, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		assert_int_equal(piece_send(connection.transport, lens[i], &at),
				 0);
	stream_end(&connection);
	stream_expect(&connection, at);
	connection_close(&connection);
}

static void through_slow_reader(const char *text, size_t piece, size_t count)
{
	struct connection connection;
	struct sending sending = { .connection = &connection,
				   .piece = piece,
				   .count = count };
	const int more = 100 * SMALL;
	pthread_t thread;

	connection_open(&connection, text, SMALL);
	sending_start(&sending, &thread);
	stuck_wait(&connection);
	/* Room for more sends under way than a transport has slots. */
	setsockopt(connection.near, SOL_SOCKET, SO_SNDBUF, &more, sizeof(more));
	stuck_wait(&connection);
	stream_expect(&connection, piece * count);
	pthread_join(thread, NULL);
	assert_int_equal(sending.result, 0);
	connection_close(&connection);
}

static void orders_slow(const char *text)
{
	through_slow_reader(text, ORDER_LEN, ORDERS);
}

static void large_slow(const char *text)
{
	through_slow_reader(text, LONG_LEN, 2);
}

static void on_signal(int number)
{
	(void)number;
}

static void signals(const char *text)
{
	struct sigaction action = { .sa_handler = on_signal }, before;
	struct connection connection;
	struct sending sending = { .connection = &connection,
				   .piece = LONG_LEN / 4,
				   .count = 4 };
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	uint8_t bytes[1000];
	pthread_t thread;
	size_t at = 0;

	connection_open(&connection, text, SMALL);
	sigaction(SIGUSR1, &action, &before);
	sending_start(&sending, &thread);
	while (at < LONG_LEN) {
		ssize_t n =
			far_read(&connection, bytes, sizeof(bytes), deadline);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], byte_at(at + (size_t)i));
		at += (size_t)n;
		if (!sending.done)
			pthread_kill(thread, SIGUSR1);
	}
	pthread_join(thread, NULL);
	assert_int_equal(sending.result, 0);
	sigaction(SIGUSR1, &before, NULL);
	connection_close(&connection);
}

/* SIGPIPE would end this process. */
static void peer_closes(const char *text)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct connection connection;
	size_t at = 0;
	int err = 0;

	connection_open(&connection, text, 0);
	far_close(&connection);
	while (!err && clock_monotonic_ns() < deadline)
		err = piece_send(connection.transport, ORDER_LEN, &at);
	assert_true(err == -EPIPE || err == -ECONNRESET);
	/* And stays so. */
	err = piece_send(connection.transport, ORDER_LEN, &at);
	assert_true(err == -EPIPE || err == -ECONNRESET);
	connection_close(&connection);
}

/* A reset comes while the send waits for room: it ends. */
static void reset_under_way(const char *text, size_t piece)
{
	const struct linger reset = { .l_onoff = 1 };
	struct connection connection;
	struct sending sending = { .connection = &connection,
				   .piece = piece,
				   .count = 100 * LONG_LEN / piece };
	pthread_t thread;

	connection_open(&connection, text, SMALL);
	sending_start(&sending, &thread);
	stuck_wait(&connection);
	if (connection.far >= 0)
		assert_int_equal(setsockopt(connection.far, SOL_SOCKET,
					    SO_LINGER, &reset, sizeof(reset)),
				 0);
	far_close(&connection);
	pthread_join(thread, NULL);
	assert_true(sending.result == -EPIPE || sending.result == -ECONNRESET);
	connection_close(&connection);
}

static void peer_resets(const char *text)
{
	reset_under_way(text, ORDER_LEN);
	reset_under_way(text, LONG_LEN);
}

/* Nothing holds the connection once it is closed. */
static void end_arrives(const char *text)
{
	struct connection connection;
	size_t at = 0;

	connection_open(&connection, text, 0);
	assert_int_equal(piece_send(connection.transport, 100, &at), 0);
	near_close(&connection);
	stream_expect(&connection, at);
	connection_close(&connection);
}

/* Who does not read stops nobody: no send waits for long, what does not go is
 * told, and what was taken arrives, once and whole, when the peer reads. */
static void closed_window(const char *text)
{
	const uint64_t patience = 2 * CLOCK_NS_PER_S;
	struct connection connection;
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS, longest = 0;
	size_t at = 0, refused = 0, read = 0;
	uint8_t bytes[4096];

	connection_open(&connection, text, SMALL);
	while (refused < 1000) {
		uint64_t before = clock_monotonic_ns(), took;
		int err = order_send(connection.transport, 700, &at);

		took = clock_monotonic_ns() - before;
		longest = took > longest ? took : longest;
		assert_true(!err || err == -EAGAIN);
		refused += err != 0;
		assert_true(before < deadline);
	}
	/* Once it is known to be closed it costs nothing. */
	assert_true(longest < patience);
	assert_true(clock_monotonic_ns() < deadline);
	assert_true(connection.transport->closed);
	assert_true(transport_unacknowledged(connection.transport) > 0);
	assert_true(transport_unacknowledged(connection.transport) <= at);
	while (read < at) {
		ssize_t n =
			far_read(&connection, bytes, sizeof(bytes), deadline);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], byte_at(read + (size_t)i));
		read += (size_t)n;
		assert_int_equal(transport_alive(connection.transport), 0);
	}
	/* And then there is room again. */
	assert_int_equal(piece_send(connection.transport, ORDER_LEN, &at), 0);
	assert_false(connection.transport->closed);
	/* A program acknowledges what it has read. */
	while (connection.end && read < at) {
		assert_int_equal(far_read(&connection, bytes, 1, deadline), 1);
		assert_int_equal(bytes[0], byte_at(read++));
	}
	assert_int_equal(transport_settle(connection.transport, 20000), 0);
	assert_int_equal(transport_unacknowledged(connection.transport), 0);
	stream_end(&connection);
	while (far_read(&connection, bytes, 1, deadline) > 0)
		assert_int_equal(bytes[0], byte_at(read++));
	assert_int_equal(read, at);
	connection_close(&connection);
}

/* The kernel refuses a submission: the caller, who may send it again, is the
 * only one who does. Something else takes the ring's descriptor meanwhile. */
static void submission_fails(const char *text)
{
	struct connection connection;
	int ring, saved, other = open("/dev/null", O_RDWR | O_CLOEXEC), err;
	size_t at = 0;

	connection_open(&connection, text, 0);
	ring = ring_find();
	if (ring < 0 || strstr(text, "sqpoll=on")) {
		close(other);
		connection_close(&connection);
		return;
	}
	assert_int_equal(piece_send(connection.transport, ORDER_LEN, &at), 0);
	saved = dup(ring);
	assert_true(saved >= 0 && other >= 0);
	for (int i = 0; i < 40; i++) {
		dup2(other, ring);
		err = order_send(connection.transport, ORDER_LEN, &at);
		dup2(saved, ring);
		assert_true(err < 0 && err != -EAGAIN);
		assert_int_equal(
			piece_send(connection.transport, ORDER_LEN, &at), 0);
	}
	close(saved);
	close(other);
	stream_end(&connection);
	stream_expect(&connection, at);
	connection_close(&connection);
}

static unsigned int mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned int n = 0;
	int c;

	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static void reopens(const char *text)
{
	const int times = strchr(text, ':') ? REOPENED_VARIANT : REOPENED;
	struct connection connection;
	unsigned int fds = 0, maps = 0;

	for (int i = 0; i < times; i++) {
		size_t at = 0;

		connection_open(&connection, text, 0);
		assert_int_equal(piece_send(connection.transport, 100, &at), 0);
		connection_close(&connection);
		/* The first rounds fill the allocators' caches. */
		if (i == times / 4) {
			fds = descriptors();
			maps = mappings();
		}
	}
	assert_int_equal(descriptors(), fds);
	assert_in_range(mappings(), 0, maps + 8);
}

/* A process that sends without end is killed: its connection ends, so nobody
 * holds its socket any more. */
static void killed(const char *text)
{
	struct connection connection;
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	uint8_t bytes[4096];
	ssize_t n;
	pid_t child;
	int status;

	/* A device in our own memory has no other processes, and the kernel's
	 * is not for who was forked: see lab/rdma. */
	if (!strncmp(text, "rdma", 4))
		skip();
	if (is_pair(text)) {
		pair_listen(&connection, text);
	} else {
		connection_open(&connection, text, 0);
		transport_close(connection.transport);
		connection.transport = NULL;
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		size_t at = 0;

		if (connection.far >= 0)
			close(connection.far);
		if ((is_pair(text) ? pair_connect(text, &connection.transport)
				   : transport_open(text, connection.near,
						    &connection.transport)) < 0)
			_exit(1);
		while (!piece_send(connection.transport, ORDER_LEN, &at))
			;
		_exit(1);
	}
	near_close(&connection);
	if (is_pair(text))
		pair_accept(&connection);
	assert_true(far_read(&connection, bytes, sizeof(bytes), deadline) > 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	do
		n = far_read(&connection, bytes, sizeof(bytes), deadline);
	while (n > 0);
	assert_true(n == 0 || n == -ECONNRESET);
	connection_close(&connection);
}

static void refusals(const char *text)
{
	static const char *const wrong[] = { "nonsense=1", "sqpoll=maybe",
					     "how=dma", "sq_idle=0",
					     "sqpoll=on,sq_cpu=9999" };
	struct connection connection;
	struct transport *transport;
	unsigned int before;
	char bad[160];

	connect_pair(&connection, 0);
	before = descriptors();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(bad, sizeof(bad), "%.*s:%s", (int)strcspn(text, ":"),
			 text, wrong[i]);
		transport = (void *)-1;
		assert_int_equal(
			transport_open(bad, connection.near, &transport),
			-EINVAL);
		assert_null(transport);
	}
	assert_int_equal(descriptors(), before);
	close(connection.near);
	close(connection.far);
}

/*
 * The list of tests.
 */

static const struct conformance_case cases[] = {
	{ "0 to 8,193 bytes, in order, bytes reused at once", all_sizes },
	{ "100,000 orders through a slow reader", orders_slow },
	{ "1 MiB, 16 KiB at once, through a slow reader", large_slow },
	{ "signals cut nothing short", signals },
	{ "a peer that does not read stops nobody", closed_window },
	{ "a submission that fails sends nothing twice", submission_fails },
	{ "a closed peer is an error, no signal", peer_closes },
	{ "a reset ends a send that waits", peer_resets },
	{ "the end arrives once it is closed", end_arrives },
	{ "closed and reopened many times, nothing left", reopens },
	{ "killed, it leaves nothing", killed },
	{ "what is wrong is refused", refusals },
};

/* The one that can't do without. */
static void sigpipe_set(const char *text)
{
	signal(SIGPIPE, !strncmp(text, "uring:registered_buffer", 23)
				? SIG_IGN
				: SIG_DFL);
}

static const struct conformance_suite suite = {
	.name = "transport",
	.cases = cases,
	.case_count = ARRAY_SIZE(cases),
	.variants = variants,
	.variant_count = ARRAY_SIZE(variants),
	.prepare = sigpipe_set,
};

/* Why one can't be tested here; fault: why none can. */
static const char *fault_of(const struct transport_ops *kind, const char *fault)
{
	if (!strcmp(kind->entry.name, "null"))
		return "drops all";
	if (!strcmp(kind->entry.name, "bypass"))
		return "makes its connection itself: see network/bypass";
	if (!rdma_device_is_wanted(&kind->entry) && rdma_device_address())
		return "this run is RDMA's";
	return fault;
}

/* Of a network of our own; with RDMA, of this one. Why not. */
static const char *network_open(int *namespace)
{
	const char *address = rdma_device_address();

	pair_address.sin_port = htons(RDMA_PORT);
	pair_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!address)
		fake_rdma_use();
	if (address) {
		return inet_pton(AF_INET, address, &pair_address.sin_addr) == 1
			       ? NULL
			       : "T2T_RDMA is no address";
	}
	if (namespace_become_root() < 0 || namespace_open(namespace) < 0 ||
	    namespace_enter(*namespace) < 0)
		return "network namespaces are not permitted here";
	return NULL;
}

int main(void)
{
	const struct transport_ops *kind;
	const char *fault;
	int namespace = -1, failed;

	log_open("conformance", LOG_WARNING);
	fault = network_open(&namespace);
	for (unsigned int i = 0; (kind = transport_kind(i)); i++)
		conformance_add(&suite, &kind->entry, fault_of(kind, fault));
	failed = conformance_run(&suite);
	namespace_close(&namespace);
	return failed;
}
