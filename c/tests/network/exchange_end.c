/* SPDX-License-Identifier: MIT */
/* What must hold when the feed is at its end, when the exchange is told to
 * leave, and when it has no descriptor left for a trader. */
#include "tests/support/lab.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

#define ORDERS 1000
/* The pause that exchange.c makes behind an accept that failed. */
#define REST_NS UINT64_C(100000000)

static struct lab lab;
static struct program exchange;
static struct listener listener;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	lab_session_end(&exchange, &listener, &client);
	return 0;
}

/* The first may be lost, and whoever waits for it would wait for ever. */
static void end_comes_again(void **state)
{
	size_t first;

	(void)state;
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 2), NULL);
	client = lab_connect();
	first = listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				   LAB_SOON_MS);
	assert_int_equal(first, 3);
	assert_int_equal(listener_hear(&listener, first + 4, LAB_SOON_MS),
			 first + 4);
	for (size_t i = 0; i < first + 4; i++)
		assert_int_equal(
			listener.datagrams[i].tag,
			market_data_session_tag(order_client_port(client)));
	for (size_t i = first; i < first + 4; i++) {
		assert_int_equal(listener.datagrams[i].header.flags,
				 MARKET_DATA_END_OF_FEED);
		assert_int_equal(listener.datagrams[i].header.message_count, 0);
		assert_int_equal(listener.datagrams[i].header.sequence,
				 listener.datagrams[first].header.sequence);
	}
}

/* It sleeps, so that orders and the signal find it at the same time. */
static void unread_orders_are_taken(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--pace",
		     "rate:100", NULL);
	client = lab_connect();
	lab_line(&exchange, "state TRANSMIT");
	assert_int_equal(kill(exchange.pid, SIGSTOP), 0);
	for (int i = 0; i < ORDERS; i++)
		order_client_order(client, 1, 1000000000, 0);
	assert_int_equal(kill(exchange.pid, SIGTERM), 0);
	assert_int_equal(kill(exchange.pid, SIGCONT), 0);
	assert_int_equal(program_wait(&exchange, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "),
			 ORDERS);
}

static void descriptors_limit(rlim_t count)
{
	struct rlimit limit;

	assert_int_equal(prlimit(exchange.pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = count;
	assert_int_equal(prlimit(exchange.pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

/* However slowly time goes by here, so many rests fit into it and no more. */
static void failed_accept_rests(void **state)
{
	static const char failed[] = "t2t-exchange: error: can't accept";
	uint64_t start_ns, rests;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
	/* Fewer than it has; but poll(2) wants as many as it waits for. */
	descriptors_limit(8);
	start_ns = clock_monotonic_ns();
	client = lab_connect();
	lab_says(&exchange, "can't accept a connection");
	while (program_count(&exchange, PROGRAM_ERR, failed) < 3)
		assert_true(program_read(&exchange, LAB_SOON_MS));
	while (program_read(&exchange, 0))
		;
	rests = (clock_monotonic_ns() - start_ns) / REST_NS;
	assert_true(program_count(&exchange, PROGRAM_ERR, failed) <= rests + 2);
	/* And then the trader is taken. */
	descriptors_limit(256);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.10 the end of the feed is said again and again",
		 end_comes_again, clean),
	LAB_TEST("A.15 orders that lie unread at a SIGTERM are taken",
		 unread_orders_are_taken, clean),
	LAB_TEST("A.4 without a descriptor a trader waits, and no CPU is spent",
		 failed_accept_rests, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_end", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
