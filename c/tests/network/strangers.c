/* SPDX-License-Identifier: MIT */
/* The trader beside others: sessions that are not its own, forged datagrams,
 * floods of them. Takes long: each on every path. */
#include "tests/support/oracle.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/decimal.h"
#include "base/privileges.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/real_file.h"

#define GOOD 3008 /* datagrams of a session that a forged one spoilt */

static struct lab lab;
static struct program exchange, trader, tap;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	program_end(&exchange);
	program_end(&tap);
	fake_exchange_close(&fake);
	return 0;
}

static json_int_t counter(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "counters"), name);

	json_decref(said);
	return value;
}

/* Asks at 250, then so many large bids: each calls for a buy at 250. */
static const char *feed_of_triggers(unsigned int triggers)
{
	static char path[PATH_MAX];
	struct feed_text text = { 0 };

	feed_text_add(&text, FEED_FILE_HEADER);
	feed_text_row(&text, true, "ask", "250", "1");
	feed_text_row(&text, true, "bid", "100", "1");
	for (unsigned int i = 0; i < triggers; i++)
		feed_text_row(&text, false, "bid", "160", "10000");
	feed_file_take(lab_path(&lab, "triggers.csv.gz", path), &text);
	return path;
}

/* The trader waits in the queue while another's session is published; then it
 * has its own. */
static void queued(void **state)
{
	int first;

	(void)state;
	lab_exchange(&lab, &exchange, feed_of_triggers(300), "--busy", "queue",
		     "--pace", "rate:3000", "--settle-ms", "1000", NULL);
	first = lab_connect();
	lab_trader(&lab, &trader, "--json", NULL);
	/* All of the other's feed; its end is said until it is gone. */
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_says(&exchange, "end of the feed");
	lab_says(&trader, "another session");
	assert_int_equal(program_wait(&trader, LAB_QUIET_MS), -1);
	order_client_close(first);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(counter("orders"), 300);
	assert_int_equal(counter("triggers"), 300);
	assert_int_equal(counter("duplicates"), 0);
	assert_int_equal(counter("packets"), 302);
	lab_states(&exchange, "INIT HANDSHAKE TRANSMIT INIT");
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order "), 300);
	assert_false(program_says(&exchange, PROGRAM_OUT, "early", 0));
}

/* What an exchange says that knows the session, or another one. */
static uint16_t tag_of(uint16_t other)
{
	struct sockaddr_in peer = { 0 };
	socklen_t len = sizeof(peer);

	assert_int_equal(
		getpeername(fake.client, (struct sockaddr *)&peer, &len), 0);
	return (uint16_t)(market_data_session_tag(ntohs(peer.sin_port) ^ other)
			  << 4);
}

static void forge(uint32_t sequence, uint16_t flags)
{
	const struct market_data_message message =
		fake_exchange_message('B', "170", "10000");
	const uint32_t kept = fake.sequence;

	fake.sequence = sequence;
	fake_exchange_publish(&fake, flags, &message,
			      !(flags & MARKET_DATA_END_OF_FEED));
	fake.sequence = kept;
}

static void begin(const char *path)
{
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--receive", path, NULL);
	fake_exchange_accept(&fake);
}

/* All of the session is traded, and it ends. */
static void good_ones(unsigned int count, uint16_t flags)
{
	const struct market_data_message small =
		fake_exchange_message('B', "160", "1");

	for (unsigned int i = 0; i < count; i++)
		fake_exchange_publish(&fake, flags, &small, 1);
}

static void good_trigger(uint16_t flags)
{
	const struct market_data_message message =
		fake_exchange_message('B', "160", "10000");

	fake_exchange_publish(&fake, flags, &message, 1);
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
}

static void ends(uint16_t flags)
{
	uint8_t byte;

	fake_exchange_publish(&fake, flags | MARKET_DATA_END_OF_FEED, NULL, 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recv(fake.client, &byte, 1, MSG_DONTWAIT), 0);
}

/* From the exchange's own address. */
static void forged(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	begin(path);
	fake_exchange_book(&fake);
	forge(1000000000, 0);
	for (unsigned int i = 0; i < GOOD / 16; i++) {
		good_ones(15, 0);
		good_trigger(0);
		forge(1000000000 + i, 0);
		forge(fake.sequence + 3, MARKET_DATA_END_OF_FEED);
		forge(1000000000 - i, MARKET_DATA_END_OF_FEED);
	}
	ends(0);
	assert_int_equal(counter("packets"), GOOD + 2);
	assert_int_equal(counter("gaps"), 0);
	assert_int_equal(counter("duplicates"), 0);
	assert_int_equal(counter("doubted"), 1 + GOOD / 16 * 3);
}

static void of_other_sessions(void **state)
{
	uint16_t ours, others;

	(void)state;
	begin("spin");
	ours = tag_of(0);
	others = tag_of(5);
	forge(70, others);
	forge(71, others | MARKET_DATA_END_OF_FEED);
	forge(700, 0); /* untold: it may be ours */
	for (int i = 0; i < 2; i++) {
		const struct market_data_message ask =
			fake_exchange_message('A', "250", "1");

		fake_exchange_publish(&fake,
				      ours | MARKET_DATA_SNAPSHOT |
					      MARKET_DATA_BOOK_BEGINS,
				      &ask, 1);
	}
	good_trigger(ours);
	forge(3, others | MARKET_DATA_END_OF_FEED);
	forge(3, others);
	forge(3, 0);
	good_trigger(ours);
	ends(ours);
	assert_int_equal(counter("orders"), 2);
	assert_int_equal(counter("foreign"), 5);
	assert_int_equal(counter("duplicates"), 0);
}

/* All symbols that there can be, and levels worse and worse: in the session,
 * so that nothing but limits keeps them away. */
static void many_symbols_and_levels(void **state)
{
	struct market_data_message messages[MARKET_DATA_MESSAGES_MAX];
	unsigned int n = MARKET_DATA_MESSAGES_MAX;
	uint64_t price = 240 * DECIMAL_ONE;

	(void)state;
	begin("spin:rcvbuf=64m");
	fake_exchange_book(&fake);
	for (unsigned int id = 0; id + n <= UINT16_MAX; id += n) {
		for (unsigned int i = 0; i < n; i++) {
			messages[i] = fake_exchange_message('B', "1", "1");
			messages[i].symbol_id = (uint16_t)(id + i + 1);
		}
		fake_exchange_publish(&fake, 0, messages, n);
	}
	for (unsigned int i = 0; i < 400; i++) {
		for (unsigned int j = 0; j < n; j++) {
			messages[j] = fake_exchange_message('A', "1", "1");
			messages[j].price = price += i % 2 ? 1 : -1000000;
		}
		fake_exchange_publish(&fake, 0, messages, n);
	}
	for (unsigned int j = 0; j < n; j++) {
		messages[j] = fake_exchange_message('A', "1", "1");
		messages[j].price = (250 + j) * DECIMAL_ONE;
	}
	fake_exchange_publish(&fake, MARKET_DATA_SNAPSHOT, messages, n);
	good_trigger(0);
	assert_in_range(program_memory_kib(&trader, "VmHWM"), 1, 200 * 1024);
	lab_says(&trader, "--symbols-max");
	ends(0);
	assert_true(counter("beyond_symbols") > 65000);
	assert_true(counter("beyond_levels") > 0);
	lab_says(&trader, "--levels-max");
	assert_int_equal(program_count(&trader, PROGRAM_ERR, "t2t-trader: wa"),
			 2);
}

/*
 * Floods beside a session.
 */

#define OTHER_ADDRESS  "10.77.0.3"
#define FLOOD_TRIGGERS 300

/* Numbers far and near, ends, symbols and levels of all kinds. */
static size_t flood_datagram(uint8_t bytes[static MARKET_DATA_DATAGRAM_MAX],
			     uint32_t n, uint16_t tag)
{
	const struct market_data_header header = {
		.sequence = n % 4 == 0	 ? 1000000000 + n
			    : n % 4 == 1 ? n % 1000
					 : n,
		.message_count = n % 7 ? MARKET_DATA_MESSAGES_MAX : 0,
		.flags = (uint16_t)((n % 5 ? tag : 0) |
				    (n % 7 ? n % 3 == 0 ? MARKET_DATA_SNAPSHOT
							: 0
					   : MARKET_DATA_END_OF_FEED)),
	};

	market_data_write_header(bytes, &header);
	for (unsigned int i = 0; i < header.message_count; i++)
		market_data_write(
			bytes, i,
			&(struct market_data_message){
				.type = 'U',
				.side = n % 2 ? 'A' : 'B',
				.symbol_id = n % 3 ? (uint16_t)(n * 52 + i) : 0,
				.price = (n * 52 + i) * DECIMAL_ONE / 1000 + 1,
				.quantity = 10000 * DECIMAL_ONE,
			});
	return market_data_len(header.message_count);
}

/* To the group, and now and then to the trader itself; for ever. */
static void flood(const char *source, const char *interface, uint16_t tag)
{
	const struct timespec rest = { .tv_nsec = 2000000 };
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr.s_addr = inet_addr(source) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(LAB_GROUP_PORT) };
	const struct ip_mreqn by = { .imr_ifindex =
					     (int)if_nametoindex(interface) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];

	if (fd < 0 || privileges_drop(0) < 0 ||
	    bind(fd, (void *)&own, sizeof(own)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)) < 0)
		_exit(1);
	for (uint32_t n = 0;; n++) {
		size_t len = flood_datagram(bytes, n, tag);

		to.sin_addr.s_addr =
			inet_addr(n % 16 ? LAB_GROUP : LAB_TRADER_ADDRESS);
		sendto(fd, bytes, len, 0, (void *)&to, sizeof(to));
		if (n % 32 == 0)
			nanosleep(&rest, NULL);
	}
}

static pid_t flooders[2];

static void floods_start(uint16_t tag)
{
	for (int i = 0; i < 2; i++) {
		flooders[i] = fork();
		assert_true(flooders[i] >= 0);
		if (flooders[i] > 0)
			continue;
		cpu_die_with_parent();
		if (i == 0)
			flood(LAB_TRADER_ADDRESS, LAB_TRADER_INTERFACE, tag);
		lab_go_exchange(&lab);
		flood(OTHER_ADDRESS, LAB_EXCHANGE_INTERFACE, tag);
	}
}

/* They were at it all the time. */
static void floods_end(void)
{
	for (int i = 0; i < 2; i++) {
		int status;

		if (flooders[i] <= 0)
			continue;
		kill(flooders[i], SIGKILL);
		waitpid(flooders[i], &status, 0);
		flooders[i] = 0;
		assert_true(WIFSIGNALED(status));
	}
}

static int clean_flood(void **state)
{
	floods_end();
	return clean(state);
}

static void other_address(const char *verb)
{
	char command[128];

	lab_go_exchange(&lab);
	snprintf(command, sizeof(command),
		 "ip address %s " OTHER_ADDRESS
		 "/24 dev " LAB_EXCHANGE_INTERFACE,
		 verb);
	assert_int_equal(system(command), 0);
	lab_go_trader(&lab);
}

/* The port that the session's connection comes from, as anyone may know it. */
static uint16_t session_tag(void)
{
	const char *line =
		program_line(&exchange, PROGRAM_ERR,
			     "t2t-exchange: session 1 with ", LAB_SOON_MS);

	assert_non_null(line);
	return (uint16_t)(market_data_session_tag(
				  (uint16_t)atoi(strrchr(line, ':') + 1))
			  << 4);
}

/* The feed has so many packets, and calls for so many orders. */
static void flooded_session(const char *path, const char *feed,
			    const char *pace, json_int_t packets,
			    json_int_t orders)
{
	char capture[PATH_MAX];
	json_t *judged;

	choice_receive_needed(path);
	other_address("replace");
	lab_wiretap(&lab, &tap, lab_path(&lab, "flood.pcapng", capture));
	lab_exchange(&lab, &exchange, feed, "--pace", pace, "--settle-ms",
		     "200", NULL);
	lab_trader(&lab, &trader, "--json", "--receive", path, NULL);
	floods_start(session_tag());
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_in_range(program_memory_kib(&trader, "VmHWM"), 1, 200 * 1024);
	assert_int_equal(program_wait(&trader, 3 * LAB_SOON_MS), 0);
	floods_end();
	lab_states(&exchange, "INIT");
	assert_int_equal(program_stop(&tap, SIGINT, LAB_SOON_MS), 0);
	assert_int_equal(counter("orders"), orders);
	assert_int_equal(counter("packets"), packets);
	assert_int_equal(counter("beyond_symbols"), 0);
	lab_says(&trader, "--source");
	judged = oracle_judge(capture, NULL, "1000000", "opposite");
	assert_true(json_is_true(json_object_get(judged, "correct")));
	assert_int_equal(oracle_count(judged, "matched"), orders);
	/* Of the wire's; a local user's do not leave by every path. */
	assert_true(oracle_count(judged, "strangers") > 100);
	json_decref(judged);
}

static void flooded(void **state)
{
	flooded_session(*state, feed_of_triggers(FLOOD_TRIGGERS), "rate:200",
			FLOOD_TRIGGERS + 2, FLOOD_TRIGGERS);
}

static void flooded_real_file(void **state)
{
	char path[PATH_MAX];

	flooded_session(*state, real_file_find(path), "rate:10000",
			REAL_PACKETS, REAL_ORDERS);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("strangers: symbols and levels without end find their limit",
		 many_symbols_and_levels, clean),
	LAB_TEST("strangers: another's session, heard in the queue", queued,
		 clean),
	LAB_TEST("strangers: datagrams of other sessions are passed over",
		 of_other_sessions, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[60];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n,
			  "strangers: forged numbers and ends do nothing",
			  forged, clean, choice_receive);
	n += choice_tests(all + n, "strangers: floods beside a session",
			  flooded, clean_flood, choice_receive);
	if (getenv("T2T_REAL_PATHS"))
		n += choice_tests(
			all + n, "strangers: floods beside the real file",
			flooded_real_file, clean_flood, choice_receive);
	return lab_run(&lab, "strangers", all, n, argc, argv);
}
