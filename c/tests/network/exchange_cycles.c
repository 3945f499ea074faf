/* SPDX-License-Identifier: MIT */
/* How order connections end, in each state and manner, and that nothing is
 * left of them; a thousand times. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/namespace.h"

#define CYCLES	   1000
#define SETTLED	   100 /* cycles after which memory should have */
#define GROWTH_KIB 1024

static struct lab lab;
static struct program exchange;
static struct listener listener;
static pid_t peer; /* a client in a process of its own; 0: none */

static void peer_kill(void)
{
	if (peer > 0) {
		kill(peer, SIGKILL);
		waitpid(peer, NULL, 0);
	}
	peer = 0;
}

static int clean(void **state)
{
	(void)state;
	peer_kill();
	program_end(&exchange);
	listener_close(&listener);
	namespace_link(lab.trader, LAB_TRADER_INTERFACE, 1);
	return 0;
}

static void listen_here(void)
{
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
}

enum manner { FIN, RST, HALF_CLOSE, KILLED, MANNERS };
enum moment { IN_HANDSHAKE, IN_TRANSMIT, AT_END, MOMENTS };

/* A process that connects and then does nothing until it is killed. */
static void peer_start(void)
{
	fflush(NULL);
	peer = fork();
	assert_true(peer >= 0);
	if (peer == 0) {
		if (order_client_try(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT) < 0)
			_exit(1);
		for (;;)
			pause();
	}
}

static int enter(enum manner manner)
{
	if (manner != KILLED)
		return lab_connect();
	peer_start();
	return -1;
}

static void leave(int client, enum manner manner)
{
	switch (manner) {
	case FIN:
		order_client_close(client);
		break;
	case RST:
		order_client_reset(client);
		break;
	case HALF_CLOSE:
		order_client_half_close(client);
		break;
	case KILLED:
	case MANNERS:
		peer_kill();
		break;
	}
}

/* What the next session must begin with. */
static void session_is_new(void)
{
	size_t first;
	int client;

	listener_forget(&listener);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE");
	first = listener_hear(&listener, 2, LAB_SOON_MS);
	assert_int_equal(first, 2);
	assert_int_equal(listener.datagrams[0].header.sequence, 0);
	assert_int_equal(listener_price(&listener, 0), 1000);
	assert_int_equal(listener.datagrams[1].header.sequence, 1);
	order_client_close(client);
	lab_line(&exchange, "state INIT");
}

static void end_in(enum moment moment, enum manner manner)
{
	const char *feed = moment == IN_HANDSHAKE ? lab_feed(&lab, 100000, 1)
			   : moment == AT_END	  ? lab_feed(&lab, 1, 1)
						  : lab_feed(&lab, 1, 100000);
	size_t descriptors;
	int client;

	listen_here();
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:2000", NULL);
	descriptors = program_descriptors(&exchange);
	client = enter(manner);
	lab_states(&exchange, "HANDSHAKE");
	if (moment != IN_HANDSHAKE)
		lab_states(&exchange, "TRANSMIT");
	if (moment == AT_END)
		assert_true(listener_hear_flag(&listener,
					       MARKET_DATA_END_OF_FEED,
					       LAB_SOON_MS) != SIZE_MAX);
	else
		assert_int_equal(listener_hear(&listener, 20, LAB_SOON_MS), 20);
	leave(client, manner);
	lab_states(&exchange, "INIT");

	listener_forget(&listener);
	assert_int_equal(listener_quiet(&listener, 50), 0);
	lab_descriptors(&exchange, descriptors);
	assert_false(program_has_open(&exchange, feed));
	if (manner == HALF_CLOSE) {
		assert_true(order_client_closed(client, LAB_SOON_MS));
		order_client_close(client);
	}
	session_is_new();
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	listener_close(&listener);
}

static void ends_by(enum manner manner)
{
	for (enum moment moment = 0; moment < MOMENTS; moment++)
		end_in(moment, manner);
}

static void by_fin(void **state)
{
	(void)state;
	ends_by(FIN);
}

static void by_reset(void **state)
{
	(void)state;
	ends_by(RST);
}

static void by_half_close(void **state)
{
	(void)state;
	ends_by(HALF_CLOSE);
}

static void by_kill(void **state)
{
	(void)state;
	ends_by(KILLED);
}

static void dead_peer(void **state)
{
	const char *feed = lab_feed(&lab, 100000, 1);
	int client;

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:1000",
		     "--keepalive", "1,1,2", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE");
	assert_int_equal(listener_hear(&listener, 20, LAB_SOON_MS), 20);
	/* Neither FIN nor RST can leave any more. */
	assert_int_equal(namespace_link(lab.trader, LAB_TRADER_INTERFACE, 0),
			 0);
	lab_states(&exchange, "INIT");
	assert_false(program_has_open(&exchange, feed));
	assert_int_equal(namespace_link(lab.trader, LAB_TRADER_INTERFACE, 1),
			 0);
	order_client_reset(client);
	listener_close(&listener);
	listen_here();
	session_is_new();
}

static void cycles(void **state)
{
	size_t descriptors = 0;
	long memory_kib = 0;

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, lab_feed(&lab, 20, 200), NULL);
	for (int i = 1; i <= CYCLES; i++) {
		enum manner manner = (enum manner)(i % KILLED);
		int client = enter(manner);

		lab_states(&exchange, "HANDSHAKE");
		/* One in four leaves at once, the others have traded. */
		if (i % 4) {
			lab_states(&exchange, "TRANSMIT");
			order_client_order(client, (uint32_t)i, 1, 0);
			lab_line(&exchange, "order ");
		}
		leave(client, manner);
		if (i % 4)
			lab_states(&exchange, "INIT");
		else
			lab_line(&exchange, "state INIT");
		if (manner == HALF_CLOSE)
			order_client_close(client);
		if (i == SETTLED) {
			listener_quiet(&listener, LAB_QUIET_MS);
			descriptors = program_descriptors(&exchange);
			memory_kib = program_memory_kib(&exchange, "VmRSS");
		}
		listener_forget(&listener);
	}
	lab_descriptors(&exchange, descriptors);
	print_message("# %d cycles: %zu descriptors, %ld KiB, %+ld KiB\n",
		      CYCLES, descriptors, memory_kib,
		      program_memory_kib(&exchange, "VmRSS") - memory_kib);
	/* A sanitizer keeps freed memory for a while; it tells leaks itself. */
	if (!SANITIZED)
		assert_true(program_memory_kib(&exchange, "VmRSS") <
			    memory_kib + GROWTH_KIB);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "),
			 CYCLES * 3 / 4);
	session_is_new();
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void stops_at_once(void **state)
{
	int client;

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 200000), "--pace",
		     "rate:50000", NULL);
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 1000, LAB_SOON_MS), 1000);
	order_client_close(client);
	lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
	listener_forget(&listener);
	assert_int_equal(listener_quiet(&listener, LAB_QUIET_MS), 0);
	session_is_new();
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.14 a FIN ends the session in each state, nothing stays",
		 by_fin, clean),
	LAB_TEST("A.14 so does an RST", by_reset, clean),
	LAB_TEST("A.14 so does a half-close", by_half_close, clean),
	LAB_TEST("A.14 so does a killed trader", by_kill, clean),
	LAB_TEST("A.14 so does a dead peer, by keepalive", dead_peer, clean),
	LAB_TEST("A.14 multicast stops at once, at a high rate too",
		 stops_at_once, clean),
	LAB_TEST("A.14 1,000 cycles: the same descriptors, the same memory",
		 cycles, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_cycles", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
