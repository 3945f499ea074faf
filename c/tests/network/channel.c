/* SPDX-License-Identifier: MIT */
/*
 * Sessions by a channel with an handshake, heartbeats and an end, from
 * outside: judged by the oracle over every transport, and peers that are
 * silent, slow, wrong or gone. With $T2T_REAL_PATHS (`make test-real`) the real
 * file over every transport.
 */
#include "tests/support/oracle_channel.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

static struct lab lab;
static struct program exchange, trader, second;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&trader);
	program_end(&second);
	program_end(&exchange);
	fake_exchange_close(&fake);
	return 0;
}

/*
 * Sessions to the end of their feed.
 */

/* The oracle that is told of another channel does not praise or blame what it
 * can't read. */
static void another_channel_is_not_judged(void **state)
{
	struct oracle_run run = { .pace = "rate:5000", .channel = "raw" };
	char path[PATH_MAX];
	json_t *analysis;

	(void)state;
	run.feed = oracle_channel_feed(&lab, path);
	oracle_run(&lab, &run);
	assert_true(oracle_count(run.analysis, "orders") > 100);
	analysis = oracle_judge(run.capture, "login", NULL, NULL);
	assert_int_equal(oracle_count(analysis, "unreadable_connections"), 1);
	assert_true(json_is_null(json_object_get(analysis, "correct")));
	json_decref(analysis);
	oracle_free(&run);
}

/*
 * Peers of the exchange.
 */

static void exchange_begin(const char *timeout_ms)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100), "--channel",
		     "login", "--handshake-timeout-ms", timeout_ms, NULL);
}

/* Whoever knows the channel is served, whoever else there is. */
static void exchange_serves(void)
{
	oracle_channel_served(&lab, &exchange, &trader, "login:name=alice");
}

static void silent_peer(void **state)
{
	(void)state;
	exchange_begin("300");
	client = lab_connect();
	lab_says(&exchange, "the handshake was not over within 300 ms");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	exchange_serves();
}

/* Meanwhile others are served. */
static void silent_peer_keeps_nobody_out(void **state)
{
	(void)state;
	exchange_begin("3600000");
	client = lab_connect();
	exchange_serves();
}

/* A byte now and then does not put the end off. */
static void slow_peer(void **state)
{
	static const char greeting[] = "T2TLOGIN";

	(void)state;
	exchange_begin("1000");
	client = lab_connect();
	for (size_t i = 0; i < strlen(greeting); i++) {
		send(client, &greeting[i], 1, MSG_NOSIGNAL);
		usleep(20000);
	}
	lab_says(&exchange, "the handshake was not over within 1000 ms");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	exchange_serves();
}

static void wrong_peer(void **state)
{
	char answer[32];

	(void)state;
	exchange_begin("3600000");
	client = lab_connect();
	order_client_send(client, "GET / HTTP/1.1\r\nHost: exchange\r\n\r\n",
			  34);
	lab_says(&exchange, "its greeting is not a login of version 1");
	assert_int_equal(recv(client, answer, sizeof(answer), MSG_WAITALL), 32);
	assert_memory_equal(answer, "T2TLOGIN\1\1no login", 18);
	exchange_serves();
}

static void half_a_greeting(void **state)
{
	(void)state;
	exchange_begin("3600000");
	client = lab_connect();
	order_client_send(client, "T2TLOGIN\1", 9);
	order_client_close(client);
	client = -1;
	lab_says(&exchange, "it left before the handshake was over");
	exchange_serves();
}

static void raw_trader(void **state)
{
	(void)state;
	exchange_begin("300");
	lab_trader(&lab, &second, NULL);
	lab_says(&exchange, "the handshake was not over within 300 ms");
	assert_int_equal(program_wait(&second, LAB_SOON_MS), 1);
	lab_says(&second, "the exchange ended the order connection");
	exchange_serves();
}

static void crowd(void **state)
{
	int silent[40];

	(void)state;
	exchange_begin("3600000");
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		silent[i] = lab_connect();
	lab_says(&exchange, "too many wait");
	exchange_serves();
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		order_client_close(silent[i]);
}

static void unknown_name(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100), "--channel",
		     "login:name=alice", NULL);
	lab_trader(&lab, &second, "--channel", "login:name=mallory", NULL);
	assert_int_equal(program_wait(&second, LAB_SOON_MS), 1);
	lab_says(&second, "refused: unknown name");
	lab_says(&exchange, "the name 'mallory' is not known");
	exchange_serves();
}

/* Both had shaken hands; each had its session. */
static void who_waits_has_a_turn(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 2000), "--channel",
		     "login", "--on-second-client", "queue", "--pace",
		     "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "login:heartbeat=1", NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_trader(&lab, &second, "--channel", "login:heartbeat=1", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_states(&exchange, "INIT HANDSHAKE TRANSMIT INIT");
	assert_int_equal(program_wait(&second, LAB_SOON_MS), 0);
}

/* Nothing comes from it, and nothing goes. */
static void stopped_trader(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "login", "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "login:heartbeat=1", NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	kill(trader.pid, SIGSTOP);
	lab_says(&exchange, "nothing was heard for five heartbeats");
	lab_line(&exchange, "state INIT");
	kill(trader.pid, SIGCONT);
	program_end(&trader);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void stopped_exchange(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "login", "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "login:heartbeat=1", NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	kill(exchange.pid, SIGSTOP);
	lab_says(&trader, "nothing was heard for five heartbeats");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	kill(exchange.pid, SIGCONT);
}

static void greet(int fd)
{
	char greeting[32] = "T2TLOGIN\1\1alice";

	order_client_send(fd, greeting, sizeof(greeting));
}

/* All in one receive, and then nothing more. */
static void order_behind_the_greeting(void **state)
{
	char bytes[32 + 1 + ORDER_LEN] = "T2TLOGIN\1\1alice";
	const struct order order = { .quantity = 3,
				     .price = 1000000000,
				     .side = ORDER_SELL };

	(void)state;
	exchange_begin("3600000");
	client = lab_connect();
	bytes[32] = 'O';
	order_write(&order, (uint8_t *)bytes + 33);
	order_client_send(client, bytes, sizeof(bytes));
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	order_client_half_close(client);
	lab_line(&exchange, "order");
	lab_line(&exchange, "state INIT");
}

/* Heartbeats are no orders. */
static void idle_trader(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "login", "--pace", "rate:1000", "--idle", "1", NULL);
	client = lab_connect();
	greet(client);
	while (!order_client_closed(client, 0)) {
		send(client, "H", 1, MSG_NOSIGNAL);
		usleep(50000);
	}
	lab_says(&exchange, "no order came within --idle");
}

/* Orders that nobody takes out of the socket are no silence, and none is
 * lost. */
static void nobody_reads_stdout(void **state)
{
	enum { ORDERS = 40000 };
	static uint8_t bytes[ORDERS * (1 + ORDER_LEN)];
	const struct order order = { .quantity = 1,
				     .price = 1000000000,
				     .side = ORDER_BUY };

	(void)state;
	for (size_t i = 0; i < ORDERS; i++) {
		bytes[i * (1 + ORDER_LEN)] = 'O';
		order_write(&order, bytes + i * (1 + ORDER_LEN) + 1);
	}
	lab_exchange_out(&lab, &exchange, PROGRAM_OUT_IDLE,
			 lab_feed(&lab, 0, 100000), "--channel", "login",
			 "--pace", "rate:1000", NULL);
	lab_says(&exchange, "takes orders at");
	client = lab_connect();
	greet(client);
	/* Sockets hold them all, or they are taken meanwhile. */
	order_client_send(client, bytes, sizeof(bytes));
	lab_says(&exchange, "stdout is not read");
	/* More than five heartbeats. */
	usleep(1500000);
	program_out_resume(&exchange);
	order_client_half_close(client);
	lab_line(&exchange, "state INIT");
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"),
			 ORDERS);
}

/* Whom the exchange refuses does not keep the others from being judged. */
static void stranger_voids_nothing(void **state)
{
	struct program wiretap = { 0 };
	char feed[PATH_MAX], capture[PATH_MAX], answer[32];
	json_t *analysis;

	(void)state;
	lab_path(&lab, "capture.pcapng", capture);
	lab_wiretap(&lab, &wiretap, capture);
	lab_exchange(&lab, &exchange, oracle_channel_feed(&lab, feed), "--pace",
		     "rate:5000", "--channel", "login", NULL);
	client = lab_connect();
	order_client_send(client, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);
	assert_int_equal(recv(client, answer, sizeof(answer), MSG_WAITALL), 32);
	lab_trader(&lab, &trader, "--channel", "login", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	program_end(&wiretap);
	analysis = oracle_judge(capture, "login", NULL, NULL);
	oracle_is_right(analysis);
	assert_true(oracle_count(analysis, "matched") > 100);
	json_decref(analysis);
}

/* Minutes of snapshot lines are no silence: heartbeats keep both there. */
static void long_handshake(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1500, 100), "--channel",
		     "login", "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "login:heartbeat=1", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "reject"), 0);
}

/*
 * Peers of the trader.
 */

static void trader_begin(const char *timeout_ms)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--channel", "login", "--connect-timeout-ms",
		   timeout_ms, NULL);
	fake_exchange_accept(&fake);
}

static void trader_gives_up(const char *text)
{
	lab_says(&trader, text);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

static void silent_exchange(void **state)
{
	(void)state;
	trader_begin("300");
	trader_gives_up("the exchange has not answered within 300 ms");
}

static void wrong_exchange(void **state)
{
	(void)state;
	trader_begin("3600000");
	order_client_send(fake.client, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12",
			  36);
	trader_gives_up("the exchange's answer is not a login of version 1");
}

static void exchange_that_leaves(void **state)
{
	(void)state;
	trader_begin("3600000");
	order_client_send(fake.client, "T2TLOGIN\1", 9);
	shutdown(fake.client, SHUT_WR);
	trader_gives_up("the exchange closed the connection before the "
			"handshake was over");
}

static void signal_in_the_handshake(void **state)
{
	char greeting[32];

	(void)state;
	trader_begin("3600000");
	assert_int_equal(
		recv(fake.client, greeting, sizeof(greeting), MSG_WAITALL), 32);
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
}

static void goodbye(void **state)
{
	char bytes[64];
	size_t len = 0;
	ssize_t n;

	(void)state;
	trader_begin("3600000");
	assert_int_equal(recv(fake.client, bytes, 32, MSG_WAITALL), 32);
	order_client_send(fake.client, bytes, 9);
	order_client_send(fake.client,
			  "\0alice\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 23);
	/* Once it is in its session: its first heartbeat says so. */
	assert_int_equal(recv(fake.client, bytes, 1, MSG_WAITALL), 1);
	assert_int_equal(bytes[0], 'H');
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
	while ((n = recv(fake.client, bytes + len, sizeof(bytes) - len, 0)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	assert_in_range(len, 1, sizeof(bytes));
	assert_int_equal(bytes[len - 1], 'B');
	for (size_t i = 0; i + 1 < len; i++)
		assert_int_equal(bytes[i], 'H');
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[80];
	static const struct CMUnitTest others[] = {
		LAB_TEST("another channel is not judged",
			 another_channel_is_not_judged, clean),
		LAB_TEST("a peer that is silent", silent_peer, clean),
		LAB_TEST("a silent peer keeps nobody out",
			 silent_peer_keeps_nobody_out, clean),
		LAB_TEST("a peer that is slow", slow_peer, clean),
		LAB_TEST("a peer that is wrong", wrong_peer, clean),
		LAB_TEST("half a greeting", half_a_greeting, clean),
		LAB_TEST("a trader of another channel", raw_trader, clean),
		LAB_TEST("a crowd of silent peers", crowd, clean),
		LAB_TEST("a name that is not known", unknown_name, clean),
		LAB_TEST("who waits has its turn", who_waits_has_a_turn, clean),
		LAB_TEST("a trader that stops", stopped_trader, clean),
		LAB_TEST("an exchange that stops", stopped_exchange, clean),
		LAB_TEST("an order behind the greeting",
			 order_behind_the_greeting, clean),
		LAB_TEST("a trader that only beats is idle", idle_trader,
			 clean),
		LAB_TEST("nobody reads stdout", nobody_reads_stdout, clean),
		LAB_TEST("a refused stranger voids nothing",
			 stranger_voids_nothing, clean),
		LAB_TEST("a long state HANDSHAKE", long_handshake, clean),
		LAB_TEST("an exchange that is silent", silent_exchange, clean),
		LAB_TEST("an exchange that is wrong", wrong_exchange, clean),
		LAB_TEST("an exchange that leaves", exchange_that_leaves,
			 clean),
		LAB_TEST("a signal in the handshake", signal_in_the_handshake,
			 clean),
		LAB_TEST("a goodbye", goodbye, clean),
	};
	size_t n = oracle_channel_tests(&lab, "login", "login", clean, tests);

	memcpy(tests + n, others, sizeof(others));
	n += ARRAY_SIZE(others);
	return lab_run(&lab, "channel", tests, n, argc, argv);
}
