/* SPDX-License-Identifier: MIT */
/* A whole trade past the kernel, from outside: market data in and orders out
 * by AF_XDP or DPDK. Takes long: each way, and what befalls it. */
#include "tests/support/oracle.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/frame_stream.h"
#include "net/xdp_socket.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

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

static void need(bool bypass)
{
	const char *why = bypass ? frame_stream_absent() : NULL;

	if (why || xdp_socket_probe(&why) < 0)
		lab_skip(why);
}

static void oracle_agrees(const char *receive, const char *transport)
{
	struct oracle_run run = { .pace = "rate:5000",
				  .receive = receive,
				  .transport = transport };
	json_int_t triggers;
	char path[PATH_MAX];

	run.feed =
		lab_generated(&lab, "feed.csv.gz", "200000", "0.1", NULL, path);
	oracle_run(&lab, &run);
	triggers = oracle_count(run.analysis, "triggers");
	assert_true(triggers > 100);
	assert_int_equal(oracle_count(run.analysis, "matched"), triggers);
	assert_int_equal(oracle_count(run.analysis, "missing"), 0);
	assert_int_equal(oracle_count(run.analysis, "extra"), 0);
	assert_int_equal(oracle_count(run.analysis, "wrong"), 0);
	oracle_free(&run);
}

static void xdp_trades_right(void **state)
{
	(void)state;
	need(false);
	oracle_agrees("xdp", "send");
	oracle_agrees("xdp:mode=generic", "send");
}

static void bypass_trades_right(void **state)
{
	(void)state;
	need(true);
	oracle_agrees("xdp", "bypass");
	oracle_agrees("xdp:mode=generic", "bypass");
}

static void dpdk_trades_right(void **state)
{
	(void)state;
	need(true);
	choice_receive_needed("dpdk");
	oracle_agrees("dpdk:descriptors=4096", "send");
	oracle_agrees("dpdk:descriptors=4096", "bypass");
	oracle_agrees("dpdk:device=af_xdp,descriptors=4096", "send");
	oracle_agrees("dpdk:device=af_xdp,descriptors=4096", "bypass");
}

static void begin(void)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--receive", "xdp", "--transport",
		   "bypass", NULL);
	fake_exchange_accept(&fake);
}

/* A counter of the trader's machine: "Tcp:" and "InSegs". */
static long counter(const char *protocol, const char *name)
{
	char names[1024], values[1024], *name_at, *value_at, *word;
	FILE *file;

	lab_go_trader(&lab);
	file = fopen("/proc/thread-self/net/snmp", "re");
	assert_non_null(file);
	while (fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		if (strncmp(names, protocol, strlen(protocol)) != 0)
			continue;
		fclose(file);
		word = strtok_r(names, " \n", &name_at);
		value_at = strtok(values, " \n");
		while (word && value_at) {
			if (!strcmp(word, name))
				return atol(value_at);
			word = strtok_r(NULL, " \n", &name_at);
			value_at = strtok(NULL, " \n");
		}
		break;
	}
	fail_msg("no counter %s %s", protocol, name);
	return -1;
}

static void kernel_sees_nothing(void **state)
{
	enum { ORDERS = 50 };
	long segments, datagrams;

	(void)state;
	need(true);
	begin();
	segments = counter("Tcp:", "InSegs") + counter("Tcp:", "OutSegs");
	datagrams = counter("Udp:", "InDatagrams");
	fake_exchange_book(&fake);
	for (int i = 0; i < ORDERS; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("Udp:", "InDatagrams"), datagrams);
	assert_int_equal(counter("Tcp:", "InSegs") + counter("Tcp:", "OutSegs"),
			 segments);
}

static void joins_first(void **state)
{
	(void)state;
	need(true);
	lab_trader(&lab, &trader, "--receive", "xdp", "--transport", "bypass",
		   "--connect-timeout-ms", "30000", NULL);
	lab_says(&trader, "frames in");
	usleep(100000);
	assert_int_equal(program_wait(&trader, 0), -1);
	fake_exchange_listen(&fake, &lab);
	fake_exchange_accept(&fake);
	/* What is published at once is not lost. */
	fake_exchange_book(&fake);
	fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
}

static void exchange_goes_away(void **state)
{
	(void)state;
	need(true);
	begin();
	fake_exchange_book(&fake);
	close(fake.client);
	fake.client = -1;
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "the exchange ended the order connection");
}

static void kill_leaves_nothing(void **state)
{
	char byte;

	(void)state;
	need(true);
	begin();
	program_stop(&trader, SIGKILL, LAB_SOON_MS);
	program_end(&trader);
	/* The kernel, asked about a connection that it does not know. */
	assert_int_equal(send(fake.client, "x", 1, MSG_NOSIGNAL), 1);
	for (int i = 0;
	     recv(fake.client, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
	     i++) {
		assert_in_range(i, 0, LAB_SOON_MS);
		usleep(1000);
	}
	fake_exchange_close(&fake);
	begin();
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
}

static void stops_on_a_signal(void **state)
{
	(void)state;
	need(true);
	lab_trader(&lab, &trader, "--receive", "xdp", "--transport", "bypass",
		   "--connect-timeout-ms", "600000", NULL);
	lab_says(&trader, "frames in");
	assert_int_equal(program_stop(&trader, SIGINT, LAB_SOON_MS), 0);
}

static json_int_t said(const char *name)
{
	json_t *all = oracle_json(&trader);
	json_int_t value = oracle_count(json_object_get(all, "counters"), name);

	json_decref(all);
	return value;
}

/* One order after the other, each as it should be. */
static void orders_arrive(int count)
{
	for (int i = 0; i < count; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
}

static void exchange_run(const char *command)
{
	lab_go_exchange(&lab);
	assert_int_equal(system(command), 0);
	lab_go_trader(&lab);
}

/* Another machine takes the exchange's place. */
static void exchange_moves(void **state)
{
	enum { EACH = 20 };

	(void)state;
	need(true);
	begin();
	fake_exchange_book(&fake);
	orders_arrive(EACH);
	exchange_run("ip link set " LAB_EXCHANGE_INTERFACE
		     " address 02:00:00:00:44:01");
	orders_arrive(EACH);
	exchange_run("echo 1 >/proc/sys/net/ipv4/conf/" LAB_EXCHANGE_INTERFACE
		     "/arp_notify; ip link set " LAB_EXCHANGE_INTERFACE
		     " address 02:00:00:00:44:02");
	orders_arrive(EACH);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(said("orders"), 3 * EACH);
	assert_int_equal(said("orders_unacknowledged"), 0);
}

/* An order that is called for just before the link goes down arrives once it
 * is up. */
/* A shell's words: the link is up at this end, for its queue too. */
#define UNTIL_UP(interface)                                                   \
	"until ip -o link show " interface " | grep -q 'state UP'; do sleep " \
	"0.02; done"

static void link_comes_back(void **state)
{
	(void)state;
	need(true);
	begin();
	fake_exchange_book(&fake);
	orders_arrive(20);
	lab_go_trader(&lab);
	assert_int_equal(system("ip link set " LAB_TRADER_INTERFACE " down"),
			 0);
	sleep(1);
	assert_int_equal(system("ip link set " LAB_TRADER_INTERFACE
				" up;" UNTIL_UP(LAB_TRADER_INTERFACE)),
			 0);
	exchange_run(UNTIL_UP(LAB_EXCHANGE_INTERFACE));
	orders_arrive(20);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(said("orders"), 40);
	assert_int_equal(said("orders_unacknowledged"), 0);
}

/* No order can arrive any more: it is not said that it has. */
static void unacknowledged_is_told(void **state)
{
	(void)state;
	need(true);
	begin();
	fake_exchange_book(&fake);
	orders_arrive(20);
	/* It goes to an address that nobody has, and nobody is asked. */
	exchange_run("echo 0 >/proc/sys/net/ipv4/conf/" LAB_EXCHANGE_INTERFACE
		     "/arp_notify; ip link set " LAB_EXCHANGE_INTERFACE
		     " arp off address 02:00:00:00:44:03");
	for (int i = 0; i < 5; i++)
		fake_exchange_level(&fake, false, 'B', "160", "6250.001");
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	exchange_run("ip link set " LAB_EXCHANGE_INTERFACE " arp on");
	assert_int_equal(said("orders"), 25);
	assert_int_equal(said("orders_unacknowledged"), 5);
	lab_says(&trader, "5 orders were sent and not acknowledged");
}

static void wrong_path(void **state)
{
	(void)state;
	need(true);
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--receive", "spin", "--transport", "bypass",
		   NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 2);
	lab_says(&trader, "--transport bypass: needs a receive path with a "
			  "frame port (--receive xdp, dpdk)");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("xdp: the oracle finds every order right", xdp_trades_right,
		 NULL),
	LAB_TEST("bypass: the oracle finds every order right",
		 bypass_trades_right, NULL),
	LAB_TEST("C.36 dpdk: the oracle finds every order right",
		 dpdk_trades_right, NULL),
	LAB_TEST("bypass: no kernel socket has a part in a trade",
		 kernel_sees_nothing, clean),
	LAB_TEST("bypass: joins before it connects", joins_first, clean),
	LAB_TEST("bypass: an exchange that goes away ends it",
		 exchange_goes_away, clean),
	LAB_TEST("bypass: kill -9 leaves nothing, and resets the connection",
		 kill_leaves_nothing, clean),
	LAB_TEST("bypass: Ctrl-C ends it while it tries to connect",
		 stops_on_a_signal, clean),
	LAB_TEST("bypass: the exchange's Ethernet address changes",
		 exchange_moves, clean),
	LAB_TEST("bypass: the link is down for a second", link_comes_back,
		 clean),
	LAB_TEST("bypass: what is not acknowledged is told",
		 unacknowledged_is_told, clean),
	LAB_TEST("bypass: another receive path is refused", wrong_path, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "bypass", tests, ARRAY_SIZE(tests), argc, argv);
}
