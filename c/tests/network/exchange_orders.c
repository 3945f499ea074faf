/* SPDX-License-Identifier: MIT */
/* Orders into the exchange from outside: framing, rejects, early ones, and
 * where the log can't go. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "wire/order.h"

#define FLOOD 20000

static struct lab lab;
static struct program exchange;
static struct listener listener;

static int clean(void **state)
{
	(void)state;
	program_end(&exchange);
	listener_close(&listener);
	return 0;
}

static struct order numbered(uint32_t i)
{
	return (struct order){ .quantity = i + 1,
			       .price = (int64_t)i * 100000001,
			       .side = i % 2 ? ORDER_SELL : ORDER_BUY };
}

/* The line says this order; returns its receive time. */
static uint64_t line_check(const char *line, const struct order *order)
{
	const char *price = strstr(line, " price=");
	int64_t nano;

	assert_non_null(price);
	price += strlen(" price=");
	assert_int_equal(decimal_parse(price, strcspn(price, " "), &nano), 0);
	assert_int_equal(nano, order->price);
	assert_int_equal(lab_number(line, "quantity"), order->quantity);
	assert_non_null(strstr(line, order->side ? " side=sell" : " side=buy"));
	return (uint64_t)lab_number(line, "recv_ns");
}

static void order_expect(const struct order *order, bool early)
{
	const char *line = lab_line(&exchange, "order ");

	line_check(line, order);
	assert_int_equal(strstr(line, " early") != NULL, early);
}

/* An exchange in TRANSMIT that has nothing more to publish. */
static int session_open(enum program_out out)
{
	int client;

	if (out == PROGRAM_OUT_READ) {
		lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
		client = lab_connect();
		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		return client;
	}
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange_out(&lab, &exchange, out, lab_feed(&lab, 1, 1), NULL);
	for (;;) {
		/* Its stdout does not tell when it listens. */
		client = order_client_try(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT);
		if (client >= 0)
			break;
		assert_int_equal(program_wait(&exchange, 20), -1);
	}
	assert_int_equal(listener_hear(&listener, 3, LAB_SOON_MS), 3);
	return client;
}

static void session_close(int client)
{
	order_client_close(client);
	lab_states(&exchange, "INIT");
}

static void one_order(void **state)
{
	const struct order order = { .quantity = 17,
				     .price = 61800100000000,
				     .side = ORDER_SELL };
	int client = session_open(PROGRAM_OUT_READ);
	uint64_t before_ns, after_ns, received_ns;
	const char *line;

	(void)state;
	before_ns = clock_realtime_ns();
	order_client_order(client, 17, order.price, ORDER_SELL);
	line = lab_line(&exchange, "order ");
	after_ns = clock_realtime_ns();
	received_ns = line_check(line, &order);
	assert_in_range(received_ns, before_ns, after_ns);
	assert_non_null(strstr(line, " price=61800.1 "));
	assert_null(strstr(line, "early"));
	session_close(client);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 1);
}

static void extreme_orders(void **state)
{
	const struct order orders[] = {
		{ UINT32_MAX, INT64_MAX, ORDER_BUY },
		{ 1, INT64_MIN, ORDER_SELL },
		{ 1, -1, ORDER_BUY },
		{ 2, 0, ORDER_SELL },
	};
	static const char *const prices[] = {
		" price=9223372036.854775807 side=buy",
		" price=-9223372036.854775808 side=sell",
		" price=-0.000000001 side=buy",
		" price=0 side=sell",
	};
	int client = session_open(PROGRAM_OUT_READ);
	const char *line;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		order_client_order(client, orders[i].quantity, orders[i].price,
				   orders[i].side);
		line = lab_line(&exchange, "order ");
		assert_int_equal(lab_number(line, "quantity"),
				 orders[i].quantity);
		assert_non_null(strstr(line, prices[i]));
	}
	session_close(client);
}

static void byte_by_byte(void **state)
{
	int client = session_open(PROGRAM_OUT_READ);
	uint8_t bytes[ORDER_LEN];

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		struct order order = numbered(i);

		order_write(&order, bytes);
		for (size_t j = 0; j < sizeof(bytes); j++) {
			order_client_send(client, bytes + j, 1);
			usleep(100);
		}
		order_expect(&order, false);
	}
	session_close(client);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 20);
}

static void coalesced(void **state)
{
	static uint8_t bytes[1000][ORDER_LEN];
	int client = session_open(PROGRAM_OUT_READ);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct order order = numbered(i);

		order_write(&order, bytes[i]);
	}
	order_client_send(client, bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 1000; i++) {
		struct order order = numbered(i);

		order_expect(&order, false);
	}
	session_close(client);
}

static void three_and_a_half(void **state)
{
	int client = session_open(PROGRAM_OUT_READ);
	uint8_t bytes[4][ORDER_LEN];
	struct order order;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		order = numbered(i);
		order_write(&order, bytes[i]);
	}
	order_client_send(client, bytes, 3 * ORDER_LEN + 6);
	for (uint32_t i = 0; i < 3; i++) {
		order = numbered(i);
		order_expect(&order, false);
	}
	assert_null(
		program_line(&exchange, PROGRAM_OUT, "order ", LAB_QUIET_MS));
	order_client_send(client, bytes[3] + 6, ORDER_LEN - 6);
	order = numbered(3);
	order_expect(&order, false);
	session_close(client);
}

static void truncated_tail(void **state)
{
	const uint8_t half[7] = { 1, 0, 0, 0, 9, 9, 9 };
	int client = session_open(PROGRAM_OUT_READ);

	(void)state;
	order_client_order(client, 3, 1000000000, ORDER_BUY);
	order_client_send(client, half, sizeof(half));
	session_close(client);
	lab_says(&exchange, "7 of 13 bytes");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 1);

	/* The rest is not taken for the next session's beginning. */
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_order(client, 4, 1000000000, ORDER_BUY);
	assert_int_equal(lab_number(lab_line(&exchange, "order "), "quantity"),
			 4);
	session_close(client);
}

static void rejects(void **state)
{
	int client = session_open(PROGRAM_OUT_READ);

	(void)state;
	order_client_order(client, 1, 1000000000, 2);
	assert_non_null(
		strstr(lab_line(&exchange, "reject recv_ns="), " reason="));
	order_client_order(client, 1, 1000000000, 255);
	assert_non_null(strstr(lab_line(&exchange, "reject recv_ns="), "side"));
	order_client_order(client, 0, 1000000000, ORDER_BUY);
	assert_non_null(
		strstr(lab_line(&exchange, "reject recv_ns="), "quantity"));
	order_client_order(client, 8, 1000000000, ORDER_SELL);
	assert_int_equal(lab_number(lab_line(&exchange, "order "), "quantity"),
			 8);
	session_close(client);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "reject "), 3);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 1);
}

/* Bytes that wait unread in the exchange's order connection. */
static unsigned int unread(void)
{
	unsigned int port, tcp, queue, found = 0;
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/tcp", (int)exchange.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d: %*8x:%4x %*s %2x %*8x:%8x", &port, &tcp,
			   &queue) == 3 &&
		    port == LAB_ORDER_PORT && tcp == 1)
			found += queue;
	fclose(file);
	return found;
}

static void early_orders(void **state)
{
	struct order order;
	int client;

	(void)state;
	/* A HANDSHAKE of five seconds. */
	lab_exchange(&lab, &exchange, lab_feed(&lab, 500, 1), "--pace",
		     "rate:100", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE");
	for (uint32_t i = 0; i < 10; i++) {
		order = numbered(i);
		order_client_order(client, order.quantity, order.price,
				   order.side);
	}
	for (int i = 0; unread() != 10 * ORDER_LEN; i++) {
		assert_in_range(i, 0, LAB_SOON_MS);
		usleep(1000);
	}
	assert_null(
		program_line(&exchange, PROGRAM_OUT, "order ", LAB_QUIET_MS));
	assert_int_equal(unread(), 10 * ORDER_LEN);

	lab_states(&exchange, "TRANSMIT");
	for (uint32_t i = 0; i < 10; i++) {
		order = numbered(i);
		order_expect(&order, true);
	}
	order = numbered(10);
	order_client_order(client, order.quantity, order.price, order.side);
	order_expect(&order, false);
	session_close(client);
}

static void disconnect_behind_early(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 100000, 1), "--pace",
		     "rate:100", NULL);
	for (int i = 0; i < 3; i++) {
		int client = lab_connect();

		lab_states(&exchange, "HANDSHAKE");
		for (int j = 0; j < 100; j++)
			order_client_order(client, 1, 1, ORDER_BUY);
		if (i == 0)
			order_client_close(client);
		else if (i == 1)
			order_client_reset(client);
		else
			order_client_half_close(client);
		lab_states(&exchange, "INIT");
		if (i == 2)
			order_client_close(client);
	}
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 0);
}

static void while_publishing(void **state)
{
	int client;

	(void)state;
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--pace",
		     "rate:5000", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (uint32_t i = 0; i < 200; i++) {
		struct order order = numbered(i);

		order_client_order(client, order.quantity, order.price,
				   order.side);
		order_expect(&order, false);
		assert_true(listener_hear(&listener, listener.count + 1,
					  LAB_SOON_MS) > 0);
	}
	listener_hear(&listener, listener.count + 1000, LAB_SOON_MS);
	for (size_t i = 0; i < listener.count; i++)
		assert_int_equal(listener.datagrams[i].header.sequence, i);
	session_close(client);
}

/* More than a pipe, and than the exchange's own buffers, can hold at once. */
static void flood_send(int client)
{
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct order order = numbered(i);

		order_client_order(client, order.quantity, order.price,
				   order.side);
	}
}

static void flood_expect(enum program_stream stream, const char *prefix)
{
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct order order = numbered(i);
		const char *line =
			program_line(&exchange, stream, prefix, LAB_SOON_MS);

		assert_non_null(line);
		line_check(line, &order);
	}
	assert_null(program_line(&exchange, stream, prefix, LAB_QUIET_MS));
}

static void flood(void **state)
{
	int client = session_open(PROGRAM_OUT_READ);

	(void)state;
	flood_send(client);
	flood_expect(PROGRAM_OUT, "order ");
	session_close(client);
}

static void out_idle(void **state)
{
	int client = session_open(PROGRAM_OUT_IDLE), second;

	(void)state;
	flood_send(client);
	/* The loop lives while nobody reads: it refuses a second client. */
	second = lab_connect();
	assert_true(order_client_closed(second, LAB_SOON_MS));
	order_client_close(second);
	program_out_resume(&exchange);
	lab_states(&exchange, "INIT HANDSHAKE TRANSMIT");
	flood_expect(PROGRAM_OUT, "order ");
	session_close(client);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* What stdout refuses is found on stderr, with the reason; the session goes
 * on, and so does the next. */
static void out_refuses(enum program_out out)
{
	int client = session_open(out);

	for (int session = 0; session < 2; session++) {
		for (uint32_t i = 0; i < 500; i++) {
			struct order order = numbered(i);

			order_client_order(client, order.quantity, order.price,
					   order.side);
		}
		for (uint32_t i = 0; i < 500; i++) {
			struct order order = numbered(i);
			const char *line = program_line(&exchange, PROGRAM_ERR,
							"order ", LAB_SOON_MS);

			assert_non_null(line);
			line_check(line, &order);
		}
		order_client_close(client);
		lab_says(&exchange, "state INIT");
		listener_forget(&listener);
		client = lab_connect();
		assert_true(listener_hear(&listener, 3, LAB_SOON_MS) >= 3);
	}
	lab_says(&exchange, "stdout");
	order_client_close(client);
	/* What it could not print is not forgotten. */
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 1);
}

static void out_closed(void **state)
{
	(void)state;
	out_refuses(PROGRAM_OUT_CLOSED);
}

static void out_full(void **state)
{
	(void)state;
	out_refuses(PROGRAM_OUT_FULL);
}

static void never_reads(void **state)
{
	int client = session_open(PROGRAM_OUT_READ), size = 1;

	(void)state;
	setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	flood_send(client);
	flood_expect(PROGRAM_OUT, "order ");
	session_close(client);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.3 an order is a line with quantity, price, side", one_order,
		 clean),
	LAB_TEST("A.3 the largest and the least numbers", extreme_orders,
		 clean),
	LAB_TEST("A.3 orders that come byte by byte", byte_by_byte, clean),
	LAB_TEST("A.3 a thousand orders in one piece", coalesced, clean),
	LAB_TEST("A.3 three and a half orders, then the rest", three_and_a_half,
		 clean),
	LAB_TEST("A.3 a truncated tail at a disconnect is reported",
		 truncated_tail, clean),
	LAB_TEST("A.3 a bad side or a zero quantity is a logged reject, and "
		 "the session lives",
		 rejects, clean),
	LAB_TEST("A.5 early bytes stay unread until TRANSMIT, flagged early",
		 early_orders, clean),
	LAB_TEST("A.5 a disconnect is seen even with unread data",
		 disconnect_behind_early, clean),
	LAB_TEST("A.13 orders are logged while publishing, nothing is lost",
		 while_publishing, clean),
	LAB_TEST("A.13 20,000 orders at once are logged once each, in order",
		 flood, clean),
	LAB_TEST("A.13 nobody reads stdout: no stall, no order lost", out_idle,
		 clean),
	LAB_TEST("A.13 stdout is closed: orders go to stderr", out_closed,
		 clean),
	LAB_TEST("A.13 stdout is full: orders go to stderr", out_full, clean),
	LAB_TEST("A.13 a client that never reads", never_reads, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_orders", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
