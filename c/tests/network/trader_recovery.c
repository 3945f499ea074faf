/* SPDX-License-Identifier: MIT */
/* What a trader does about datagrams that are missing: a second line, requests
 * to the retransmitter, waiting and giving up. Against an exchange that is
 * played by the test, which loses what it likes. */
#include "tests/support/oracle.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"

#define LINES "239.255.0.1:12345,239.255.0.2:12345"
/* Of --recover-ms: an answer by hand takes its time on a busy machine. */
#define PATIENT "50000"
#define HASTY	"50"

static struct lab lab;
static struct program trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static int stranger = -1;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	fake_exchange_close(&fake);
	if (stranger >= 0)
		close(stranger);
	stranger = -1;
	return 0;
}

/* A trader that asks, and a book. */
static void begin(const char *recover_ms, const char *path)
{
	fake_exchange_listen(&fake, &lab);
	fake_exchange_retransmitter(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--recover", "request",
		   "--recover-ms", recover_ms, "--receive", path, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake_exchange_book(&fake); /* 0, 1 */
}

static void begin_two(const char *path)
{
	fake_exchange_listen(&fake, &lab);
	fake_exchange_line_b(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--group", LINES, "--recover-ms",
		   PATIENT, "--receive", path, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake_exchange_book(&fake);
}

static void large_bid(const char *price)
{
	fake_exchange_level(&fake, false, 'B', price, "10000");
}

/* The same, as the retransmitter has it. */
static void answer_bid(uint16_t flags, uint32_t sequence, const char *price)
{
	const struct market_data_message message =
		fake_exchange_message('B', price, "10000");

	fake_exchange_answer(&fake, flags, sequence, &message);
}

static uint16_t answered(void)
{
	return MARKET_DATA_RETRANSMITTED | market_data_tag_flags(fake.tag);
}

static void ask_level(const char *price)
{
	fake_exchange_level(&fake, false, 'A', price, "1");
}

static bool order_waits(void)
{
	uint8_t byte;

	return recv(fake.client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void expect_end(void)
{
	uint8_t byte;

	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recv(fake.client, &byte, 1, MSG_DONTWAIT), 0);
}

static json_int_t counter(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "counters"), name);

	json_decref(said);
	return value;
}

static json_int_t recovery(const char *name)
{
	json_t *said = oracle_json(&trader);
	json_int_t value =
		oracle_count(json_object_get(said, "recovery"), name);

	json_decref(said);
	return value;
}

static json_int_t of_line(size_t line, const char *name)
{
	json_t *said = oracle_json(&trader);
	json_t *lines =
		json_object_get(json_object_get(said, "recovery"), "lines");
	json_int_t value = oracle_count(json_array_get(lines, line), name);

	json_decref(said);
	return value;
}

/* What came behind the gap waits, and both orders come in the feed's order. */
static void filled(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	begin(PATIENT, path);
	fake.lose = 1;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	ask_level("240");
	large_bid("160"); /* 4 */
	fake_exchange_asked(&fake, 2, 1);
	assert_false(order_waits());
	answer_bid(answered(), 2, "150");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_expect(&fake, 1, "240", ORDER_BUY);
	large_bid("170");
	fake_exchange_expect(&fake, 1, "240", ORDER_BUY);
	expect_end();
	lab_says(&trader, "Gap detected: expected 2, got 3");
	assert_int_equal(program_count(&trader, PROGRAM_ERR,
				       "t2t-trader: warning: Gap") <= 1,
			 true);
	assert_int_equal(counter("gaps"), 1);
	assert_int_equal(counter("lost"), 0);
	assert_int_equal(counter("orders"), 3);
	assert_int_equal(recovery("recovered"), 1);
	assert_int_equal(recovery("given_up"), 0);
}

/* However long it may be waited for: each answer is a datagram, too, and what
 * came behind the gap needs room. */
static void asked_again(void **state)
{
	(void)state;
	begin("3600000", "block");
	fake.lose = 1;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	large_bid("160"); /* 3 */
	for (int i = 0; i < 3; i++)
		fake_exchange_asked(&fake, 2, 1);
	answer_bid(answered(), 2, "150");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(recovery("recovered"), 1);
}

/* It says on the wire from where on it is without, and goes on. */
static void given_up(void **state)
{
	(void)state;
	begin(HASTY, "block");
	fake.lose = 1;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	large_bid("160"); /* 3 */
	fake_exchange_asked(&fake, 2, 1);
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	/* Asked once more, or oftener, and then the notice. */
	for (;;) {
		struct retransmit_request request;
		uint8_t bytes[64];
		ssize_t len = recv(fake.retransmitter, bytes, sizeof(bytes), 0);

		assert_int_equal(
			retransmit_request_decode(bytes, (size_t)len, &request),
			0);
		if (!request.count) {
			assert_int_equal(request.first, 3);
			break;
		}
		assert_int_equal(request.first, 2);
	}
	/* Too late. */
	answer_bid(answered(), 2, "150");
	ask_level("240");
	large_bid("170");
	fake_exchange_expect(&fake, 1, "240", ORDER_BUY);
	expect_end();
	lab_says(&trader, "given up");
	assert_int_equal(counter("gaps"), 1);
	assert_int_equal(counter("lost"), 1);
	assert_int_equal(counter("orders"), 2);
	assert_int_equal(recovery("given_up"), 1);
	assert_int_equal(recovery("recovered"), 0);
}

/* No retransmitter: its port is closed. */
static void nobody_there(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--recover", "request",
		   "--recover-ms", HASTY, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake_exchange_book(&fake);
	for (int i = 0; i < 3; i++) {
		fake.lose = 1;
		ask_level("260");
		fake.lose = 0;
		large_bid("160");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
	expect_end();
	lab_says(&trader, "retransmitter at 10.77.0.1:9013 is not there");
	assert_int_equal(counter("lost"), 3);
	assert_int_equal(counter("orders"), 3);
}

/* The trader's end of the recovery socket is known from its request; what
 * others send there does not arrive, and what the retransmitter sends has to
 * say whose and what it is. */
static void strangers(void **state)
{
	const uint16_t tag = market_data_tag_flags(0);

	(void)state;
	begin(PATIENT, "spin");
	fake.lose = 1;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	large_bid("160"); /* 3 */
	fake_exchange_asked(&fake, 2, 1);
	/* Of another session, untold, not flagged, no datagram. */
	answer_bid(MARKET_DATA_RETRANSMITTED |
			   market_data_tag_flags(fake.tag ^ 1),
		   2, "151");
	answer_bid(MARKET_DATA_RETRANSMITTED | tag, 2, "152");
	answer_bid(market_data_tag_flags(fake.tag), 2, "153");
	assert_int_equal(sendto(fake.retransmitter, "short", 5, 0,
				(struct sockaddr *)&fake.asker,
				sizeof(fake.asker)),
			 5);
	/* The right bytes from another port. */
	lab_go_exchange(&lab);
	stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lab_go_trader(&lab);
	{
		int own = fake.retransmitter;

		fake.retransmitter = stranger;
		answer_bid(answered(), 2, "154");
		fake.retransmitter = own;
	}
	usleep(LAB_QUIET_MS * 1000);
	assert_false(order_waits());
	answer_bid(answered(), 2, "150");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("orders"), 2);
	assert_int_equal(recovery("recovered"), 1);
	assert_int_equal(recovery("unwelcome_answers"), 4);
}

/* From the first number on: the book is the whole one. */
static void joins_late(void **state)
{
	const struct market_data_message asks =
		fake_exchange_message('A', "250", "1");
	const struct market_data_message bids =
		fake_exchange_message('B', "100", "1");

	(void)state;
	fake_exchange_listen(&fake, &lab);
	fake_exchange_retransmitter(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--recover", "request",
		   "--recover-ms", PATIENT, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake.lose = 1;
	fake_exchange_book(&fake);
	fake.lose = 0;
	large_bid("160"); /* 2 */
	fake_exchange_asked(&fake, 0, 2);
	fake_exchange_answer(&fake, answered() | MARKET_DATA_SNAPSHOT, 1,
			     &bids);
	fake_exchange_answer(&fake, answered() | MARKET_DATA_SNAPSHOT, 0,
			     &asks);
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(recovery("recovered"), 2);
	assert_int_equal(counter("lost"), 0);
}

/* Nothing comes behind it but the end, which comes again and again. */
static void the_last_is_lost(void **state)
{
	(void)state;
	begin(PATIENT, "block");
	fake.lose = 1;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	fake_exchange_end(&fake); /* 3 */
	fake_exchange_asked(&fake, 2, 1);
	fake.sequence--;
	fake_exchange_end(&fake);
	answer_bid(answered(), 2, "150");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(recovery("recovered"), 1);
	assert_int_equal(counter("orders"), 1);
}

/* Each of them alone; nobody waits for what the other has. */
static void two_lines(void **state)
{
	const char *path = *state;

	choice_receive_needed(path);
	if (strncmp(path, "xdp", 3) == 0 || strncmp(path, "dpdk", 4) == 0)
		lab_skip("one interface has one such line");
	begin_two(path);
	for (int i = 0; i < 6; i++) {
		fake.lose = 1 + (unsigned int)i % 2;
		large_bid("160");
		fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	}
	fake.lose = 0;
	expect_end();
	assert_int_equal(counter("orders"), 6);
	assert_int_equal(counter("lost"), 0);
	assert_int_equal(of_line(0, "missing"), 3);
	assert_int_equal(of_line(1, "missing"), 3);
	/* Of the book's two, the first copy counts. */
	assert_true(of_line(0, "first") >= 3 && of_line(1, "first") >= 3);
}

/* Both have passed it: nobody waits for --recover-ms. */
static void lost_on_both(void **state)
{
	(void)state;
	begin_two("block");
	fake.lose = 3;
	large_bid("150"); /* 2 */
	fake.lose = 0;
	large_bid("160"); /* 3 */
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	lab_says(&trader, "Gap detected: expected 2, got 3");
	assert_int_equal(counter("gaps"), 1);
	assert_int_equal(counter("lost"), 1);
}

/* A line that is silent, and the other loses: given up after --recover-ms. */
static void one_is_silent(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--json", "--group", LINES, "--recover-ms",
		   HASTY, NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake_exchange_book(&fake);
	fake.lose = 1;
	large_bid("150");
	fake.lose = 0;
	large_bid("160");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	expect_end();
	assert_int_equal(counter("lost"), 1);
}

static void none_asks_nothing(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	fake_exchange_retransmitter(&fake, &lab);
	lab_trader(&lab, &trader, "--json", NULL);
	fake_exchange_accept(&fake);
	fake_exchange_tell_session(&fake);
	fake_exchange_book(&fake);
	fake.lose = 1;
	large_bid("150");
	fake.lose = 0;
	large_bid("160");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_not_asked(&fake);
	expect_end();
	lab_says(&trader, "Gap detected: expected 2, got 3");
	assert_int_equal(counter("lost"), 1);
}

static void refused(const char *option, const char *value, const char *other,
		    const char *other_value, const char *said)
{
	lab_trader(&lab, &trader, option, value, other, other_value, NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 2);
	lab_says(&trader, said);
	program_end(&trader);
}

static void refusals(void **state)
{
	(void)state;
	refused("--recover", "sometimes", NULL, NULL, "--recover");
	refused("--recover-ms", "0", NULL, NULL, "--recover-ms");
	refused("--recover-from", "10.77.0.1", NULL, NULL, "--recover-from");
	refused("--group", LINES ",239.255.0.3:1", NULL, NULL, "--group");
	refused("--group", "239.255.0.1:12345,239.255.0.1:12345", NULL, NULL,
		"--group");
	refused("--interface", "trader0,trader0,trader0", NULL, NULL,
		"--interface");
	refused("--interface", "trader0,lo", NULL, NULL, "--interface");
}

static void one_xdp_line(void **state)
{
	(void)state;
	choice_receive_needed("xdp");
	fake_exchange_listen(&fake, &lab);
	refused("--group", LINES, "--receive", "xdp", "--interface X,Y");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("C.35 what is not answered is given up, and told", given_up,
		 clean),
	LAB_TEST("C.35 what is not answered is asked for again", asked_again,
		 clean),
	LAB_TEST("C.35 no retransmitter: it goes on", nobody_there, clean),
	LAB_TEST("C.35 what strangers answer is nothing", strangers, clean),
	LAB_TEST("C.35 who joins late asks from 0 on", joins_late, clean),
	LAB_TEST("C.35 the last before the end is asked for", the_last_is_lost,
		 clean),
	LAB_TEST("C.35 lost on both lines: gone on at once", lost_on_both,
		 clean),
	LAB_TEST("C.35 a silent line is not waited for", one_is_silent, clean),
	LAB_TEST("C.35 without --recover nobody is asked", none_asks_nothing,
		 clean),
	LAB_TEST("bad input: options of recovery and lines", refusals, clean),
	LAB_TEST("C.35 two lines on one interface by AF_XDP are refused",
		 one_xdp_line, clean),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest all[60];
	size_t n = ARRAY_SIZE(tests);

	memcpy(all, tests, sizeof(tests));
	n += choice_tests(all + n, "C.35 a gap is asked for and filled", filled,
			  clean, choice_receive);
	n += choice_tests(all + n, "C.35 two lines, the first copy wins",
			  two_lines, clean, choice_receive);
	return lab_run(&lab, "trader_recovery", all, n, argc, argv);
}
