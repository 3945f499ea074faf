/* SPDX-License-Identifier: MIT */
/* What a link does that other people switch: it goes down for a second and
 * comes up again, at either end; it is deleted and made anew. Each program
 * waits, goes on, and says what is missing.
 * Mostly waits: for links and paced packets. Takes long: on every path. */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/namespace.h"
#include "tests/support/choice.h"
#include "tests/support/oracle.h"

#define UPDATES	  2500
#define BEFORE	  500
#define DOWN_MS	  1000
#define PACKET_NS CLOCK_NS_PER_MS
#define MOMENT	  100 /* packets */

static struct lab lab;
static struct program exchange, wiretap, trader;
static struct listener listener;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&exchange);
	program_end(&wiretap);
	program_end(&trader);
	listener_close(&listener);
	lab_ip(&lab, lab.exchange, "link set " LAB_EXCHANGE_INTERFACE " up");
	lab_ip(&lab, lab.trader, "link set " LAB_TRADER_INTERFACE " up");
	return 0;
}

/* Captured at the other end than is switched; frames past the kernel's queue
 * are seen at the far end alone. */
static void session_open(const char *send, const char *on_full, int space,
			 char capture[static PATH_MAX])
{
	const char *interface = space == lab.exchange ? LAB_EXCHANGE_INTERFACE
						      : LAB_TRADER_INTERFACE;

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_start(&wiretap, space, "t2t-wiretap", "--interface", interface,
		  "--write", lab_path(&lab, "links.pcapng", capture), NULL);
	lab_says(&wiretap, "capturing on");
	lab_exchange(&lab, &exchange, lab_feed(&lab, 0, UPDATES), "--pace",
		     "rate:1000", "--send", send, "--on-full", on_full, NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_int_equal(listener_hear(&listener, BEFORE, LAB_SOON_MS), BEFORE);
}

/* Each number at most once; how many. */
static size_t numbers_heard(bool heard[static UPDATES])
{
	size_t count = 0;

	for (size_t i = 0; i < listener.count; i++) {
		const struct market_data_header *header =
			&listener.datagrams[i].header;

		if (header->flags & MARKET_DATA_END_OF_FEED)
			continue;
		assert_in_range(header->sequence, 0, UPDATES - 1);
		assert_false(heard[header->sequence]);
		heard[header->sequence] = true;
		count++;
	}
	return count;
}

static long long summary_packets(void)
{
	const char *line, *at;

	line = program_line(&exchange, PROGRAM_ERR,
			    "t2t-exchange: session 1 with " LAB_TRADER_ADDRESS,
			    LAB_SOON_MS);
	while (line && !strstr(line, " ended: "))
		line = program_line(
			&exchange, PROGRAM_ERR,
			"t2t-exchange: session 1 with " LAB_TRADER_ADDRESS,
			LAB_SOON_MS);
	assert_non_null(line);
	at = strstr(line, "; ");
	assert_non_null(at);
	return strtoll(at + 2, NULL, 10);
}

/* The session takes an order, ends, and its counters are the capture's but for
 * unseen packets at most. */
static long long session_end(const char *capture, long long unseen)
{
	json_t *analysis;
	long long packets;

	order_client_order(client, 1, 1000000000, 0);
	lab_line(&exchange, "order ");
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
	packets = summary_packets();
	assert_int_equal(program_stop(&wiretap, SIGTERM, LAB_SOON_MS), 0);
	analysis = oracle_judge(capture, NULL, NULL, NULL);
	assert_in_range(packets - oracle_count(analysis, "packets"), 0, unseen);
	json_decref(analysis);
	return packets;
}

/* At once, without a program that is to be started first: the feed goes on
 * meanwhile. */
static void link_switch(int space, bool up)
{
	assert_int_equal(namespace_link(space,
					space == lab.exchange
						? LAB_EXCHANGE_INTERFACE
						: LAB_TRADER_INTERFACE,
					up),
			 0);
}

/* For a second. How many packets were due from before it to behind it. */
static long long link_blink(int space)
{
	const uint64_t from_ns = clock_monotonic_ns();
	uint64_t to_ns;

	link_switch(space, false);
	lab_says(&exchange, "waiting for it");
	usleep(DOWN_MS * 1000);
	link_switch(space, true);
	lab_says(&exchange, "sends again after");
	to_ns = clock_monotonic_ns();
	listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED, LAB_SOON_MS);
	return (long long)((to_ns - from_ns) / PACKET_NS) + 1;
}

/*
 * A link that goes down takes along what the kernel has just taken: that goes
 * to a queue which drops all and calls it sent (noop_qdisc, Linux
 * net/sched/sch_generic.c), a moment before the link is told to be down, and on
 * a busy machine the moment is longer than a packet takes. How many numbers
 * were lost so; all lie side by side, and the link was down between those
 * around them.
 */
static size_t lost_with_link(const bool heard[static UPDATES])
{
	size_t first = 0, end = UPDATES;
	uint64_t before_ns = 0, behind_ns = 0;

	while (first < UPDATES && heard[first])
		first++;
	if (first == UPDATES)
		return 0;
	while (heard[end - 1])
		end--;
	for (size_t i = first; i < end; i++)
		assert_false(heard[i]);
	for (size_t i = 0; i < listener.count; i++) {
		const struct listener_datagram *datagram =
			&listener.datagrams[i];

		if (datagram->header.sequence + 1 == first)
			before_ns = datagram->stamp_ns;
		if (datagram->header.sequence == end)
			behind_ns = datagram->stamp_ns;
	}
	assert_in_range(behind_ns - before_ns, DOWN_MS * CLOCK_NS_PER_MS,
			LAB_SOON_MS * CLOCK_NS_PER_MS);
	return end - first;
}

/* What was due meanwhile is sent late. */
static void exchange_down(void **state)
{
	bool heard[UPDATES] = { false };
	char capture[PATH_MAX];
	size_t lost;

	choice_send_needed(*state);
	session_open(*state, "retry", lab.trader, capture);
	link_blink(lab.exchange);
	numbers_heard(heard);
	lost = lost_with_link(heard);
	assert_in_range(lost, 0, MOMENT);
	assert_int_equal(session_end(capture, (long long)lost), UPDATES);
	lab_says(&exchange, "nothing could be sent 1 times");
}

static void exchange_down_drops(void **state)
{
	bool heard[UPDATES] = { false };
	char capture[PATH_MAX];
	long long packets;
	size_t count;

	(void)state;
	session_open("sendmmsg", "drop", lab.exchange, capture);
	link_blink(lab.exchange);
	/* Behind a gap that is more than near (trader/session) the oracle, as
	 * the trader, waits for a second one to believe the first. */
	packets = session_end(capture, 1 + MOMENT);
	assert_in_range(packets, BEFORE, UPDATES - DOWN_MS / 2);
	count = numbers_heard(heard);
	assert_in_range(packets - (long long)count, 0, MOMENT);
	assert_in_range(lost_with_link(heard), UPDATES - count,
			UPDATES - count);
	lab_says(&wiretap, LAB_EXCHANGE_INTERFACE " is up again");
}

/* The kernel takes what goes to a link without a carrier, and drops it; it may
 * be a second until it has noticed that (net/core/link_watch.c), and the
 * exchange learns of it a moment later still. */
static void trader_down(void **state)
{
	bool heard[UPDATES] = { false };
	char capture[PATH_MAX];
	long long due;

	(void)state;
	session_open("sendmmsg", "retry", lab.exchange, capture);
	due = link_blink(lab.trader);
	assert_int_equal(session_end(capture, due), UPDATES);
	assert_in_range(numbers_heard(heard), UPDATES - due, UPDATES);
}

/* Both ends of the pair go, and come back under other indices. Who listens is
 * there before the exchange, which may be through in a moment, can send. */
static void link_anew(void)
{
	lab_ip(&lab, lab.exchange, "link delete " LAB_EXCHANGE_INTERFACE);
	lab_says(&exchange, "waiting for it");
	lab_says(&wiretap, "waiting for it");
	listener_close(&listener);
	lab_ip(&lab, lab.trader,
	       "link add " LAB_TRADER_INTERFACE
	       " type veth peer name " LAB_EXCHANGE_INTERFACE
	       " netns /proc/%d/fd/%d",
	       getpid(), lab.exchange);
	lab_ip(&lab, lab.trader,
	       "address add " LAB_TRADER_ADDRESS
	       "/24 dev " LAB_TRADER_INTERFACE);
	link_switch(lab.trader, true);
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_ip(&lab, lab.exchange,
	       "address add " LAB_EXCHANGE_ADDRESS
	       "/24 dev " LAB_EXCHANGE_INTERFACE);
	link_switch(lab.exchange, true);
	lab_says(&exchange, "sends again after");
	lab_says(&wiretap, "made anew: nothing was seen from ");
	listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED, LAB_SOON_MS);
}

/* What was not seen can't be judged; the rest is there to be looked at. */
static void exchange_made_anew(void **state)
{
	char capture[PATH_MAX], command[PATH_MAX + 64];
	bool heard[UPDATES] = { false };
	json_t *analysis;

	choice_send_needed(*state);
	session_open(*state, "retry", lab.exchange, capture);
	link_anew();
	assert_int_equal(session_end(capture, UPDATES), UPDATES);
	assert_true(numbers_heard(heard) > 0);
	lab_says(&wiretap, LAB_EXCHANGE_INTERFACE " was made anew 1 times");
	snprintf(command, sizeof(command),
		 "strings %s | grep -q 'made anew: nothing was seen from '",
		 capture);
	assert_int_equal(system(command), 0);
	analysis = oracle_judge(capture, NULL, NULL, NULL);
	if (oracle_count(analysis, "gaps") > 0)
		assert_true(json_is_null(json_object_get(analysis, "correct")));
	json_decref(analysis);
}

static void sigterm_while_down(void **state)
{
	char capture[PATH_MAX];

	(void)state;
	session_open("sendmmsg", "retry", lab.exchange, capture);
	link_switch(lab.exchange, false);
	lab_says(&exchange, "waiting for it");
	lab_says(&wiretap, "waiting for it");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGTERM, LAB_SOON_MS), 0);
	lab_says(&exchange, "nothing could be sent 1 times");
}

/* Is what the trader counted what the capture has? A link that goes down may
 * take datagrams along, TCP's next try may come after all is over, or so late
 * that orders are refused meanwhile: each is told, and then nothing is called
 * right that nobody saw. */
static void counters_agree(const json_t *counters, const json_t *analysis)
{
	json_int_t orders = oracle_count(counters, "orders");
	json_int_t late = oracle_count(counters, "orders_unacknowledged");
	json_int_t refused = oracle_count(counters, "orders_refused");
	json_int_t lost = oracle_count(counters, "lost");
	json_int_t unseen = oracle_count(analysis, "lost_packets");
	json_int_t matched = oracle_count(analysis, "matched");

	assert_int_equal(oracle_count(counters, "packets") + lost,
			 oracle_count(analysis, "packets") + unseen);
	assert_in_range(matched, orders - late, orders);
	assert_int_equal(oracle_count(analysis, "wrong"), 0);
	assert_int_equal(oracle_count(analysis, "extra"), 0);
	assert_in_range(lost + unseen, 0, MOMENT);
	if (unseen)
		assert_true(json_is_null(json_object_get(analysis, "correct")));
	else if (!lost)
		assert_in_range(oracle_count(analysis, "missing"), refused,
				refused + late);
	if (!unseen && !late && !lost && !refused)
		oracle_is_right(analysis);
}

/* Who trades meanwhile has all of it, late: market data and orders wait for the
 * link. */
static void trader_goes_on(void **state)
{
	const char *feed = lab_path(&lab, "links.csv.gz", lab.feed);
	char capture[PATH_MAX];
	json_t *analysis, *said;

	choice_receive_needed(*state);
	assert_int_equal(lab_call(&trader, -1, "t2t-feedgen", "--quiet",
				  "--bytes", "100000", "--seed", "1",
				  "--output", feed, NULL),
			 0);
	lab_start(&wiretap, lab.exchange, "t2t-wiretap", "--interface",
		  LAB_EXCHANGE_INTERFACE, "--write",
		  lab_path(&lab, "links.pcapng", capture), NULL);
	lab_says(&wiretap, "capturing on");
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--receive", *state, "--json", NULL);
	lab_line(&exchange, "order ");
	link_switch(lab.exchange, false);
	lab_says(&exchange, "waiting for it");
	usleep(DOWN_MS * 1000);
	link_switch(lab.exchange, true);
	lab_says(&exchange, "sends again after");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&wiretap, SIGTERM, LAB_SOON_MS), 0);
	said = oracle_json(&trader);
	analysis = oracle_judge(capture, NULL, NULL, NULL);
	counters_agree(json_object_get(said, "counters"), analysis);
	json_decref(analysis);
	json_decref(said);
}

/* Its NIC, just switched on, has no carrier yet: nobody answers ARP for so long
 * that the kernel gives the connection up, EHOSTUNREACH. */
static void trader_before_its_carrier(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 0, BEFORE), "--pace",
		     "rate:1000", NULL);
	link_switch(lab.exchange, false);
	lab_ip(&lab, lab.trader,
	       "ntable change name arp_cache dev " LAB_TRADER_INTERFACE
	       " retrans 50");
	lab_trader(&lab, &trader, "--connect-timeout-ms", "60000", NULL);
	usleep(DOWN_MS * 1000);
	link_switch(lab.exchange, true);
	lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
}

static const char *const traded[] = { "block",	"spin", "mmsg", "uring",
				      "packet", "xdp",	NULL };
/* Not xdp yet: what it has queued when the link goes down counts as sent. */
static const char *const reopened[] = { "send",
					"sendmmsg",
					"zerocopy",
					"zerocopy:how=send_zc",
					"uring",
					"packet",
					"packet:qdisc_bypass=off",
					"xdp",
					"packet_ring",
					NULL };

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.15 a trader comes before its carrier",
		 trader_before_its_carrier, clean),
	LAB_TEST("A.12 what is due while the link is down is dropped",
		 exchange_down_drops, clean),
	LAB_TEST(
		"A.15 SIGTERM ends exchange and wiretap while the link is down",
		sigterm_while_down, clean),
	LAB_TEST("A.12 the trader's link is down for 1 s", trader_down, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[60];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "A.12 the exchange's link is down for 1 s",
			  exchange_down, clean, reopened);
	n += choice_tests(all + n,
			  "A.14 the exchange's interface is made anew in mid "
			  "session",
			  exchange_made_anew, clean, reopened);
	n += choice_tests(all + n,
			  "A.16 the trader goes on when the link was down for "
			  "1 s",
			  trader_goes_on, clean, traded);
	return lab_run(&lab, "links", all, n, argc, argv);
}
