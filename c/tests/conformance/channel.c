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
#include "net/namespace.h"
#include "net/socket.h"
#include "order/channel_ops.h"
#include "order/transport_ops.h"
#include "tests/support/channel_choice.h"

#define WAIT_NS	  (60 * CLOCK_NS_PER_S) /* in which nothing has gone on */
#define ONE_MAX	  1024 /* bytes that one order may take in any codec */
#define SHAKE_MAX 4096 /* that a step of an handshake may take */
#define ORDERS	  1000
/* Through small buffers: each time one is full the other side has to run. */
#define MANY 40000

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

/* All that is to be sent goes into out; how much. */
static size_t out_take(struct channel *end, uint8_t *out, size_t size)
{
	const uint8_t *bytes;
	size_t len;

	bytes = channel_waiting(end, &len);
	assert_true(len <= size);
	memcpy(out, bytes, len);
	channel_sent(end, len);
	return len;
}

/* As many bytes as there is room for have come. */
static size_t in_put(struct channel *end, const uint8_t *in, size_t len)
{
	size_t room;
	uint8_t *bytes = channel_room(end, &room);

	if (room > len)
		room = len;
	memcpy(bytes, in, room);
	channel_received(end, room, 1);
	return room;
}

static void over_to(struct channel *from, struct channel *to)
{
	uint8_t bytes[SHAKE_MAX];
	size_t len = out_take(from, bytes, sizeof(bytes));

	assert_int_equal(in_put(to, bytes, len), len);
}

/* The handshake, in as many steps as it takes. */
static void shake_hands(struct pair *pair)
{
	int trader = channel_handshake(pair->trader, 1);
	int exchange = channel_handshake(pair->exchange, 1);

	for (int step = 0; trader != 1 || exchange != 1; step++) {
		assert_true(step < 10);
		assert_in_range(trader, 0, 1);
		assert_in_range(exchange, 0, 1);
		over_to(pair->trader, pair->exchange);
		if (!exchange)
			exchange = channel_handshake(pair->exchange, 1);
		over_to(pair->exchange, pair->trader);
		if (!trader)
			trader = channel_handshake(pair->trader, 1);
	}
}

static struct pair pair_open(const struct channel_ops *ops)
{
	const char *text = channel_choice(ops->entry.name);
	struct pair pair;

	assert_int_equal(channel_open(text, CHANNEL_TRADER, &pair.trader), 0);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &pair.exchange),
			 0);
	assert_string_equal(channel_name(pair.trader), ops->entry.name);
	if (ops->prepare)
		assert_int_equal(ops->prepare(pair.trader, 1), 0);
	shake_hands(&pair);
	return pair;
}

static void pair_close(struct pair *pair)
{
	channel_close(pair->trader);
	channel_close(pair->exchange);
}

/* One order's bytes; how many. */
static size_t order_encode(struct channel *trader, const struct order *order,
			   uint8_t *out, size_t out_size)
{
	assert_int_equal(channel_encode(trader, order), 0);
	return out_take(trader, out, out_size);
}

/* Orders 0..count of the trader, one after the other. */
static size_t orders_encode(struct pair *pair, uint32_t count, uint8_t *out,
			    size_t out_size)
{
	size_t len = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct order order = order_number(i);
		size_t n = order_encode(pair->trader, &order, out + len,
					out_size - len);

		assert_in_range(n, 0, ONE_MAX);
		len += n;
	}
	return len;
}

/* Bytes come to the exchange's end; orders found must go on from number
 * *found. */
static void orders_decode(struct channel *end, const uint8_t *in, size_t len,
			  uint32_t *found)
{
	struct order order;
	int got = 0;

	while (len > 0) {
		size_t n = in_put(end, in, len);

		assert_true(n > 0);
		in += n;
		len -= n;
		while ((got = channel_decode(end, &order)) > 0)
			order_check(&order, (*found)++);
		assert_int_equal(got, 0);
	}
}

static uint8_t stream[ORDERS * ONE_MAX];

static void round_trip(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	uint32_t found = 0;

	for (uint32_t i = 0; i < 100; i++) {
		struct order order = order_number(i);
		size_t len = order_encode(pair.trader, &order, stream, ONE_MAX);

		assert_in_range(len, silent(ops) ? 0 : 1, ONE_MAX);
		orders_decode(pair.exchange, stream, len, &found);
		assert_int_equal(found, silent(ops) ? 0 : i + 1);
	}
	pair_close(&pair);
}

/* The last order goes whole or not at all; once there is room the next one
 * does. */
static void too_small(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	struct order order = order_number(1);
	uint32_t sent = 0, found = 0;
	size_t len;

	if (!silent(ops)) {
		while (sent < ORDERS &&
		       channel_encode(pair.trader, &order) == 0) {
			order = order_number(++sent + 1);
			channel_waiting(pair.trader, &len);
		}
		assert_in_range(sent, 1, ORDERS - 1);
		assert_int_equal(channel_encode(pair.trader, &order), -ENOSPC);
		channel_waiting(pair.trader, &len);
		assert_true(len <= ops->out_size);
		found = 1;
		len = out_take(pair.trader, stream, sizeof(stream));
		orders_decode(pair.exchange, stream, len, &found);
		assert_int_equal(found, sent + 1);
		len = order_encode(pair.trader, &order, stream, ONE_MAX);
		orders_decode(pair.exchange, stream, len, &found);
		assert_int_equal(found, sent + 2);
	}
	pair_close(&pair);
}

/* In pieces of so many bytes. */
static void in_pieces(const struct channel_ops *ops, size_t piece)
{
	struct pair pair = pair_open(ops);
	size_t len = orders_encode(&pair, ORDERS, stream, sizeof(stream));
	uint32_t found = 0;

	for (size_t at = 0; at < len; at += piece)
		orders_decode(pair.exchange, stream + at,
			      len - at < piece ? len - at : piece, &found);
	assert_int_equal(found, silent(ops) ? 0 : ORDERS);
	assert_int_equal(channel_buffer_len(&pair.exchange->in), 0);
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
	size_t n = order_encode(pair.trader, &last, stream + three, ONE_MAX);
	size_t half = three + n / 2;
	uint32_t found = 0;

	orders_decode(pair.exchange, stream, half, &found);
	assert_int_equal(found, silent(ops) ? 0 : 3);
	assert_int_equal(channel_buffer_len(&pair.exchange->in),
			 silent(ops) ? 0 : half - three);
	orders_decode(pair.exchange, stream + half, three + n - half, &found);
	assert_int_equal(found, silent(ops) ? 0 : 4);
	assert_int_equal(channel_buffer_len(&pair.exchange->in), 0);
	pair_close(&pair);
}

/* Whatever comes: an order, a wish for more or an error, in the opening
 * exchange and behind it. */
static void garbage_take(struct channel *end, bool shaken, const uint8_t *in,
			 size_t len)
{
	struct order order;
	int got = 0;

	while (len > 0 && got >= 0) {
		size_t n = in_put(end, in, len);

		if (n == 0)
			break;
		in += n;
		len -= n;
		if (!shaken) {
			got = channel_handshake(end, 1);
			assert_in_range(got + 200, 0, 201);
			shaken = got > 0;
		}
		while (shaken && (got = channel_decode(end, &order)) > 0)
			;
		assert_true(end->in.begin <= end->in.end);
		assert_true(end->out.end <= end->out.size);
		channel_sent(end, channel_buffer_len(&end->out));
	}
}

static void garbage(const struct channel_ops *ops)
{
	uint32_t random = 1;

	for (int round = 0; round < 1000; round++) {
		size_t len = (size_t)round % 200;
		uint8_t *in = malloc(len ? len : 1);
		struct pair pair = pair_open(ops);
		struct channel *fresh[2];

		/* On the heap, to the byte: a sanitizer sees one too many. */
		assert_non_null(in);
		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			in[i] = (uint8_t)(random >> 24);
		}
		garbage_take(pair.exchange, true, in, len);
		garbage_take(pair.trader, true, in, len);
		for (int role = 0; role < 2; role++) {
			assert_int_equal(
				channel_open(channel_choice(ops->entry.name),
					     (enum channel_role)role,
					     &fresh[role]),
				0);
			garbage_take(fresh[role], false, in, len);
			channel_close(fresh[role]);
		}
		free(in);
		pair_close(&pair);
	}
}

/* Whoever hears nothing says so; whoever does, goes on. */
static void heartbeats(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	struct order order;
	uint64_t now_ns = 1;
	int err = 0;

	if (!ops->tick) {
		assert_true(pair.trader->due_ns == UINT64_MAX);
		assert_true(pair.exchange->due_ns == UINT64_MAX);
		pair_close(&pair);
		return;
	}
	for (int i = 0; i < 100; i++) {
		assert_true(pair.trader->due_ns > now_ns);
		now_ns = pair.trader->due_ns > pair.exchange->due_ns
				 ? pair.trader->due_ns
				 : pair.exchange->due_ns;
		assert_int_equal(channel_tick(pair.trader, now_ns), 0);
		assert_int_equal(channel_tick(pair.exchange, now_ns), 0);
		over_to(pair.trader, pair.exchange);
		over_to(pair.exchange, pair.trader);
		pair.trader->received_ns = pair.exchange->received_ns = now_ns;
		assert_int_equal(channel_decode(pair.trader, &order), 0);
		assert_int_equal(channel_decode(pair.exchange, &order), 0);
	}
	for (int i = 0; i < 1000 && !err; i++) {
		now_ns = pair.trader->due_ns;
		err = channel_tick(pair.trader, now_ns);
		channel_sent(pair.trader,
			     channel_buffer_len(&pair.trader->out));
	}
	assert_int_equal(err, -ETIMEDOUT);
	assert_non_null(pair.trader->why);
	pair_close(&pair);
}

/* Whatever was said before it is still heard. */
static void farewell(const struct channel_ops *ops)
{
	struct pair pair = pair_open(ops);
	struct order order = order_number(0);
	uint8_t bytes[ONE_MAX];
	size_t len;

	if (ops->logout) {
		assert_int_equal(channel_encode(pair.trader, &order), 0);
		ops->logout(pair.trader);
		len = out_take(pair.trader, bytes, sizeof(bytes));
		in_put(pair.exchange, bytes, len);
		assert_int_equal(channel_decode(pair.exchange, &order), 1);
		order_check(&order, 0);
		assert_int_equal(channel_decode(pair.exchange, &order), -EPIPE);
		ops->logout(pair.exchange);
		over_to(pair.exchange, pair.trader);
		assert_int_equal(channel_decode(pair.trader, &order), -EPIPE);
	}
	pair_close(&pair);
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

/* Orders 0..count, one send each, then the end. What had no room in time has
 * not gone, nor has any of it: it is sent again. */
static void *orders_send(void *context)
{
	struct sending *sending = context;
	struct channel *trader = sending->connection->pair.trader;
	struct transport *transport = sending->connection->transport;
	uint64_t deadline;

	for (uint32_t i = 0; i < sending->count && !sending->result; i++) {
		struct order order = order_number(i);
		uint8_t out[ONE_MAX];
		size_t len = order_encode(trader, &order, out, sizeof(out));

		deadline = clock_monotonic_ns() + WAIT_NS;
		while ((sending->result = transport_send(transport, out,
							 len)) == -EAGAIN &&
		       clock_monotonic_ns() < deadline)
			poll(NULL, 0, 1);
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

	for (;;) {
		struct pollfd readable = { connection->exchange, POLLIN, 0 };
		ssize_t n;

		assert_true(clock_monotonic_ns() < deadline);
		poll(&readable, 1, 100);
		n = read(connection->exchange, in, sizeof(in));
		if (n < 0 && errno == EAGAIN)
			continue;
		assert_true(n >= 0);
		if (n == 0)
			break;
		orders_decode(connection->pair.exchange, in, (size_t)n, &found);
		deadline = clock_monotonic_ns() + WAIT_NS;
	}
	assert_int_equal(channel_buffer_len(&connection->pair.exchange->in), 0);
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
	size_t len;
	int err = 0;

	connection_open(&connection, codec, kind, 0);
	close(connection.exchange);
	connection.exchange = -1;
	while (!err && clock_monotonic_ns() < deadline) {
		len = order_encode(connection.pair.trader, &order, out,
				   sizeof(out));
		err = transport_send(connection.transport, out, len);
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
	{ "heartbeats, and silence", heartbeats },
	{ "a farewell", farewell },
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
		return "it has no descriptor: see network/bypass and shm";
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
