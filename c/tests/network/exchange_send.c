/* SPDX-License-Identifier: MIT */
/* A whole session by each publish path: what leaves arrives, in order, whatever
 * the way; and on a link that is slow. */
#include "tests/support/lab.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/publish_path_ops.h"
#include "tests/support/choice.h"

#define SNAPSHOT 100
#define UPDATES	 5000

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

/* Each number once, and in_order if so asked. */
static void session(const char *path, bool in_order)
{
	bool heard[SNAPSHOT + UPDATES] = { false };

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, SNAPSHOT, UPDATES),
		     "--send", path, "--cpu", "0", NULL);
	client = lab_connect();
	lab_line(&exchange, "state TRANSMIT");
	order_client_order(client, 1, 1, 0);
	lab_line(&exchange, "order ");
	assert_int_equal(
		listener_hear(&listener, SNAPSHOT + UPDATES, LAB_SOON_MS),
		SNAPSHOT + UPDATES);
	for (size_t i = 0; i < SNAPSHOT + UPDATES; i++) {
		uint64_t sequence = listener.datagrams[i].header.sequence;

		if (sequence >= SNAPSHOT + UPDATES || heard[sequence] ||
		    (in_order && sequence != i))
			fail_msg("--send %s: datagram %zu has number %" PRIu64,
				 path, i, sequence);
		heard[sequence] = true;
	}
	clean(NULL);
}

static void in_order(void **state)
{
	choice_send_needed(*state);
	session(*state, true);
}

static int fast_link(void **state)
{
	lab_go_exchange(&lab);
	if (system("tc qdisc del dev " LAB_EXCHANGE_INTERFACE
		   " root 2>/dev/null") != 0)
		print_message("# the link was not slow\n");
	lab_go_trader(&lab);
	return clean(state);
}

/* Refused again and again, and yet all arrives; not in order, since a queue
 * that two CPUs empty (the sender's, and one that acknowledges orders) goes
 * through veth's backlogs of both. */
static void slow_link(void **state)
{
	int failed;

	choice_send_needed(*state);
	lab_go_exchange(&lab);
	failed = system("tc qdisc add dev " LAB_EXCHANGE_INTERFACE
			" root tbf rate 8mbit burst 4kb limit 10kb "
			"2>/dev/null");
	lab_go_trader(&lab);
	if (failed)
		lab_skip("this kernel or host has no tc with tbf");
	session(*state, false);
}

/* Those that go through the queue of the interface. */
static const char *const queued[] = { "send",
				      "sendmmsg",
				      "zerocopy",
				      "packet:qdisc_bypass=off",
				      "packet_ring:qdisc_bypass=off",
				      "zerocopy:how=send_zc",
				      "uring",
				      NULL };

static void names(void **state)
{
	const struct publish_path_ops *ops;

	(void)state;
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--send", "help", NULL),
			 0);
	for (unsigned int i = 0; (ops = publish_path_kind(i)); i++)
		assert_true(program_says(&exchange, PROGRAM_OUT,
					 ops->entry.name, 0));
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", "x", "--send", "carrier", NULL),
			 2);
	lab_says(&exchange, "carrier");
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-exchange",
				  "--feed", "x", "--send", "packet:frames=1",
				  NULL),
			 2);
	lab_says(&exchange, "frames");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.12 --send help; a wrong name is 2", names, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[40];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "A.12 a session, in order", in_order, clean,
			  choice_send);
	n += choice_tests(all + n, "A.12 all arrives through a slow link",
			  slow_link, fast_link, queued);
	return lab_run(&lab, "exchange_send", all, n, argc, argv);
}
