/* SPDX-License-Identifier: MIT */
/*
 * FIX sessions whose ends are killed (SIGKILL) between any two of their system
 * calls, and at any time: behind the next Logon no order is lost, and none is
 * there twice. The other end is played here, and forgets nothing.
 */
#include "tests/support/lab.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/fix_peer.h"
#include "tests/support/killer.h"
#include "wire/fix.h"
#include "wire/fix_dictionary.h"

#define LIVES	  (SANITIZED ? 8 : 20)
#define ORDERS	  30   /* of a life, at most */
#define CALLS	  250  /* of a life, about */
#define NUMBERS	  8192 /* of all lives */
#define NO_ORDER  0
#define SILENT_MS 50

static struct lab lab;
static struct program exchange, trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static pid_t killer = -1;
static uint64_t seed = 42;

/* The end that is played here. */
static struct peer {
	const char *ours, *theirs;
	int fd; /* -1: none */
	uint8_t said[1 << 16];
	size_t said_len;
	uint32_t next;		  /* our next number */
	uint32_t orders[NUMBERS]; /* by number: which order, or NO_ORDER */
	uint32_t order_count;
	uint32_t heard; /* the trader's last number, without a gap */
	char heard_ids[NUMBERS][32]; /* by number: its ClOrdID */
} peer;

static int clean(void **state)
{
	(void)state;
	killer_end(killer);
	killer = -1;
	if (peer.fd >= 0 && fake.client < 0)
		close(peer.fd);
	program_end(&trader);
	program_end(&exchange);
	fake_exchange_close(&fake);
	peer.fd = -1;
	return 0;
}

static void peer_begin(const char *ours, const char *theirs)
{
	memset(&peer, 0, sizeof(peer));
	peer.ours = ours;
	peer.theirs = theirs;
	peer.fd = -1;
	peer.next = 1;
}

/* "35=0|112=x", under this number; again: it has been said before. Whoever was
 * killed does not hear it. */
static void say(uint32_t number, bool again, const char *text)
{
	const struct fix_peer_head head = { number, peer.ours, peer.theirs,
					    again };
	uint8_t bytes[1024];
	size_t len;
	const uint8_t *message =
		fix_peer_message(bytes, sizeof(bytes), text, &head, &len);

	for (ssize_t n; len > 0; message += n, len -= (size_t)n) {
		n = send(peer.fd, message, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
	}
}

/* The order's quantity is its name. */
static void order_say(uint32_t number, bool again)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "35=D|11=ID%u|38=%u|40=2|44=1|54=2|55=X|"
		 "60=20260131-12:00:00",
		 peer.orders[number], peer.orders[number]);
	say(number, again, text);
}

/* All that was said from this number on, once more. */
static void say_again(uint32_t from)
{
	char text[64];

	for (uint32_t number = from; number < peer.next; number++) {
		if (peer.orders[number] != NO_ORDER) {
			order_say(number, true);
			continue;
		}
		snprintf(text, sizeof(text), "35=4|36=%u|123=Y", number + 1);
		say(number, true, text);
	}
}

static uint32_t number_of(const struct fix_message *message, uint32_t tag)
{
	const struct fix_field *field = fix_find(message, tag);
	uint64_t number = 0;

	assert_non_null(field);
	assert_int_equal(
		fix_unsigned(fix_value(message, field), field->len, &number),
		0);
	return (uint32_t)number;
}

/* An order of the trader's: each number is one order's, and the other way. */
static void order_hear(const struct fix_message *message, uint32_t number)
{
	const struct fix_field *id = fix_find(message, FIX_CL_ORD_ID);
	char *known = peer.heard_ids[number], text[32];

	assert_non_null(id);
	snprintf(text, sizeof(text), "%.*s", (int)id->len,
		 (const char *)fix_value(message, id));
	if (*known)
		assert_string_equal(known, text);
	for (uint32_t i = 1; i < NUMBERS && !*known; i++)
		assert_string_not_equal(peer.heard_ids[i], text);
	memcpy(known, text, sizeof(text));
}

/* What has come next: its type; 0: nothing within so long, or it is over. */
static char hear(int wait_ms)
{
	struct fix_message message;
	size_t taken;
	char type;

	while (fix_read(peer.said, peer.said_len, &message, &taken) <= 0) {
		struct pollfd readable = { peer.fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&readable, 1, wait_ms) <= 0)
			return 0;
		n = recv(peer.fd, peer.said + peer.said_len,
			 sizeof(peer.said) - peer.said_len, MSG_DONTWAIT);
		if (n <= 0)
			return 0;
		peer.said_len += (size_t)n;
	}
	type = fix_type(&message);
	if (type == '2')
		say_again(number_of(&message, FIX_BEGIN_SEQ_NO));
	if (number_of(&message, FIX_MSG_SEQ_NUM) == peer.heard + 1) {
		peer.heard++;
		assert_in_range(peer.heard, 1, NUMBERS - 1);
		if (type == '4')
			peer.heard = number_of(&message, FIX_NEW_SEQ_NO) - 1;
		if (type == 'D')
			order_hear(&message, peer.heard);
	} else if (type == 'D' &&
		   number_of(&message, FIX_MSG_SEQ_NUM) <= peer.heard) {
		order_hear(&message, number_of(&message, FIX_MSG_SEQ_NUM));
	}
	peer.said_len -= taken;
	memmove(peer.said, peer.said + taken, peer.said_len);
	return type;
}

/* Let it be killed in this life. */
static void life_shorten(pid_t pid, int life)
{
	/* At any time, by and by; else where a system call begins or ends. */
	if (life % 4 == 3)
		return;
	killer =
		killer_start(pid, 1 + (unsigned int)random_below(&seed, CALLS));
	if (killer < 0)
		lab_skip("ptrace(2) is not allowed here");
}

static void life_end(struct program *program, int life)
{
	if (life % 4 == 3)
		poll(NULL, 0, (int)random_below(&seed, 20));
	kill(program->pid, SIGKILL);
	program_wait(program, LAB_SOON_MS);
	killer_end(killer);
	killer = -1;
}

/*
 * The exchange is killed.
 */

/* How often each order stands in the log. */
static uint32_t logged[NUMBERS];

static void log_count(const struct program *program)
{
	const char *text = program->text[PROGRAM_OUT].bytes, *line = text;

	while (line && (line = strstr(line, "\norder "))) {
		const char *quantity = strstr(line, "quantity=");
		const char *end = strchr(line + 1, '\n');

		/* A part of a line is none. */
		if (end && quantity && quantity < end)
			logged[strtoul(quantity + 9, NULL, 10)]++;
		line = end;
	}
}

static void exchange_begin(const char *channel)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     channel, "--pace", "rate:100", NULL);
	peer.fd = lab_connect();
	peer.said_len = 0;
}

/* Log on, and say again what it wants. */
static void logon_say(void)
{
	say(peer.next++, false, "35=A|98=0|108=30");
	while (hear(SILENT_MS))
		;
}

static void orders_say(void)
{
	for (int i = 0; i < ORDERS; i++) {
		assert_in_range(peer.next, 1, NUMBERS - 1);
		peer.orders[peer.next] = ++peer.order_count;
		order_say(peer.next++, false);
		if (random_below(&seed, 3) == 0)
			hear(1);
	}
}

static void exchange_is_killed(void **state)
{
	char channel[PATH_MAX];

	(void)state;
	peer_begin("TRADER", "EXCHANGE");
	memset(logged, 0, sizeof(logged));
	fix_peer_store(&lab, channel);
	for (int life = 0; life < LIVES; life++) {
		exchange_begin(channel);
		life_shorten(exchange.pid, life);
		logon_say();
		orders_say();
		if (life % 4 < 2)
			while (hear(SILENT_MS))
				;
		life_end(&exchange, life);
		close(peer.fd);
		peer.fd = -1;
		log_count(&exchange);
		program_end(&exchange);
	}
	exchange_begin(channel);
	logon_say();
	say(peer.next++, false, "35=5");
	while (hear(LAB_SOON_MS) != '5')
		;
	lab_line(&exchange, "state INIT");
	log_count(&exchange);
	for (uint32_t order = 1; order <= peer.order_count; order++)
		if (logged[order] != 1)
			fail_msg("order %u of %u is logged %u times", order,
				 peer.order_count, logged[order]);
}

/*
 * The trader is killed.
 */

static void trader_begin(const char *channel)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--channel", channel, NULL);
	fake_exchange_accept(&fake);
	peer.fd = fake.client;
	peer.said_len = 0;
}

static void logon_hear(void)
{
	char text[64];

	while (hear(LAB_SOON_MS) != 'A')
		assert_true(peer.said_len > 0 || fake.client >= 0);
	say(peer.next++, false, "35=A|98=0|108=30");
	snprintf(text, sizeof(text), "35=2|7=%u|16=0", peer.heard + 1);
	say(peer.next++, false, text);
}

static void trader_is_killed(void **state)
{
	char channel[PATH_MAX];

	(void)state;
	peer_begin("EXCHANGE", "TRADER");
	fix_peer_store(&lab, channel);
	for (int life = 0; life <= LIVES; life++) {
		const bool last = life == LIVES;

		trader_begin(channel);
		if (!last)
			life_shorten(trader.pid, life);
		logon_hear();
		fake_exchange_book(&fake);
		for (int i = 0; i < ORDERS && !last; i++) {
			fake_exchange_level(&fake, false, 'B', "160", "10000");
			if (random_below(&seed, 3) == 0)
				hear(1);
		}
		while (hear(SILENT_MS))
			;
		life_end(&trader, last ? 0 : life);
		program_end(&trader);
		fake_exchange_close(&fake);
		peer.fd = -1;
	}
	/* It went on: orders came, in some of the lives. */
	assert_in_range(peer.heard, LIVES * 2, NUMBERS);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		LAB_TEST("an exchange that is killed between any two messages",
			 exchange_is_killed, clean),
		LAB_TEST("a trader that is killed between any two messages",
			 trader_is_killed, clean),
	};

	peer.fd = -1;
	return lab_run(&lab, "channel_fix_killed", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
