/* SPDX-License-Identifier: MIT */
/* What a trader lacks it may ask for; nobody else has anything of it, and the
 * feed goes on as if nobody asked. Mostly waits: for feeds that take seconds.
 */
#include "tests/support/lab.h"
#include "tests/support/request_flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "exchange/retransmitter.h"
#include "wire/retransmit.h"

#define COUNT	 2000 /* datagrams of the feed */
#define PORT	 (LAB_ORDER_PORT + 1)
#define STRANGER "10.77.0.3"
#define ORDERS	 100
#define OWN	 500 /* requests of the trader's */

static struct lab lab;
static struct program exchange;
static struct listener listener;
static int client = -1, asking = -1;
static pid_t flooder;

static int clean(void **state)
{
	(void)state;
	request_flood_stop(&flooder);
	if (asking >= 0)
		close(asking);
	asking = -1;
	lab_session_end(&exchange, &listener, &client);
	return 0;
}

/* A socket that asks, from that address and port; 0: any. */
static int asking_open(const char *address, uint16_t port)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_port = htons(port) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, LAB_EXCHANGE_ADDRESS, &to.sin_addr),
			 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static uint16_t tag(void)
{
	return market_data_session_tag(order_client_port(client));
}

static void request(uint32_t first, uint16_t count, uint16_t session)
{
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];

	retransmit_request_write(
		bytes, &(struct retransmit_request){
			       first, count, market_data_tag_flags(session) });
	assert_int_equal(send(asking, bytes, sizeof(bytes), 0), sizeof(bytes));
}

/* The next answer; its length, 0: none came in that time. */
static size_t answer(uint8_t bytes[static MARKET_DATA_DATAGRAM_MAX], int ms)
{
	struct pollfd poller = { .fd = asking, .events = POLLIN };
	ssize_t n;

	if (poll(&poller, 1, ms) == 0)
		return 0;
	n = recv(asking, bytes, MARKET_DATA_DATAGRAM_MAX, MSG_TRUNC);
	assert_in_range(n, 1, MARKET_DATA_DATAGRAM_MAX);
	return (size_t)n;
}

static void session_begin(const char *pace, const char *option,
			  const char *value)
{
	char sessions[PATH_MAX], sends[PATH_MAX];

	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, COUNT - 10), "--pace",
		     pace, "--sessions",
		     lab_path(&lab, "sessions.jsonl", sessions), "--send-times",
		     lab_path(&lab, "sends.csv", sends), option, value, NULL);
	client = lab_connect();
	asking = asking_open(LAB_TRADER_ADDRESS, 0);
}

/* How many datagrams were heard until the end. */
static size_t feed_hear(void)
{
	return listener_hear_flag(&listener, MARKET_DATA_END_OF_FEED,
				  LAB_SOON_MS);
}

/* What the exchange says of retransmission in the end. */
static json_t *session_end(void)
{
	char path[PATH_MAX];
	json_t *said, *retransmit;

	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	said = json_load_file(lab_path(&lab, "sessions.jsonl", path), 0, NULL);
	assert_non_null(said);
	retransmit = json_incref(json_object_get(said, "retransmit"));
	json_decref(said);
	return retransmit;
}

static size_t counted(const json_t *said, const char *member)
{
	json_t *number = json_object_get(said, member);

	assert_true(json_is_integer(number));
	return (size_t)json_integer_value(number);
}

/* Datagrams of a session in which all arrived. */
static uint8_t whole[COUNT][MARKET_DATA_DATAGRAM_MAX];
static size_t whole_len[COUNT];

static void whole_take(void)
{
	session_begin("max", "--retransmit", "off");
	assert_int_equal(feed_hear(), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const struct listener_datagram *heard = &listener.datagrams[i];

		assert_int_equal(heard->header.sequence, i);
		whole_len[i] = heard->len;
		memcpy(whole[i], listener.bytes + heard->at, heard->len);
	}
	clean(NULL);
}

/* Ask for this one; it is as it would have been on the feed, but for a flag and
 * the tag of another session. */
static void lost_one_is_had(uint32_t sequence)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	struct market_data_header expected, found;
	size_t len;

	request(sequence, 1, tag());
	len = answer(bytes, LAB_SOON_MS);
	assert_int_equal(len, whole_len[sequence]);
	assert_int_equal(market_data_decode(bytes, len, &found), 0);
	market_data_decode(whole[sequence], len, &expected);
	assert_int_equal(found.sequence, sequence);
	assert_int_equal(found.message_count, expected.message_count);
	assert_int_equal(found.flags, (expected.flags & ~MARKET_DATA_TAG) |
					      MARKET_DATA_RETRANSMITTED |
					      market_data_tag_flags(tag()));
	assert_memory_equal(bytes + sizeof(found),
			    whole[sequence] + sizeof(found),
			    len - sizeof(found));
}

static void lost_ones_are_had(void **state)
{
	size_t heard, lost = 0, unknown;
	uint32_t next = 0;
	json_t *said;

	(void)state;
	whole_take();
	session_begin("max", "--lose", "5%");
	heard = feed_hear();
	assert_in_range(heard, COUNT * 8 / 10, COUNT - 1);
	for (size_t i = 0; i <= heard; i++, next++)
		for (; next != listener.datagrams[i].header.sequence; next++) {
			lost_one_is_had(next);
			lost++;
		}
	assert_int_equal(lost, COUNT - heard);
	/* Of those that there never were nothing comes; a notice has no answer
	 * either. */
	request(COUNT - 1, 10, tag());
	request(COUNT, 0, tag());
	assert_true(answer(whole[0], LAB_SOON_MS) > 0);
	assert_int_equal(answer(whole[0], LAB_QUIET_MS), 0);
	said = session_end();
	unknown = counted(said, "unknown");
	assert_int_equal(counted(said, "requests"), lost + 1);
	assert_int_equal(counted(said, "sent"), lost + 1);
	assert_int_equal(unknown, 9);
	assert_int_equal(counted(said, "notices"), 1);
	lab_says(&exchange, "packets sent again");
	json_decref(said);
}

/* Those that left can be had as well, each as it was. */
static void a_range_is_had_in_order(void **state)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];

	(void)state;
	session_begin("max", "--retransmit-memory", "1024");
	assert_int_equal(feed_hear(), COUNT);
	request(COUNT - 64, 64, tag());
	for (size_t i = COUNT - 64; i < COUNT; i++) {
		const struct listener_datagram *heard = &listener.datagrams[i];
		uint8_t *sent = listener.bytes + heard->at;

		assert_int_equal(answer(bytes, LAB_SOON_MS), heard->len);
		sent[6] |= MARKET_DATA_RETRANSMITTED;
		assert_memory_equal(bytes, sent, heard->len);
	}
	/* Those before the last 1024 are forgotten. */
	request(COUNT - 1024 - 2, 3, tag());
	assert_int_equal(answer(bytes, LAB_SOON_MS), whole_len[0]);
	assert_int_equal(answer(bytes, LAB_QUIET_MS), 0);
	json_decref(session_end());
}

static void nobody_else_is_answered(void **state)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX] = { 0 };
	json_t *said;

	(void)state;
	session_begin("max", "--retransmit", ":9013");
	assert_int_equal(feed_hear(), COUNT);
	request(0, 64, tag() ^ 1);
	request(0, 64, 0);
	for (size_t len = 0; len < 20; len++)
		if (len != RETRANSMIT_REQUEST_LEN)
			assert_int_equal(send(asking, bytes, len, 0), len);
	assert_int_equal(answer(bytes, LAB_QUIET_MS), 0);
	close(asking);
	lab_ip(&lab, lab.trader, "address add " STRANGER "/24 dev %s",
	       LAB_TRADER_INTERFACE);
	asking = asking_open(STRANGER, 0);
	request(0, 64, tag());
	assert_int_equal(answer(bytes, LAB_QUIET_MS), 0);
	lab_ip(&lab, lab.trader, "address delete " STRANGER "/24 dev %s",
	       LAB_TRADER_INTERFACE);
	said = session_end();
	assert_int_equal(counted(said, "requests"), 0);
	assert_int_equal(counted(said, "sent"), 0);
	assert_int_equal(counted(said, "foreign"), 2);
	assert_int_equal(counted(said, "malformed"), 19);
	assert_int_equal(counted(said, "strangers"), 1);
	lab_says(&exchange, "22 requests were not answered");
	json_decref(said);
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* How late the feed was, ns: the 99th percentile of --send-times. */
static uint64_t lateness_p99(void)
{
	static uint64_t late[COUNT];
	uint64_t intended, sent;
	char path[PATH_MAX], line[128];
	FILE *file = fopen(lab_path(&lab, "sends.csv", path), "re");
	size_t n = 0;

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	while (n < COUNT && fgets(line, sizeof(line), file)) {
		assert_int_equal(sscanf(line, "%*u,%" SCNu64 ",%" SCNu64,
					&intended, &sent),
				 2);
		late[n++] = sent - intended;
	}
	fclose(file);
	assert_int_equal(n, COUNT);
	qsort(late, COUNT, sizeof(late[0]), by_size);
	return late[COUNT * 99 / 100];
}

/* A session at 1,000 a second, in which all arrives and all orders are
 * taken; its lateness, which is told and not judged: how late a busy machine
 * is, is no matter of the code. */
static uint64_t session_late_ns(bool flooded, json_t **said)
{
	uint64_t late_ns;

	session_begin("rate:1000", "--retransmit", "10.77.0.1:9013");
	if (flooded)
		flooder = request_flood_start(asking, tag(), COUNT);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (uint32_t i = 1; i <= ORDERS; i++) {
		order_client_order(client, i, 1000000000, 0);
		assert_int_equal(
			lab_number(lab_line(&exchange, "order "), "quantity"),
			i);
	}
	assert_int_equal(feed_hear(), COUNT);
	*said = session_end();
	late_ns = lateness_p99();
	clean(NULL);
	return late_ns;
}

static void a_flood_costs_no_order(void **state)
{
	uint64_t quiet_ns, flooded_ns, begin_ns, all_us;
	size_t seen;
	json_t *said;

	(void)state;
	quiet_ns = session_late_ns(false, &said);
	json_decref(said);
	begin_ns = clock_monotonic_ns();
	flooded_ns = session_late_ns(true, &said);
	all_us = (clock_monotonic_ns() - begin_ns) / 1000;
	print_message("# p99 late by %" PRIu64 " us, beside a flood %" PRIu64
		      " us\n",
		      quiet_ns / 1000, flooded_ns / 1000);
	/* Two seconds of feed; it was a flood, and had what the budget allows
	 * and no more, in the time that all of it took. */
	seen = counted(said, "requests") + counted(said, "crowded") +
	       counted(said, "malformed") + counted(said, "overrun");
	print_message("# %zu requests, %zu packets sent again\n", seen,
		      counted(said, "sent"));
	assert_true(seen > 20000);
	assert_in_range(counted(said, "sent"), 1000,
			RETRANSMITTER_AT_ONCE +
				all_us * RETRANSMITTER_PER_S / 1000000);
	json_decref(said);
}

/* By who asks from the port of the order connection, beside a flood with the
 * right tag from the same host. */
static void the_traders_own_port_is_served_first(void **state)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	struct market_data_header header;

	(void)state;
	session_begin("rate:1000", "--retransmit", ":9013");
	flooder = request_flood_start(asking, tag(), COUNT);
	close(asking);
	asking = asking_open(LAB_TRADER_ADDRESS, order_client_port(client));
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (uint32_t i = 0; i < OWN; i++) {
		request(i % 10, 1, tag());
		if (!answer(bytes, LAB_SOON_MS))
			fail_msg("request %u of the trader's was starved", i);
		assert_int_equal(
			market_data_decode(bytes, sizeof(bytes), &header), 0);
		assert_int_equal(header.sequence, i % 10);
	}
	assert_int_equal(answer(bytes, LAB_QUIET_MS), 0);
	json_decref(session_end());
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
				  LAB_EXCHANGE_INTERFACE, "--listen", ":9100",
				  "--retransmit", ":9013", NULL),
			 1);
	lab_says(&second, "--retransmit: " LAB_EXCHANGE_ADDRESS
			  ":9013: Address already in use");
	program_end(&second);
	assert_int_equal(lab_call(&second, lab.exchange, "t2t-exchange",
				  "--feed", feed, "--listen", ":65535", NULL),
			 2);
	lab_says(&second, "--retransmit: no port is higher");
	program_end(&second);
	assert_int_equal(lab_call(&second, lab.exchange, "t2t-exchange",
				  "--feed", feed, "--retransmit", "on", NULL),
			 2);
	lab_says(&second, "--retransmit: 'on'");
	program_end(&second);
}

/* The local ends of its UDP sockets that are not connected. */
static unsigned int bound(const char *address_and_port)
{
	unsigned int count = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/udp", (int)exchange.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, address_and_port) != NULL;
	fclose(file);
	return count;
}

static void bound_to_the_labs_address_alone(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
	assert_int_equal(bound(":2335 "), 1); /* 9013 */
	assert_int_equal(bound("01004D0A:2335 "), 1);
	program_end(&exchange);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--retransmit",
		     "off", NULL);
	assert_int_equal(bound(":2335 "), 0);
}

/* Not even in a session, where the exchange itself has it twice. */
static void nobody_else_has_the_port(void **state)
{
	const struct sockaddr_in port = { .sin_family = AF_INET,
					  .sin_port = htons(PORT),
					  .sin_addr.s_addr = inet_addr(
						  LAB_EXCHANGE_ADDRESS) };
	int fd, on = 1;

	(void)state;
	session_begin("rate:100", "--retransmit", ":9013");
	lab_line(&exchange, "state TRANSMIT");
	assert_int_equal(bound("01004D0A:2335 "), 2);
	lab_go_exchange(&lab);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lab_go_trader(&lab);
	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&port, sizeof(port)),
			 -1);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	close(client);
	client = -1;
	lab_line(&exchange, "state INIT");
	assert_int_equal(bound("01004D0A:2335 "), 1);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("C.35 what was lost is had by asking for it",
		 lost_ones_are_had, clean),
	LAB_TEST("C.35 so is a range, of what is remembered",
		 a_range_is_had_in_order, clean),
	LAB_TEST("C.35 of another session, from strangers, or garbage: "
		 "nothing is answered",
		 nobody_else_is_answered, clean),
	LAB_TEST("C.35 100,000 requests a second for everything cost no order",
		 a_flood_costs_no_order, clean),
	LAB_TEST("C.35 nor do they starve the trader's own requests",
		 the_traders_own_port_is_served_first, clean),
	LAB_TEST("C.35 a port in use, or none to be had, names the option",
		 port_in_use, clean),
	LAB_TEST("C.35 nobody else has the port while a session runs",
		 nobody_else_has_the_port, clean),
	LAB_TEST("C.35 the port is the lab's alone, or there is none",
		 bound_to_the_labs_address_alone, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_retransmit", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
