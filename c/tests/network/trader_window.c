/* SPDX-License-Identifier: MIT */
/* The trader and an exchange that does not read for a while: orders that can't
 * go are told and counted, market data goes on, and a signal ends it.
 * Takes long: thousands of orders on every transport. */
#include "tests/support/oracle.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/frame_stream.h"
#include "net/xdp_socket.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

#define FLOOD	10000 /* datagrams, each of which calls for an order */
#define REFUSED 20    /* more, once it is known that they can't go */
#define PACE	50    /* of them in a row */

static struct lab lab;
static struct program trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	fake_exchange_close(&fake);
	return 0;
}

static bool is_bypass(const char *transport)
{
	return !strcmp(transport, "bypass");
}

/* Its frames are fewer than the datagrams, so that those that wait could keep
 * the exchange's acknowledgements out. */
static void begin(const char *transport)
{
	const int small = 4096;
	const char *why = frame_stream_absent();

	if (!is_bypass(transport))
		choice_transport_needed(transport);
	else if (why || xdp_socket_probe(&why) < 0)
		lab_skip(why);
	fake_exchange_listen(&fake, &lab);
	assert_int_equal(setsockopt(fake.listener, SOL_SOCKET, SO_RCVBUF,
				    &small, sizeof(small)),
			 0);
	lab_trader(&lab, &trader, "--json", "--transport", transport,
		   "--receive",
		   is_bypass(transport) ? "xdp:frames=512" : "spin", NULL);
	fake_exchange_accept(&fake);
}

static void flood(void)
{
	fake_exchange_book(&fake);
	for (int i = 0; i < FLOOD; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
		if (i % PACE == 0)
			usleep(5000);
	}
}

/* Market data that the trader's sockets still hold, in bytes. */
static unsigned long queued(void)
{
	FILE *file = fopen("/proc/thread-self/net/udp", "re");
	unsigned long all = 0, bytes;
	unsigned int port;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %*x %*x:%lx", &port,
			   &bytes) == 2 &&
		    port == LAB_GROUP_PORT)
			all += bytes;
	fclose(file);
	return all;
}

/* It has read the flood: a slow one would else send the rest of the orders when
 * the exchange reads. */
static void flood_is_read(void)
{
	const uint64_t end =
		clock_monotonic_ns() + LAB_SOON_MS * UINT64_C(1000000);

	lab_go_trader(&lab);
	while (queued() > 0) {
		assert_true(clock_monotonic_ns() < end);
		usleep(1000);
	}
}

/* All orders that are there or come within this time: how many bytes. */
static size_t orders_read(int timeout_ms)
{
	struct timeval wait = { .tv_sec = timeout_ms / 1000,
				.tv_usec = timeout_ms % 1000 * 1000 };
	uint8_t bytes[ORDER_LEN];
	size_t read = 0;

	setsockopt(fake.client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	while (recv(fake.client, bytes, ORDER_LEN, MSG_WAITALL) == ORDER_LEN) {
		struct order order = order_read(bytes);

		assert_int_equal(order.quantity, 1);
		assert_int_equal(order.side, ORDER_BUY);
		assert_int_equal(order.price, INT64_C(250000000000));
		read += ORDER_LEN;
	}
	return read;
}

static json_t *counters(void)
{
	json_t *said = oracle_json(&trader);
	json_t *all = json_incref(json_object_get(said, "counters"));

	json_decref(said);
	return all;
}

static void reads_late(void **state)
{
	const char *transport = *state;
	json_int_t orders, refused, lost;
	size_t read;
	json_t *all;

	begin(transport);
	flood();
	lab_says(&trader, "window is closed");
	flood_is_read();
	for (int i = 0; i < REFUSED; i++)
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	flood_is_read();
	/* It reads, and trading goes on. */
	read = orders_read(2000);
	assert_true(read > 0);
	for (int i = 0; i < 10; i++)
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	fake_exchange_end(&fake);
	read += orders_read(LAB_SOON_MS);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&trader, PROGRAM_ERR,
				       "t2t-trader: warning: the exchange's "
				       "window is closed"),
			 1);
	all = counters();
	orders = oracle_count(all, "orders");
	refused = oracle_count(all, "orders_refused");
	lost = oracle_count(all, "lost");
	assert_int_equal(read, orders * ORDER_LEN);
	assert_in_range(refused + lost, REFUSED, FLOOD + REFUSED);
	assert_int_equal(orders + refused, oracle_count(all, "triggers"));
	assert_int_equal(oracle_count(all, "orders_unacknowledged"), 0);
	/* The market data was read all the while, or its loss is told; behind a
	 * large gap also that of one that was doubted. */
	assert_int_equal(oracle_count(all, "packets") + lost,
			 FLOOD + REFUSED + 12);
	assert_in_range(lost, 0,
			oracle_count(all, "dropped_by_kernel") +
				oracle_count(all, "doubted"));
	json_decref(all);
}

/* So long it took from the signal to the end. */
static uint64_t signal_takes(const char *transport)
{
	uint64_t before, took;
	json_t *all;

	begin(transport);
	flood();
	lab_says(&trader, "window is closed");
	before = clock_monotonic_ns();
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
	took = clock_monotonic_ns() - before;
	assert_true(took < 5 * CLOCK_NS_PER_S);
	all = counters();
	assert_in_range(oracle_count(all, "orders_unacknowledged"), 1,
			oracle_count(all, "orders"));
	lab_says(&trader, "not acknowledged");
	json_decref(all);
	clean(NULL);
	return took;
}

/* 42 s it took, or 17. Within a second, the best of some: the machine may be
 * busy. */
static void signal_ends_it(void **state)
{
	for (int i = 0; signal_takes(*state) >= CLOCK_NS_PER_S; i++)
		assert_in_range(i, 0, 8);
}

static const char *const bypass[] = { "bypass", NULL };

int main(int argc, char **argv)
{
	static struct CMUnitTest all[100];
	size_t n = 0;

	n += choice_tests(all + n, "the exchange reads late", reads_late, clean,
			  choice_transport);
	n += choice_tests(all + n, "the exchange reads late", reads_late, clean,
			  bypass);
	n += choice_tests(all + n, "the exchange never reads: a signal ends it",
			  signal_ends_it, clean, choice_transport);
	n += choice_tests(all + n, "the exchange never reads: a signal ends it",
			  signal_ends_it, clean, bypass);
	return lab_run(&lab, "trader_window", all, n, argc, argv);
}
