/* SPDX-License-Identifier: MIT */
/* A lossy exchange, and a trader that asks for what is missing or has two
 * lines: whether its orders were right, the oracle can tell. Takes long: by
 * each way. */
#include "tests/support/oracle.h"
#include "tests/support/request_flood.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/market_data.h"
#include "wire/retransmit.h"

#define LINES "239.255.0.1:12345,239.255.0.2:12345"
#define PACE  "rate:5000"
/* Of --recover-ms: nothing is given up only since the machine is busy. */
#define PATIENT "20000"

static struct lab lab;
static struct program wiretap, exchange, trader;
static json_t *said, *analysis;
static int beside = -1;
static pid_t flooder;
static char feed[PATH_MAX], capture[PATH_MAX];

static int clean(void **state)
{
	(void)state;
	request_flood_stop(&flooder);
	if (beside >= 0)
		close(beside);
	beside = -1;
	program_end(&trader);
	program_end(&wiretap);
	program_end(&exchange);
	json_decref(said);
	json_decref(analysis);
	said = analysis = NULL;
	return 0;
}

static void begin(void)
{
	if (!*feed)
		lab_generated(&lab, "sample.csv.gz", "400000", "0.02", "7",
			      feed);
	lab_path(&lab, "capture.pcapng", capture);
	lab_wiretap(&lab, &wiretap, capture);
}

/* To the end of the feed; then what the trader said. */
static void finish(void)
{
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	program_end(&wiretap);
	said = oracle_json(&trader);
}

/* And what the oracle says, with its exit code. */
static void judge(const char *group, const char *recover, int code)
{
	assert_int_equal(lab_call(&wiretap, -1, "t2t-wiretap", "--read",
				  capture, "--json", "--group", group,
				  "--recover", recover, "--recover-ms", PATIENT,
				  NULL),
			 code);
	analysis = oracle_json(&wiretap);
}

static json_int_t count(const char *name)
{
	return oracle_count(analysis, name);
}

static json_int_t recovery(const json_t *of, const char *name)
{
	return oracle_count(json_object_get(of, "recovery"), name);
}

static json_int_t of_line(const json_t *of, size_t line, const char *name)
{
	json_t *lines =
		json_object_get(json_object_get(of, "recovery"), "lines");

	return oracle_count(json_array_get(lines, line), name);
}

static void all_is_right(void)
{
	oracle_is_right(analysis);
	assert_true(count("triggers") > 50);
	assert_int_equal(count("matched"), count("triggers"));
	assert_int_equal(
		count("matched"),
		oracle_count(json_object_get(said, "counters"), "orders"));
}

static void recovered(void **state)
{
	json_t *fill;

	(void)state;
	begin();
	lab_exchange(&lab, &exchange, feed, "--pace", PACE, "--lose", "1%",
		     "--swap", "0.1%", "--duplicate", "1%", NULL);
	lab_trader(&lab, &trader, "--json", "--recover", "request",
		   "--recover-ms", PATIENT, NULL);
	finish();
	judge("239.255.0.1:12345", "request", 0);
	all_is_right();
	assert_true(count("gaps") > 0);
	assert_int_equal(count("lost_packets"), 0);
	assert_true(count("duplicates") > 0);
	assert_int_equal(recovery(analysis, "given_up"), 0);
	assert_true(recovery(analysis, "requests") > 0);
	assert_int_equal(recovery(analysis, "missing"),
			 recovery(said, "missing"));
	assert_true(recovery(analysis, "recovered") > 0);
	fill = json_object_get(json_object_get(analysis, "recovery"),
			       "fill_ns");
	assert_true(oracle_count(fill, "count") > 0);
	assert_true(oracle_count(fill, "p50") <= oracle_count(fill, "max"));
	assert_true(of_line(analysis, 0, "missing") > 0);
}

static void two_lines(void **state)
{
	(void)state;
	begin();
	lab_exchange(&lab, &exchange, feed, "--pace", PACE, "--group", LINES,
		     "--lose", "A:1%,B:1%", NULL);
	lab_trader(&lab, &trader, "--json", "--group", LINES, "--recover-ms",
		   PATIENT, NULL);
	finish();
	judge(LINES, "none", 0);
	all_is_right();
	/* The trader leaves with the first end: of the other line it has not
	 * seen all. */
	for (size_t i = 0; i < 2; i++) {
		assert_true(of_line(analysis, i, "missing") > 0);
		assert_true(of_line(analysis, i, "missing") <=
			    of_line(said, i, "missing"));
	}
	assert_int_equal(recovery(analysis, "given_up"),
			 recovery(said, "given_up"));
}

/* Somebody beside the trader asks for everything with its session's tag, and
 * says that it goes on with what is to come. */
static void strangers_ask(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(LAB_ORDER_PORT + 1),
					.sin_addr.s_addr = inet_addr(
						LAB_EXCHANGE_ADDRESS) };
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];
	const char *peer =
		program_line(&exchange, PROGRAM_ERR,
			     "t2t-exchange: session 1 with ", LAB_SOON_MS);
	struct retransmit_request notice;
	uint16_t tag;

	peer = peer ? strstr(peer, LAB_TRADER_ADDRESS ":") : NULL;
	assert_non_null(peer);
	tag = market_data_session_tag(
		(uint16_t)atoi(peer + strlen(LAB_TRADER_ADDRESS ":")));
	beside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(beside >= 0);
	assert_int_equal(
		connect(beside, (const struct sockaddr *)&to, sizeof(to)), 0);
	notice = retransmit_notice(500, 256, market_data_tag_flags(tag));
	retransmit_request_write(bytes, &notice);
	assert_int_equal(send(beside, bytes, sizeof(bytes), 0), sizeof(bytes));
	flooder = request_flood_start(beside, tag, 1000);
}

static void recovered_beside_a_flood(void **state)
{
	(void)state;
	begin();
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:1000", "--lose",
		     "2%", "--settle-ms", "200", NULL);
	lab_trader(&lab, &trader, "--json", "--recover", "request",
		   "--recover-ms", "3000", NULL);
	strangers_ask();
	finish();
	judge("239.255.0.1:12345", "request", 0);
	all_is_right();
	assert_true(recovery(said, "missing") > 10);
	assert_int_equal(recovery(said, "given_up"), 0);
	assert_int_equal(recovery(analysis, "requests"),
			 recovery(said, "requests"));
	assert_int_equal(recovery(analysis, "raced"), 0);
}

/* Nobody can say whether the trader lacked what the capture lacks. */
static void without(void **state)
{
	(void)state;
	begin();
	lab_exchange(&lab, &exchange, feed, "--pace", PACE, "--lose", "1%",
		     NULL);
	lab_trader(&lab, &trader, "--json", NULL);
	finish();
	judge("239.255.0.1:12345", "none", 1);
	assert_true(json_is_null(json_object_get(analysis, "correct")));
	assert_true(count("lost_packets") > 0);
	assert_null(json_object_get(analysis, "recovery"));
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("C.35 what was lost and had by asking is judged", recovered,
		 clean),
	LAB_TEST("C.35 also where others ask, in the trader's name, for all",
		 recovered_beside_a_flood, clean),
	LAB_TEST("C.35 two lossy lines are judged as one feed", two_lines,
		 clean),
	LAB_TEST("C.35 what was lost for good can't be judged", without, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "wiretap_recovery", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
