/* SPDX-License-Identifier: MIT */
/*
 * What every codec and every transport must do: codecs with a trader's and
 * an exchange's end in memory, then each codec over each transport on a real
 * connection, on the loopback of a private namespace.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "channel/channel_ops.h"
#include "channel/transport_ops.h"
#include "net/namespace.h"
#include "net/socket.h"

#define WAIT_NS (30 * CLOCK_NS_PER_S)
#define ONE_MAX 1024 /* bytes that one order may take in any codec */
#define ORDERS	1000
#define MANY	200000

static int namespace = -1;
static const char *namespace_fault;

/* Orders that differ, the extremes among them. */
static struct order order_number(uint32_t i)
{
	static const struct order extremes[] = {
		{ 1, 0, ORDER_BUY },
		{ UINT32_MAX, INT64_MAX, ORDER_SELL },
		{ 1, INT64_MIN, ORDER_BUY },
		{ 0x01020304, INT64_C(0x0102030405060708), ORDER_SELL },
		{ 0x80000000, -1, ORDER_BUY },
	};

	if (i < ARRAY_SIZE(extremes))
		return extremes[i];
	return (struct order){ .quantity = i,
			       .price = (int64_t)i * INT64_C(1000000007),
			       .side = i % 2 ? ORDER_SELL : ORDER_BUY };
}

static void order_check(const struct order *order, uint32_t i)
{
	struct order wanted = order_number(i);

	assert_memory_equal(order, &wanted, sizeof(wanted));
}

/* Does the codec write orders at all? */
static bool silent(const struct channel_ops *ops)
{
	return !strcmp(ops->entry.name, "null");
}

/*
 * Both ends in memory.
 */

struct pair {
	struct channel *trader, *exchange;
};

static struct pair pair_open(const struct channel_ops *ops)
{
	struct pair pair;

	assert_int_equal(channel_open(ops->entry.name, &pair.trader), 0);
	assert_int_equal(channel_open(ops->entry.name, &pair.exchange), 0);
	assert_string_equal(channel_name(pair.trader), ops->entry.name);
	if (ops->prepare)
		assert_int_equal(ops->prepare(pair.trader, 1), 0);
	return pair;
}

static void pair_close(struct pair *pair)
{
	channel_close(pair->trader);
	channel_close(pair->exchange);
}

/* Orders 0..count of the trader, one after the other. */
static size_t orders_encode(struct pair *pair, uint32_t count, uint8_t *out,
			    size_t out_size)
{
	size_t len = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct order order = order_number(i);
		ssize_t n = pair->trader->ops->encode(
			pair->trader, &order, out + len, out_size - len);

		assert_in_range(n, 0, ONE_MAX);
		len += (size_t)n;
	}
	return len;
}

/* Hand bytes to the exchange's end; orders found must go on from number
 * *found. Returns how many of the bytes were consumed. */
static size_t orders_decode(struct channel *end, const uint8_t *in,
			    size_t in_len, uint32_t *found)
{
	size_t at = 0;

	for (;;) {
		uint8_t answer[ONE_MAX];
		struct channel_bytes bytes = { .in = in + at,
					       .in_len = in_len - at,
					       .out = answer,
					       .out_size = sizeof(answer) };
		struct order order;
		int got = end->ops->decode(end, &bytes, &order);

		assert_in_range(got, 0, 1);
		assert_true(bytes.consumed <= bytes.in_len);
		assert_true(bytes.out_len <= bytes.out_size);
		at += bytes.consumed;
		if (!got)
			return at;
		assert_true(bytes.consumed > 0);
		order_check(&order, (*found)++);
	}
}

static uint8_t stream[ORDERS * ONE_MAX];

static void round_trip(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	uint32_t found = 0;

	for (uint32_t i = 0; i < 100; i++) {
		struct order order = order_number(i);
		ssize_t len = ops->encode(pair.trader, &order, stream, ONE_MAX);

		assert_in_range(len, silent(ops) ? 0 : 1, ONE_MAX);
		assert_int_equal(orders_decode(pair.exchange, stream,
					       (size_t)len, &found),
				 len);
		assert_int_equal(found, silent(ops) ? 0 : i + 1);
	}
	pair_close(&pair);
}

static void too_small(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	struct order order = order_number(1);
	uint8_t out[ONE_MAX];
	ssize_t len = ops->encode(pair.trader, &order, out, sizeof(out));

	memset(out, 0xa5, sizeof(out));
	if (!silent(ops)) {
		assert_int_equal(
			ops->encode(pair.trader, &order, out, (size_t)len - 1),
			-ENOSPC);
		assert_int_equal(ops->encode(pair.trader, &order, out, 0),
				 -ENOSPC);
		assert_int_equal(out[len - 1], 0xa5);
	}
	pair_close(&pair);
}

/* In pieces of this many bytes, unconsumed ones presented again. */
static void in_pieces(const struct channel_ops *ops, size_t piece)
{
	struct pair pair = pair_open(ops);
	size_t len = orders_encode(&pair, ORDERS, stream, sizeof(stream));
	size_t begin = 0, end = 0;
	uint32_t found = 0;

	while (end < len) {
		end = len - end < piece ? len : end + piece;
		begin += orders_decode(pair.exchange, stream + begin,
				       end - begin, &found);
	}
	assert_int_equal(begin, len);
	assert_int_equal(found, silent(ops) ? 0 : ORDERS);
	pair_close(&pair);
}

static void byte_by_byte(const struct channel_ops *ops)
{
	in_pieces(ops, 1);
}

static void coalesced(const struct channel_ops *ops)
{
	in_pieces(ops, sizeof(stream));
	in_pieces(ops, 31);
	in_pieces(ops, 1460);
}

static void half_at_the_end(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	size_t three = orders_encode(&pair, 3, stream, sizeof(stream));
	struct order last = order_number(3);
	ssize_t n = ops->encode(pair.trader, &last, stream + three, ONE_MAX);
	size_t half = three + (size_t)n / 2, len = three + (size_t)n, consumed;
	uint32_t found = 0;

	consumed = orders_decode(pair.exchange, stream, half, &found);
	assert_int_equal(found, silent(ops) ? 0 : 3);
	assert_true(consumed >= three && consumed <= half);
	consumed += orders_decode(pair.exchange, stream + consumed,
				  len - consumed, &found);
	assert_int_equal(found, silent(ops) ? 0 : 4);
	assert_int_equal(consumed, len);
	pair_close(&pair);
}

/* Whatever comes: an order, a wish for more or an error, and never a claim
 * of more bytes than there are. */
static void garbage(const struct channel_ops *ops)
{
	uint32_t random = 1;

	for (int round = 0; round < 1000; round++) {
		struct pair pair = pair_open(ops);
		size_t len = (size_t)round % 200, at = 0;
		uint8_t answer[ONE_MAX], *in = malloc(len ? len : 1);
		int got = 1;

		/* On the heap, to the byte: a sanitizer sees one too many. */
		assert_non_null(in);
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			in[i] = (uint8_t)(random >> 24);
		}
		while (got == 1) {
			struct channel_bytes bytes = { .in = in + at,
						       .in_len = len - at,
						       .out = answer,
						       .out_size =
							       sizeof(answer) };
			struct order order;

			got = ops->decode(pair.exchange, &bytes, &order);
			assert_true(got <= 1);
			assert_true(bytes.consumed <= bytes.in_len);
			assert_true(bytes.out_len <= bytes.out_size);
			assert_true(got != 1 || bytes.consumed > 0);
			at += bytes.consumed;
		}
		free(in);
		pair_close(&pair);
	}
}

/*
 * Over a connection.
 */

struct connection {
	struct pair pair;
	struct transport *transport;
	int trader, exchange;
};

static void connection_open(struct connection *connection,
			    const struct channel_ops *codec,
			    const struct transport_ops *kind,
			    int receive_buffer)
{
	struct sockaddr_in address = { .sin_family = AF_INET }, peer;
	socklen_t address_len = sizeof(address);
	int listener;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket_listen(&address, 1);
	assert_true(listener >= 0);
	/* Inherited by what is accepted, before its window is offered. */
	if (receive_buffer)
		assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF,
					    &receive_buffer,
					    sizeof(receive_buffer)),
				 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address,
				     &address_len),
			 0);
	connection->trader = socket_connect(&address, 5000, NULL);
	assert_true(connection->trader >= 0);
	assert_int_equal(poll(&(struct pollfd){ listener, POLLIN, 0 }, 1, 5000),
			 1);
	connection->exchange = socket_accept(listener, &peer);
	assert_true(connection->exchange >= 0);
	close(listener);
	connection->pair = pair_open(codec);
	assert_int_equal(transport_open(kind->entry.name, connection->trader,
					&connection->transport),
			 0);
	assert_string_equal(transport_name(connection->transport),
			    kind->entry.name);
}

static void connection_close(struct connection *connection)
{
	transport_close(connection->transport);
	pair_close(&connection->pair);
	close(connection->trader);
	if (connection->exchange >= 0)
		close(connection->exchange);
}

struct sending {
	struct connection *connection;
	uint32_t count;
	int result;
};

/* Orders 0..count, one send each, then the end. */
static void *orders_send(void *context)
{
	struct sending *sending = context;
	struct channel *trader = sending->connection->pair.trader;
	struct transport *transport = sending->connection->transport;

	for (uint32_t i = 0; i < sending->count && !sending->result; i++) {
		struct order order = order_number(i);
		uint8_t out[ONE_MAX];
		ssize_t len =
			trader->ops->encode(trader, &order, out, sizeof(out));

		sending->result =
			len < 0 ? (int)len
				: transport_send(transport, out, (size_t)len);
	}
	shutdown(sending->connection->trader, SHUT_WR);
	return NULL;
}

/* Read to the end of the stream; returns how many orders there were. */
static uint32_t orders_receive(struct connection *connection)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	uint32_t found = 0;
	uint8_t in[4096];
	size_t len = 0;

	for (;;) {
		struct pollfd readable = { connection->exchange, POLLIN, 0 };
		size_t consumed;
		ssize_t n;

		assert_true(clock_monotonic_ns() < deadline);
		poll(&readable, 1, 100);
		n = read(connection->exchange, in + len, sizeof(in) - len);
		if (n < 0 && errno == EAGAIN)
			continue;
		assert_true(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
		consumed = orders_decode(connection->pair.exchange, in, len,
					 &found);
		len -= consumed;
		memmove(in, in + consumed, len);
	}
	assert_int_equal(len, 0);
	return found;
}

/* How many of the orders must arrive. */
static uint32_t arriving(const struct channel_ops *codec,
			 const struct transport_ops *kind, uint32_t sent)
{
	return silent(codec) || !strcmp(kind->entry.name, "null") ? 0 : sent;
}

static void arrive(const struct channel_ops *codec,
		   const struct transport_ops *kind)
{
	struct connection connection;
	struct sending sending = { .connection = &connection, .count = ORDERS };
	pthread_t thread;

	connection_open(&connection, codec, kind, 0);
	assert_int_equal(pthread_create(&thread, NULL, orders_send, &sending),
			 0);
	assert_int_equal(orders_receive(&connection),
			 arriving(codec, kind, ORDERS));
	pthread_join(thread, NULL);
	assert_int_equal(sending.result, 0);
	connection_close(&connection);
}

/* The exchange reads nothing until the trader is stuck in its send. */
static void slow_reader(const struct channel_ops *codec,
			const struct transport_ops *kind)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct connection connection;
	struct sending sending = { .connection = &connection, .count = MANY };
	int buffer = 8192, waiting = 0, before;
	pthread_t thread;

	connection_open(&connection, codec, kind, buffer);
	assert_int_equal(setsockopt(connection.trader, SOL_SOCKET, SO_SNDBUF,
				    &buffer, sizeof(buffer)),
			 0);
	assert_int_equal(pthread_create(&thread, NULL, orders_send, &sending),
			 0);
	while (arriving(codec, kind, 1)) {
		before = waiting;
		poll(NULL, 0, 20);
		assert_int_equal(ioctl(connection.trader, SIOCOUTQ, &waiting),
				 0);
		if (waiting > 0 && waiting == before)
			break;
		assert_true(clock_monotonic_ns() < deadline);
	}
	assert_int_equal(orders_receive(&connection),
			 arriving(codec, kind, MANY));
	pthread_join(thread, NULL);
	assert_int_equal(sending.result, 0);
	connection_close(&connection);
}

/* SIGPIPE would end this process. */
static void peer_closes(const struct channel_ops *codec,
			const struct transport_ops *kind)
{
	uint64_t deadline = clock_monotonic_ns() + WAIT_NS;
	struct order order = order_number(1);
	struct connection connection;
	uint8_t out[ONE_MAX];
	ssize_t len;
	int err = 0;

	connection_open(&connection, codec, kind, 0);
	close(connection.exchange);
	connection.exchange = -1;
	while (!err && clock_monotonic_ns() < deadline) {
		len = codec->encode(connection.pair.trader, &order, out,
				    sizeof(out));
		assert_in_range(len, 0, sizeof(out));
		err = transport_send(connection.transport, out, (size_t)len);
		if (!arriving(codec, kind, 1))
			break;
	}
	if (!arriving(codec, kind, 1))
		assert_int_equal(err, 0);
	else
		assert_true(err == -EPIPE || err == -ECONNRESET);
	connection_close(&connection);
}

/*
 * The list of tests.
 */

static const struct codec_case {
	const char *name;
	void (*run)(const struct channel_ops *codec);
} codec_cases[] = {
	{ "orders make the round trip", round_trip },
	{ "no room is -ENOSPC", too_small },
	{ "byte by byte", byte_by_byte },
	{ "1,000 orders at once and in pieces", coalesced },
	{ "three and a half orders", half_at_the_end },
	{ "garbage", garbage },
};

static const struct connection_case {
	const char *name;
	void (*run)(const struct channel_ops *codec,
		    const struct transport_ops *kind);
} connection_cases[] = {
	{ "orders arrive byte-exact", arrive },
	{ "a slow reader loses nothing", slow_reader },
	{ "a closed peer is an error, no signal", peer_closes },
};

struct test {
	char name[128];
	const struct channel_ops *codec;
	const struct transport_ops *kind;
	const struct codec_case *codec_case;
	const struct connection_case *connection_case;
};

static void test_run(void **state)
{
	const struct test *test = *state;

	if (test->codec_case)
		test->codec_case->run(test->codec);
	else if (test->connection_case)
		test->connection_case->run(test->codec, test->kind);
	else
		skip();
}

static const char *transport_fault(const struct transport_ops *kind)
{
	if (kind->entry.unavailable_reason)
		return kind->entry.unavailable_reason;
	if (kind->connect)
		return "it has no descriptor: see unit/net_xdp_stream";
	if (namespace_fault)
		return namespace_fault;
	return registry_unavailable(&kind->entry);
}

static size_t pair_list(struct test *tests, const struct channel_ops *codec,
			const struct transport_ops *kind)
{
	const char *fault = transport_fault(kind);
	size_t n = 0;

	if (fault) {
		snprintf(tests->name, sizeof(tests->name), "%s over %s: %s",
			 codec->entry.name, kind->entry.name, fault);
		return 1;
	}
	for (; n < ARRAY_SIZE(connection_cases); n++) {
		tests[n].codec = codec;
		tests[n].kind = kind;
		tests[n].connection_case = &connection_cases[n];
		snprintf(tests[n].name, sizeof(tests[n].name), "%s over %s: %s",
			 codec->entry.name, kind->entry.name,
			 connection_cases[n].name);
	}
	return n;
}

static size_t codec_list(struct test *tests, const struct channel_ops *codec)
{
	const struct transport_ops *kind;
	size_t n = 0;

	if (codec->entry.unavailable_reason) {
		snprintf(tests->name, sizeof(tests->name), "%s: %s",
			 codec->entry.name, codec->entry.unavailable_reason);
		return 1;
	}
	for (; n < ARRAY_SIZE(codec_cases); n++) {
		tests[n].codec = codec;
		tests[n].codec_case = &codec_cases[n];
		snprintf(tests[n].name, sizeof(tests[n].name), "%s: %s",
			 codec->entry.name, codec_cases[n].name);
	}
	for (unsigned int i = 0; (kind = transport_kind(i)); i++)
		n += pair_list(tests + n, codec, kind);
	return n;
}

int main(void)
{
	unsigned int codecs = 0, kinds = 0;
	struct CMUnitTest *unit_tests;
	struct test *tests;
	size_t most, n = 0;
	int failed;

	log_open("conformance", LOG_WARNING);
	if (namespace_become_root() < 0 || namespace_open(&namespace) < 0 ||
	    namespace_enter(namespace) < 0)
		namespace_fault = "network namespaces are not permitted here";
	while (channel_codec(codecs))
		codecs++;
	while (transport_kind(kinds))
		kinds++;
	most = codecs *
	       (ARRAY_SIZE(codec_cases) + kinds * ARRAY_SIZE(connection_cases));
	tests = calloc(most, sizeof(*tests));
	unit_tests = calloc(most, sizeof(*unit_tests));
	if (!tests || !unit_tests)
		return 1;
	for (unsigned int i = 0; i < codecs; i++)
		n += codec_list(tests + n, channel_codec(i));
	for (size_t i = 0; i < n; i++)
		unit_tests[i] =
			(struct CMUnitTest){ .name = tests[i].name,
					     .test_func = test_run,
					     .initial_state = &tests[i] };
	failed = _cmocka_run_group_tests("channel", unit_tests, n, NULL, NULL);
	free(unit_tests);
	free(tests);
	namespace_close(&namespace);
	return failed;
}
