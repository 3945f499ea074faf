/* SPDX-License-Identifier: MIT */
/* The exchange's sessions from outside: states, the order port, one client at
 * a time, the feed's opening, the end by a signal. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void listen_here(void)
{
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
}

/* The inode of the socket that listens on the order port; 0: none. */
static unsigned long listening_inode(void)
{
	unsigned int port, state;
	unsigned long inode, found = 0;
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/tcp", (int)exchange.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line,
			   "%*d: %*8x:%4x %*s %2x %*s %*s %*s %*d %*d %lu",
			   &port, &state, &inode) == 3 &&
		    port == LAB_ORDER_PORT && state == 0x0a)
			found = inode;
	fclose(file);
	return found;
}

static void states_once(void **state)
{
	int client;

	(void)state;
	lab_exchange_out(&lab, &exchange, PROGRAM_OUT_READ,
			 lab_feed(&lab, 3, 3), NULL);
	lab_states(&exchange, "INIT");
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_close(client);
	lab_states(&exchange, "INIT");
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_close(client);
	lab_states(&exchange, "INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 7);
}

static void states_wait(void **state)
{
	int client;

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, lab_feed(&lab, 3, 3), NULL);
	assert_null(
		program_line(&exchange, PROGRAM_OUT, "state ", LAB_QUIET_MS));
	assert_int_equal(listener_quiet(&listener, LAB_QUIET_MS), 0);
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 7, LAB_SOON_MS), 7);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_close(client);
}

static void listener_kept(void **state)
{
	unsigned long inode;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 3, 3), NULL);
	inode = listening_inode();
	assert_true(inode > 0);
	for (int i = 0; i < 3; i++) {
		int client = lab_connect();

		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		assert_int_equal(listening_inode(), inode);
		order_client_close(client);
		lab_states(&exchange, "INIT");
		assert_int_equal(listening_inode(), inode);
	}
}

static void defaults(void **state)
{
	int client;

	(void)state;
	listen_here();
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
		  lab_feed(&lab, 1, 1), "--interface", LAB_EXCHANGE_INTERFACE,
		  NULL);
	lab_line(&exchange, "state INIT");
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 3, LAB_SOON_MS), 3);
	order_client_close(client);
}

static void any_address(void **state)
{
	(void)state;
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
		  lab_feed(&lab, 1, 1), "--interface", LAB_EXCHANGE_INTERFACE,
		  "--listen", "0.0.0.0:9012", NULL);
	lab_line(&exchange, "state INIT");
	lab_says(&exchange, "takes orders at 0.0.0.0:9012");
}

static void other_addresses(void **state)
{
	int client;

	(void)state;
	listener_open(&listener, LAB_TRADER_INTERFACE, "239.7.8.9", 4321);
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
		  lab_feed(&lab, 1, 1), "--interface", LAB_EXCHANGE_INTERFACE,
		  "--listen", ":9100", "--group", "239.7.8.9:4321", NULL);
	lab_line(&exchange, "state INIT");
	client = order_client_open(LAB_EXCHANGE_ADDRESS, 9100);
	assert_int_equal(listener_hear(&listener, 3, LAB_SOON_MS), 3);
	order_client_close(client);
}

static void second_closed(void **state)
{
	int first, second;
	char peer[32];

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--pace",
		     "rate:1000", NULL);
	first = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	second = lab_connect();
	assert_true(order_client_closed(second, LAB_SOON_MS));
	snprintf(peer, sizeof(peer), "%s:%u", LAB_TRADER_ADDRESS,
		 order_client_port(second));
	lab_says(&exchange, peer);
	order_client_close(second);

	listener_forget(&listener);
	order_client_order(first, 5, 1500000000, 0);
	assert_int_equal(lab_number(lab_line(&exchange, "order "), "quantity"),
			 5);
	assert_true(listener_hear(&listener, 50, LAB_SOON_MS) >= 50);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 3);
	order_client_close(first);
	lab_states(&exchange, "INIT");
}

static void second_in_handshake(void **state)
{
	int first, second;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10000, 1), "--pace",
		     "rate:1000", NULL);
	first = lab_connect();
	lab_states(&exchange, "HANDSHAKE");
	for (int i = 0; i < 20; i++) {
		second = lab_connect();
		assert_true(order_client_closed(second, LAB_SOON_MS));
		order_client_close(second);
	}
	assert_false(order_client_closed(first, 0));
	order_client_close(first);
	lab_states(&exchange, "INIT");
}

static void second_queued(void **state)
{
	int first, second;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--busy", "queue",
		     NULL);
	first = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	second = lab_connect();
	order_client_order(second, 7, 1000000000, 1);
	assert_false(order_client_closed(second, LAB_QUIET_MS));
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"), 0);
	order_client_close(first);
	lab_states(&exchange, "INIT HANDSHAKE TRANSMIT");
	assert_int_equal(lab_number(lab_line(&exchange, "order "), "quantity"),
			 7);
	order_client_close(second);
	lab_states(&exchange, "INIT");
}

static void feed_opened_late(void **state)
{
	char feed[PATH_MAX];
	int client;

	(void)state;
	/* Too much for any buffer: it stays open while it is published. */
	strcpy(feed, lab_feed(&lab, 1, 300000));
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:100", NULL);
	assert_false(program_has_open(&exchange, feed));
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_true(program_has_open(&exchange, feed));
	order_client_close(client);
	lab_states(&exchange, "INIT");
	assert_false(program_has_open(&exchange, feed));
}

static void feed_comes_later(void **state)
{
	char path[PATH_MAX];
	int client;

	(void)state;
	listen_here();
	lab_exchange(&lab, &exchange, lab_path(&lab, "feed.csv.gz", path),
		     NULL);
	lab_feed(&lab, 1, 1);
	client = lab_connect();
	assert_int_equal(listener_hear(&listener, 3, LAB_SOON_MS), 3);
	order_client_close(client);
	lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
}

enum moment { IN_INIT, IN_HANDSHAKE, IN_TRANSMIT, AT_END };

static void ends_by(int signal, enum moment moment)
{
	const char *feed = moment == IN_HANDSHAKE ? lab_feed(&lab, 10000, 1)
			   : moment == AT_END	  ? lab_feed(&lab, 1, 1)
						  : lab_feed(&lab, 1, 10000);
	int client = -1;

	lab_exchange(&lab, &exchange, feed, "--pace", "rate:200", NULL);
	if (moment != IN_INIT) {
		client = lab_connect();
		lab_states(&exchange, "HANDSHAKE");
	}
	if (moment > IN_HANDSHAKE)
		lab_states(&exchange, "TRANSMIT");
	assert_int_equal(program_stop(&exchange, signal, LAB_SOON_MS), 0);
	if (client >= 0) {
		assert_true(order_client_closed(client, LAB_SOON_MS));
		order_client_close(client);
	}
}

static void sigint_ends(void **state)
{
	(void)state;
	for (enum moment moment = IN_INIT; moment <= AT_END; moment++)
		ends_by(SIGINT, moment);
}

static void sigterm_ends(void **state)
{
	(void)state;
	for (enum moment moment = IN_INIT; moment <= AT_END; moment++)
		ends_by(SIGTERM, moment);
}

static void sigterm_logs_orders(void **state)
{
	int client;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (uint32_t i = 1; i <= 1000; i++)
		order_client_order(client, i, 1000000000, 0);
	lab_line(&exchange, "order ");
	order_client_order(client, 4242, 1000000000, 0);
	assert_true(program_says(&exchange, PROGRAM_OUT, "quantity=4242",
				 LAB_SOON_MS));
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 1001);
	order_client_close(client);
}

static void port_in_use(void **state)
{
	struct program second = { 0 };
	char feed[PATH_MAX];

	(void)state;
	strcpy(feed, lab_feed(&lab, 1, 1));
	lab_exchange(&lab, &exchange, feed, NULL);
	assert_int_equal(lab_call(&second, lab.exchange, "t2t-exchange",
				  "--feed", feed, "--interface",
				  LAB_EXCHANGE_INTERFACE, "--listen",
				  LAB_CONNECT, NULL),
			 1);
	lab_says(&second, "9012");
	lab_says(&second, "in use");
	assert_int_equal(program_count(&second, PROGRAM_OUT, "state "), 0);
	program_end(&second);
	order_client_close(lab_connect());
	lab_states(&exchange, "HANDSHAKE");
}

static void address_of_nobody(void **state)
{
	(void)state;
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", lab_feed(&lab, 1, 1), "--interface",
				  LAB_EXCHANGE_INTERFACE, "--listen",
				  "10.99.99.99:9012", NULL),
			 1);
	lab_says(&exchange, "10.99.99.99");
}

static void interface_of_nobody(void **state)
{
	int code;

	(void)state;
	code = lab_call(&exchange, lab.exchange, "t2t-exchange", "--feed",
			lab_feed(&lab, 1, 1), "--interface", "nowhere7", NULL);
	assert_true(code == 1 || code == 2);
	lab_says(&exchange, "nowhere7");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "state "), 0);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.1 each transition is logged once, INIT to INIT",
		 states_once, clean),
	LAB_TEST("A.1 nothing happens before an order connection stands",
		 states_wait, clean),
	LAB_TEST("A.2 the listener is the same socket through all sessions",
		 listener_kept, clean),
	LAB_TEST("A.2 by default orders go to 9012, data to 239.255.0.1:12345",
		 defaults, clean),
	LAB_TEST("A.2 port and group are options", other_addresses, clean),
	LAB_TEST("A.2 a given 0.0.0.0 means any address", any_address, clean),
	LAB_TEST("A.4 a second connect while busy is accepted and closed at "
		 "once, logged, the first undisturbed",
		 second_closed, clean),
	LAB_TEST("A.4 so it is in HANDSHAKE, many times", second_in_handshake,
		 clean),
	LAB_TEST("A.4 with --busy queue it waits until INIT", second_queued,
		 clean),
	LAB_TEST("A.6 the feed is open only while an order connection stands",
		 feed_opened_late, clean),
	LAB_TEST("A.6 the feed need not be there before that", feed_comes_later,
		 clean),
	LAB_TEST("A.15 SIGINT ends it with 0 in each state", sigint_ends,
		 clean),
	LAB_TEST("A.15 SIGTERM ends it with 0 in each state", sigterm_ends,
		 clean),
	LAB_TEST("A.15 what was logged before a SIGTERM is all written",
		 sigterm_logs_orders, clean),
	LAB_TEST("A.15 a port in use ends it with 1 and the reason",
		 port_in_use, clean),
	LAB_TEST("A.15 an address that is not ours ends it with 1",
		 address_of_nobody, clean),
	LAB_TEST("A.15 an interface that is not there ends it, named",
		 interface_of_nobody, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_session", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
