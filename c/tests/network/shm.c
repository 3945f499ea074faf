/* SPDX-License-Identifier: MIT */
/* Market data and orders over rings in shared memory: judged by a tap on the
 * rings, and whatever goes wrong with them is told by name. */
#include "tests/support/oracle.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct lab lab;
static struct program exchange, wiretap, trader;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&trader);
	program_end(&exchange);
	program_end(&wiretap);
	return 0;
}

/* Both ends' choice, as long as no other is made. */
static const char *shm_text(const char *name)
{
	static char text[PATH_MAX + 16];
	char path[PATH_MAX];

	snprintf(text, sizeof(text), "shm:path=%s", lab_path(&lab, name, path));
	return text;
}

static bool is_there(const char *name)
{
	struct stat status;
	char path[PATH_MAX];

	return lstat(lab_path(&lab, name, path), &status) == 0;
}

static void ring_exchange(const char *feed)
{
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:2000", "--send",
		     shm_text("ring"), NULL);
}

static void ring_trader(const char *reconnect_s)
{
	lab_trader(&lab, &trader, "--receive", shm_text("ring"), "--json",
		   reconnect_s ? "--reconnect" : NULL, reconnect_s, NULL);
}

/* By which clock what was judged is stamped. */
static void clock_is(const json_t *analysis, const char *what, bool ring)
{
	const json_t *clocks = json_object_get(analysis, "clocks");

	assert_string_equal(json_string_value(json_object_get(clocks, what)),
			    ring ? "ring" : "kernel");
}

/* state: "RECEIVE TRANSPORT CHANNEL [SESSIONS]". */
static void judged(void **state)
{
	static char folder[PATH_MAX];
	char path[PATH_MAX], receive[32], transport[32], channel[PATH_MAX + 64];
	char sessions[8] = "1";
	struct oracle_run run = { .pace = "rate:5000",
				  .receive = receive,
				  .transport = transport,
				  .channel = channel };

	if (sscanf(*state, "%31s %31s %63s %7s", receive, transport, channel,
		   sessions) == 4)
		run.sessions = sessions;
	if (!strcmp(channel, "tls")) {
		lab_path(&lab, "keys", folder);
		lab_call(&exchange, -1, "t2t-keys", "--folder", folder, NULL);
		program_end(&exchange);
		snprintf(channel, sizeof(channel), "tls:folder=%s", folder);
	}

	run.feed = lab_generated(&lab, "generated.csv.gz", "200000", "0.03",
				 NULL, path);
	oracle_run(&lab, &run);
	oracle_is_right(run.analysis);
	assert_true(oracle_count(run.analysis, "triggers") > 50);
	assert_int_equal(oracle_count(run.analysis, "gaps"), 0);
	assert_int_equal(oracle_count(run.analysis, "sessions"),
			 atoi(sessions));
	clock_is(run.analysis, "market_data", !strncmp(receive, "shm", 3));
	clock_is(run.analysis, "orders", !strncmp(transport, "shm", 3));
	assert_false(is_there("ring"));
	assert_false(is_there("orders"));
	assert_false(is_there("tap"));
	oracle_free(&run);
}

/* What the exchange alone is asked, and a trader without a network for it. */
static void refused(void **state)
{
	static const char *const send[] = { "shm:slots=3", "shm:slots=131072",
					    "shm:path=/nowhere/ring",
					    "shm:tap=@t2t-no-tap",
					    "shm:wait=spin" };
	static const char *const receive[] = { "shm:path=@t2t-nobody",
					       "shm:wait=never", "shm:path=" };
	const char *feed = lab_feed(&lab, 1, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(send); i++) {
		assert_in_range(lab_call(&exchange, lab.exchange,
					 "t2t-exchange", "--feed", feed,
					 "--send", send[i], NULL),
				1, 2);
		assert_true(program_says(&exchange, PROGRAM_ERR, "--send shm",
					 LAB_SOON_MS));
		program_end(&exchange);
	}
	for (size_t i = 0; i < ARRAY_SIZE(receive); i++) {
		assert_in_range(lab_call(&trader, lab.trader, "t2t-trader",
					 "--connect", LAB_CONNECT, "--receive",
					 receive[i], NULL),
				1, 2);
		assert_true(program_says(&trader, PROGRAM_ERR, "--receive shm",
					 LAB_SOON_MS));
		program_end(&trader);
	}
	/* Two lines would be the same ring. */
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", feed, "--send", shm_text("ring"),
				  "--group",
				  "239.255.0.1:12345,239.255.0.2:12345", NULL),
			 1);
	assert_true(
		program_says(&exchange, PROGRAM_ERR, "in use", LAB_SOON_MS));
	assert_false(is_there("ring"));
}

/* kill -9: the trader ends with 1 and says why; the ring's path, which stays,
 * is taken over; no memory has a name. */
static void exchange_killed(void **state)
{
	(void)state;
	ring_exchange(lab_feed(&lab, 10, 20000));
	ring_trader(NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_int_equal(kill(exchange.pid, SIGKILL), 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "exchange");
	program_end(&exchange);
	program_end(&trader);
	assert_true(is_there("ring"));
	ring_exchange(lab_feed(&lab, 10, 100));
	ring_trader(NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_false(is_there("ring"));
}

/* With --reconnect it goes on with the next exchange, and has all of it. */
static void exchange_returns(void **state)
{
	json_t *said;

	(void)state;
	ring_exchange(lab_feed(&lab, 10, 20000));
	ring_trader("30");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	program_end(&exchange);
	ring_exchange(lab_feed(&lab, 10, 500));
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_says(&trader, "an exchange is back at");
	said = oracle_json(&trader);
	assert_int_equal(
		oracle_count(json_object_get(said, "counters"), "gaps"), 0);
	json_decref(said);
}

static void trader_killed(void **state)
{
	(void)state;
	ring_exchange(lab_feed(&lab, 10, 2000));
	for (int i = 0; i < 3; i++) {
		ring_trader(NULL);
		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		program_end(&trader);
		lab_states(&exchange, "INIT");
	}
	/* Its socket for readers, ending and listening stay; theirs go. */
	lab_descriptors(&exchange, program_descriptors(&exchange));
	ring_trader(NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* The wire is not what it goes by. */
static void link_down(void **state)
{
	(void)state;
	ring_exchange(lab_feed(&lab, 10, 1000));
	ring_trader(NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_ip(&lab, lab.exchange, "link set " LAB_EXCHANGE_INTERFACE " down");
	poll(NULL, 0, 300);
	lab_ip(&lab, lab.exchange, "link set " LAB_EXCHANGE_INTERFACE " up");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(
		program_count(&exchange, PROGRAM_ERR, "t2t-exchange: warning"),
		0);
}

/* Who has come to a Unix socket, and has said that; NULL: nothing. */
static int stranger_at(const char *path, const char *says)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (void *)&address, sizeof(address)), 0);
	if (says)
		send(fd, says, strlen(says), MSG_NOSIGNAL);
	return fd;
}

/* Who says nothing keeps no ring from the tap, and who says nonsense does the
 * capture no harm. */
static void strangers_at_the_tap(void **state)
{
	char tap[PATH_MAX], capture[PATH_MAX], choice[3 * PATH_MAX];
	int strangers[20];

	(void)state;
	lab_start(&wiretap, lab.exchange, "t2t-wiretap", "--interface",
		  LAB_EXCHANGE_INTERFACE, "--write",
		  lab_path(&lab, "capture.pcapng", capture), "--ring",
		  lab_path(&lab, "tap", tap), NULL);
	lab_says(&wiretap, "capturing on");
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
		strangers[i] = stranger_at(tap, i % 5 ? NULL : "garbage");
	lab_says(&wiretap, "a ring was not taken");
	snprintf(choice, sizeof(choice), "%s,tap=%s", shm_text("ring"), tap);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, 100), "--send", choice,
		     NULL);
	lab_says(&wiretap, "a ring from");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	lab_says(&wiretap, " 0 dropped");
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++)
		close(strangers[i]);
}

/*
 * Orders.
 */

static void orders_exchange(const char *feed)
{
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:2000",
		     "--transport", shm_text("orders"), NULL);
}

static void orders_trader(struct program *program)
{
	lab_trader(&lab, program, "--transport", shm_text("orders"), NULL);
}

static void orders_refused(void **state)
{
	static const char *const wrong[] = {
		"shm:slots=3",
		"shm:slots=131072",
		"shm:wait=futex",
		"shm:path=/nowhere/x",
		"shm:tap=@t2t-tap",
		"uring",
		"zerocopy",
		"bypass",
		"null",
		"nonsense",
	};
	const char *feed = lab_feed(&lab, 1, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_in_range(lab_call(&exchange, lab.exchange,
					 "t2t-exchange", "--feed", feed,
					 "--transport", wrong[i], "--interface",
					 LAB_EXCHANGE_INTERFACE, NULL),
				1, 2);
		lab_says(&exchange, "--transport");
		program_end(&exchange);
	}
	assert_in_range(lab_call(&trader, lab.trader, "t2t-trader", "--connect",
				 LAB_CONNECT, "--transport",
				 "shm:path=@t2t-nobody", "--interface",
				 LAB_TRADER_INTERFACE, "--connect-timeout-ms",
				 "100", NULL),
			1, 2);
	lab_says(&trader, "nobody takes orders at @t2t-nobody");
	program_end(&trader);
	assert_false(is_there("orders"));
}

/* One trader at a time, whoever comes by the ring's socket meanwhile. */
static void strangers_end_nothing(void **state)
{
	struct program other = { 0 };
	char path[PATH_MAX];

	(void)state;
	orders_exchange(lab_feed(&lab, 10, 4000));
	orders_trader(&trader);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_path(&lab, "orders", path);
	for (int i = 0; i < 20; i++)
		close(stranger_at(path, i % 2 ? "garbage" : NULL));
	orders_trader(&other);
	assert_int_equal(program_wait(&other, LAB_SOON_MS), 1);
	lab_says(&other, "hung up");
	program_end(&other);
	lab_says(&exchange, "one trader at a time");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_states(&exchange, "INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_false(is_there("orders"));
}

/* kill -9 of a trader: back to INIT, and the next one is served. */
static void orders_trader_killed(void **state)
{
	unsigned int before;

	(void)state;
	orders_exchange(lab_feed(&lab, 10, 2000));
	before = program_descriptors(&exchange);
	for (int i = 0; i < 3; i++) {
		orders_trader(&trader);
		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		program_end(&trader);
		lab_states(&exchange, "INIT");
	}
	lab_descriptors(&exchange, before);
	orders_trader(&trader);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* kill -9 of the exchange: the trader says so; the path that stays is taken
 * over. */
static void orders_exchange_killed(void **state)
{
	(void)state;
	orders_exchange(lab_feed(&lab, 10, 20000));
	orders_trader(&trader);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_int_equal(kill(exchange.pid, SIGKILL), 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "the exchange ended the order connection");
	program_end(&exchange);
	program_end(&trader);
	assert_true(is_there("orders"));
	orders_exchange(lab_feed(&lab, 10, 100));
	orders_trader(&trader);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_false(is_there("orders"));
}

#define TEST(text, function)                             \
	{                                                \
		.name = (text), .test_func = (function), \
		.teardown_func = clean                   \
	}

int main(int argc, char **argv)
{
	static char spin[] = "shm send raw",
		    futex[] = "shm:wait=futex send raw", both[] = "shm shm raw",
		    orders[] = "block shm:wait=spin raw",
		    login[] = "shm shm login", fix[] = "shm shm fix",
		    ws[] = "block shm ws", tls[] = "shm shm tls",
		    three[] = "shm shm raw 3";
	const struct CMUnitTest tests[] = {
		{ "C.36 shm: each order called for, by both oracles", judged,
		  NULL, clean, spin },
		{ "C.36 shm:wait=futex: each order called for", judged, NULL,
		  clean, futex },
		{ "C.36 shm+shm: each order called for", judged, NULL, clean,
		  both },
		{ "C.36 shm+shm: each of three sessions", judged, NULL, clean,
		  three },
		{ "C.36 block+shm:wait=spin: each order called for", judged,
		  NULL, clean, orders },
		{ "C.36 shm+shm, login: each order called for", judged, NULL,
		  clean, login },
		{ "C.36 shm+shm, fix: each order called for", judged, NULL,
		  clean, fix },
		{ "C.36 block+shm, ws: each order called for", judged, NULL,
		  clean, ws },
		{ "C.36 shm+shm, tls: each order called for", judged, NULL,
		  clean, tls },
		TEST("C.36 shm: what is wrong is refused, by name", refused),
		TEST("C.36 shm: the exchange is killed", exchange_killed),
		TEST("C.36 shm: an exchange returns", exchange_returns),
		TEST("C.36 shm: a trader is killed", trader_killed),
		TEST("C.36 shm: a link that is down does not matter",
		     link_down),
		TEST("C.36 shm: strangers at the tap cost no ring",
		     strangers_at_the_tap),
		TEST("C.36 shm: of orders, too, by name", orders_refused),
		TEST("C.36 shm: strangers at the ring end no session",
		     strangers_end_nothing),
		TEST("C.36 shm: who sends orders is killed",
		     orders_trader_killed),
		TEST("C.36 shm: who takes orders is killed",
		     orders_exchange_killed),
	};

	return lab_run(&lab, "shm", tests, ARRAY_SIZE(tests), argc, argv);
}
