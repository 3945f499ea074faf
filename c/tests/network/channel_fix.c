/* SPDX-License-Identifier: MIT */
/*
 * Orders by FIX, from outside: judged by the oracle over every transport and
 * in each version, peers that are wrong, slow or gone, and sessions that go on
 * behind a kill -9. With $T2T_REAL_PATHS (`make test-real`) the real file over
 * every transport.
 */
#include "tests/support/oracle_channel.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/fix_peer.h"
#include "tests/support/tshark.h"
#include "wire/fix.h"

static struct lab lab;
static struct program exchange, trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static int client = -1;
static uint8_t said[1 << 16]; /* by the peer, not looked at yet */
static size_t said_len;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	said_len = 0;
	program_end(&trader);
	program_end(&exchange);
	fake_exchange_close(&fake);
	return 0;
}

/*
 * Sessions to the end of their feed.
 */

#define DISSECTS "-d tcp.port==9012,fix"

static void tshark_reads_it(void **state)
{
	struct oracle_run run = { .pace = "rate:20000", .channel = "fix" };
	char path[PATH_MAX];

	(void)state;
	tshark_needed();
	run.feed = oracle_channel_feed(&lab, path);
	oracle_run(&lab, &run);
	assert_true(tshark_count(run.capture, DISSECTS,
				 "fix.MsgType == \"D\"") > 50);
	assert_true(tshark_count(run.capture, DISSECTS,
				 "fix.MsgType == \"8\"") > 10);
	assert_int_equal(
		tshark_count(run.capture, DISSECTS, "fix.MsgType == \"5\""), 2);
	assert_int_equal(
		tshark_count(run.capture, DISSECTS,
			     "tcp && (_ws.malformed || fix.checksum_bad == 1)"),
		0);
	oracle_free(&run);
}

static void versions_are_right(void **state)
{
	char path[PATH_MAX];

	oracle_channel_judged(&lab, *state, "send",
			      oracle_channel_feed(&lab, path), "1000000", 0);
}

/*
 * A peer of the exchange that is made here.
 */

static const char *sender = "TRADER";

static void say(const char *text, uint32_t sequence, bool piecemeal)
{
	const struct fix_peer_head head = { sequence, sender, "EXCHANGE",
					    false };
	uint8_t bytes[1024];
	size_t len;
	const uint8_t *message =
		fix_peer_message(bytes, sizeof(bytes), text, &head, &len);

	for (size_t at = 0; piecemeal && at < len; at++)
		order_client_send(client, message + at, 1);
	if (!piecemeal)
		order_client_send(client, message, len);
}

/* The next message is of this type, and has this field; "" any. */
static void hear(const char *type, uint32_t tag, const char *value)
{
	uint64_t deadline =
		clock_monotonic_ns() + LAB_SOON_MS * UINT64_C(1000000);
	struct fix_message message;
	size_t taken;

	while (fix_read(said, said_len, &message, &taken) <= 0) {
		struct pollfd readable = { client, POLLIN, 0 };
		ssize_t n;

		assert_true(clock_monotonic_ns() < deadline);
		poll(&readable, 1, 100);
		n = recv(client, said + said_len, sizeof(said) - said_len,
			 MSG_DONTWAIT);
		assert_int_not_equal(n, 0);
		said_len += n > 0 ? (size_t)n : 0;
	}
	assert_true(fix_is(&message, &message.fields[2], type));
	if (tag)
		assert_true(fix_is(&message, fix_find(&message, tag), value));
	said_len -= taken;
	memmove(said, said + taken, said_len);
}

#define LOGON "35=A|98=0|108=30"
#define ORDER "35=D|11=ID7|38=3|40=2|44=61800.1|54=2|55=X|60=20260131-12:00:00"

static void exchange_begin(const char *channel)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     channel, "--pace", "rate:1000", NULL);
}

/* What is ready before the tick stands in the trader's result. */
static void prepared_is_told(void **state)
{
	static const char *const tells[][2] = {
		{ "fix", "\"prepared\": \"all but number, times," },
		{ "fix:prepared=off", "\"prepared\": \"nothing\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tells); i++) {
		lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100),
			     "--channel", "fix", NULL);
		lab_trader(&lab, &trader, "--channel", tells[i][0], "--json",
			   NULL);
		assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
		assert_true(program_says(&trader, PROGRAM_OUT, tells[i][1],
					 LAB_SOON_MS));
		program_end(&trader);
		program_end(&exchange);
	}
}

static void one_byte_at_a_time(void **state)
{
	(void)state;
	exchange_begin("fix");
	client = lab_connect();
	say(LOGON, 1, true);
	hear("A", FIX_HEART_BT_INT, "30");
	say(ORDER, 2, true);
	hear("8", FIX_CL_ORD_ID, "ID7");
	lab_line(&exchange, "order");
	say("35=5", 3, true);
	hear("5", 0, "");
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* An order that is none is refused in the session, or by the exchange. */
static void orders_are_refused(void **state)
{
	(void)state;
	exchange_begin("fix");
	client = lab_connect();
	say(LOGON, 1, false);
	hear("A", 0, "");
	say("35=D|11=A|38=3|40=1|54=2|55=X|60=20260131-12:00:00", 2, false);
	hear("3", FIX_REF_TAG_ID, "40");
	say("35=D|11=A|38=0|40=2|44=1|54=2|55=X|60=20260131-12:00:00", 3,
	    false);
	hear("8", FIX_TEXT, "quantity is 0");
	say("35=D|11=A|38=1|40=2|44=99999999999|54=2|55=X|"
	    "60=20260131-12:00:00",
	    4, false);
	hear("3", FIX_REF_TAG_ID, "44");
	say("35=D|11=A|38=4294967296|40=2|44=1|54=2|55=X|"
	    "60=20260131-12:00:00",
	    5, false);
	hear("3", FIX_REF_TAG_ID, "38");
	say("35=D|11=A|38=1|40=2|54=2|55=X|60=20260131-12:00:00", 6, false);
	hear("3", FIX_REF_TAG_ID, "44");
	say(ORDER, 7, false);
	hear("8", FIX_CL_ORD_ID, "ID7");
	lab_line(&exchange, "order");
}

static void wrong_peer(void **state)
{
	(void)state;
	exchange_begin("fix");
	client = lab_connect();
	order_client_send(client, "GET / HTTP/1.1\r\n\r\n", 18);
	lab_says(&exchange, "what it says is not FIX");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	order_client_close(client);
	client = lab_connect();
	say("35=0", 1, false);
	lab_says(&exchange, "the first message is not a Logon");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	lab_trader(&lab, &trader, "--channel", "fix:version=4.2", NULL);
	lab_says(&exchange, "its BeginString is not FIX.4.4");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

/* A half-open peer: it does not even answer a TestRequest. */
static void silent_peer(void **state)
{
	(void)state;
	exchange_begin("fix");
	client = lab_connect();
	say("35=A|98=0|108=1", 1, false);
	hear("A", 0, "");
	lab_says(&exchange, "not even an answer to a TestRequest");
	lab_line(&exchange, "state INIT");
	hear("0", 0, "");
}

/* The exchange goes at once, and the numbers go on in its next life; what it
 * did not see is asked for, and what it did is not taken twice. */
static void killed_exchange(void **state)
{
	char channel[PATH_MAX];

	(void)state;
	exchange_begin(fix_peer_store(&lab, channel));
	client = lab_connect();
	say(LOGON, 1, false);
	hear("A", FIX_MSG_SEQ_NUM, "1");
	say(ORDER, 2, false);
	hear("8", FIX_MSG_SEQ_NUM, "2");
	/* It is remembered right behind its line. */
	lab_line(&exchange, "order");
	poll(NULL, 0, 100);
	kill(exchange.pid, SIGKILL);
	clean(NULL);
	exchange_begin(channel);
	client = lab_connect();
	/* 3 was lost on its way */
	say(LOGON, 4, false);
	hear("A", FIX_MSG_SEQ_NUM, "3");
	hear("2", FIX_BEGIN_SEQ_NO, "3");
	say("35=D|43=Y|122=20260131-12:00:00|11=ID7|38=3|40=2|44=1|54=2|55=X|"
	    "60=20260131-12:00:00",
	    2, false);
	say("35=D|43=Y|122=20260131-12:00:00|11=ID8|38=3|40=2|44=1|54=2|55=X|"
	    "60=20260131-12:00:00",
	    3, false);
	hear("8", FIX_CL_ORD_ID, "ID8");
	say("35=2|7=2|16=2", 5, false);
	hear("8", FIX_POSS_DUP_FLAG, "Y");
	say("35=5", 6, false);
	hear("5", 0, "");
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"), 1);
}

static void logged_on_twice(const char *channel)
{
	int first;

	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     channel, "--pace", "rate:1000", "--on-second-client",
		     "queue", NULL);
	first = client = lab_connect();
	say(LOGON, 1, false);
	hear("A", 0, "");
	lab_line(&exchange, "state TRANSMIT");
	client = lab_connect();
	say(LOGON, 1, false);
	lab_says(&exchange, "is logged on already");
	assert_true(order_client_closed(client, LAB_SOON_MS));
	order_client_close(client);
	client = first;
	say("35=1|112=x", 2, false);
	hear("0", FIX_TEST_REQ_ID, "x");
}

/* Who is logged on already is not logged on once more, and is not answered. */
static void same_session_twice(void **state)
{
	char stored[PATH_MAX];

	(void)state;
	logged_on_twice(fix_peer_store(&lab, stored));
	clean(NULL);
	logged_on_twice("fix");
}

/* Who waited for a turn and left may come back by the same name. */
static void left_while_waiting(void **state)
{
	int first;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "fix", "--pace", "rate:1000", "--on-second-client",
		     "queue", NULL);
	first = client = lab_connect();
	say(LOGON, 1, false);
	hear("A", 0, "");
	lab_line(&exchange, "state TRANSMIT");
	sender = "OTHER";
	for (int i = 0; i < 2; i++) {
		client = lab_connect();
		say(LOGON, 1, false);
		hear("A", 0, "");
		order_client_close(client);
	}
	sender = "TRADER";
	client = first;
	say("35=1|112=x", 2, false);
	hear("0", FIX_TEST_REQ_ID, "x");
}

/* The trader's end: killed, and its numbers go on. */
static void killed_trader(void **state)
{
	char channel[PATH_MAX];

	(void)state;
	fix_peer_store(&lab, channel);
	for (int life = 1; life < 4; life++) {
		char number[16];

		fake_exchange_listen(&fake, &lab);
		lab_trader(&lab, &trader, "--channel", channel, NULL);
		fake_exchange_accept(&fake);
		client = fake.client;
		snprintf(number, sizeof(number), "%d", life);
		hear("A", FIX_MSG_SEQ_NUM, number);
		kill(trader.pid, SIGKILL);
		client = -1;
		clean(NULL);
	}
}

int main(int argc, char **argv)
{
	static const char *const versions[] = { "fix:version=4.2",
						"fix:version=5.0", NULL };
	static struct CMUnitTest tests[80];
	static const struct CMUnitTest others[] = {
		LAB_TEST("tshark reads it", tshark_reads_it, clean),
		LAB_TEST("one byte at a time", one_byte_at_a_time, clean),
		LAB_TEST("orders are refused", orders_are_refused, clean),
		LAB_TEST("a peer that is wrong", wrong_peer, clean),
		LAB_TEST("a peer that is half open", silent_peer, clean),
		LAB_TEST("what is prepared is told", prepared_is_told, clean),
		LAB_TEST("an exchange that is killed", killed_exchange, clean),
		LAB_TEST("a session twice", same_session_twice, clean),
		LAB_TEST("who left while waiting", left_while_waiting, clean),
		LAB_TEST("a trader that is killed", killed_trader, clean),
	};
	size_t n = oracle_channel_tests(&lab, "fix", "fix", clean, tests);

	n += choice_tests(tests + n, "orders are right", versions_are_right,
			  clean, versions);
	memcpy(tests + n, others, sizeof(others));
	n += ARRAY_SIZE(others);
	return lab_run(&lab, "channel_fix", tests, n, argc, argv);
}
