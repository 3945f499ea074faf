/* SPDX-License-Identifier: MIT */
/*
 * A trader that is held up until its socket's buffer runs over, twice in a
 * session, by each channel: its books are behind from then on, its orders are
 * missing or wrong by what was sent, and right by what it says that it had. So
 * say both oracles: nothing is misread behind a gap.
 */
#include "tests/support/oracle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/sanitizer.h"

/* Half a second of datagrams, of which the buffer holds a few. */
#define HELD_UP_US 120000
#define FLOWING_US 100000
#define RECEIVE	   "spin:rcvbuf=16k"

static struct lab lab;
static struct program exchange, wiretap, trader;
static json_t *said, *analysis;
static char feed[PATH_MAX], capture[PATH_MAX], keys[PATH_MAX], word[PATH_MAX];
static char folder[PATH_MAX];

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	program_end(&wiretap);
	program_end(&exchange);
	json_decref(said);
	json_decref(analysis);
	said = analysis = NULL;
	return 0;
}

static bool is_tls(const char *channel)
{
	return !strncmp(channel, "tls", 3);
}

/* With the keys, as the programs are told. */
static const char *told(const char *channel)
{
	static char text[PATH_MAX + 64];
	const char *inner = strchr(channel, ':');

	if (!is_tls(channel))
		return channel;
	snprintf(text, sizeof(text), "tls:folder=%s%s%s", folder,
		 inner ? "," : "", inner ? inner + 1 : "");
	return text;
}

/* Some hundreds of orders at many prices, for half a second. */
static void begin(const char *channel)
{
	const bool tls = is_tls(channel);

	if (tls && !*folder) {
		assert_int_equal(lab_call(&wiretap, -1, "t2t-keys", "--folder",
					  lab_path(&lab, "keys", folder), NULL),
				 0);
		program_end(&wiretap);
	}
	if (!*feed)
		lab_generated(&lab, "feed.csv.gz", "400000", "0.05", "7", feed);
	unlink(lab_path(&lab, "keys.log", keys));
	lab_wiretap(&lab, &wiretap, lab_path(&lab, "capture.pcapng", capture));
	lab_exchange(&lab, &exchange, feed, "--pace", "rate:20000", "--channel",
		     told(channel), tls ? "--keys" : "--ttl", tls ? keys : "1",
		     NULL);
}

static void hold_up(void)
{
	usleep(FLOWING_US);
	kill(trader.pid, SIGSTOP);
	usleep(HELD_UP_US);
	kill(trader.pid, SIGCONT);
}

/* To the feed's end; what the trader said lies in a file, too. */
static void finish(void)
{
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&wiretap, SIGINT, LAB_SOON_MS), 0);
	program_end(&wiretap);
	said = oracle_json(&trader);
	assert_int_equal(
		json_dump_file(said, lab_path(&lab, "trader.json", word), 0),
		0);
}

static void judge(const char *channel)
{
	const bool tls = is_tls(channel);

	assert_int_equal(lab_call(&wiretap, -1, "t2t-wiretap", "--read",
				  capture, "--json", "--trader", word,
				  "--channel", channel,
				  tls ? "--keys" : "--recover",
				  tls ? keys : "none", NULL),
			 0);
	analysis = oracle_json(&wiretap);
	program_end(&wiretap);
}

static json_int_t count(const char *name)
{
	return oracle_count(analysis, name);
}

/* By what was sent, or with --trader by what there was; NULL: there is no
 * Python, or it is a sanitizer's build, which makes the same captures. */
static json_t *second_oracle(const char *channel, const char *more)
{
	char command[5 * PATH_MAX];
	json_t *counts;
	FILE *output;

	if (SANITIZED || system("command -v python3 >/dev/null") != 0)
		return NULL;
	snprintf(command, sizeof(command),
		 "python3 -B verify/verify.py '%s' --json --feed '%s' "
		 "--channel '%s' --keys '%s' %s",
		 capture, feed, channel, keys, more);
	output = popen(command, "re");
	assert_non_null(output);
	counts = json_loadf(output, 0, NULL);
	pclose(output);
	assert_non_null(counts);
	return counts;
}

static json_int_t faults(const json_t *counts)
{
	return oracle_count(counts, "missing") + oracle_count(counts, "extra") +
	       oracle_count(counts, "wrong");
}

/* By what there was nothing is wrong. By what was sent the first one counts the
 * fewest faults that explain it, as the second does, which does not know when
 * an order came. */
static void second_oracle_agrees(const char *channel, const json_t *rest)
{
	char leaving_out[PATH_MAX + 16];
	json_t *by_rest, *by_all;

	snprintf(leaving_out, sizeof(leaving_out), "--trader '%s'", word);
	by_rest = second_oracle(channel, leaving_out);
	by_all = second_oracle(channel, "");
	if (!by_all)
		return;
	assert_int_equal(faults(by_rest), 0);
	assert_int_equal(oracle_count(by_rest, "matched"),
			 oracle_count(rest, "matched"));
	assert_int_equal(oracle_count(by_all, "triggers"), count("triggers"));
	assert_int_equal(oracle_count(by_all, "orders"), count("orders"));
	assert_true(faults(by_all) > 0);
	assert_in_range(faults(analysis), faults(by_all),
			faults(by_all) + faults(by_all) / 10);
	json_decref(by_rest);
	json_decref(by_all);
}

static void wrong_by_its_own_loss(void **state)
{
	const char *channel = *state;
	const json_t *rest, *counters;

	begin(channel);
	lab_trader(&lab, &trader, "--json", "--receive", RECEIVE, "--channel",
		   told(channel), NULL);
	lab_line(&exchange, "state TRANSMIT");
	lab_line(&exchange, "order ");
	hold_up();
	hold_up();
	finish();
	judge(channel);
	counters = json_object_get(said, "counters");
	rest = json_object_get(analysis, "lacked");
	assert_true(json_is_false(json_object_get(analysis, "correct")));
	assert_true(count("missing") > 10);
	/* Behind its goodbye a channel's end may say more: of no order. */
	assert_int_equal(count("partial_orders"), 0);
	assert_true(oracle_count(counters, "lost") > 1000);
	assert_int_equal(oracle_count(rest, "packets"),
			 oracle_count(counters, "lost"));
	oracle_is_right(rest);
	assert_int_equal(oracle_count(rest, "triggers"), count("orders"));
	assert_int_equal(oracle_count(rest, "matched"), count("orders"));
	assert_non_null(strstr(
		json_string_value(json_object_get(analysis, "reason")),
		"packets that were sent to it: by the others its orders are "
		"right"));
	second_oracle_agrees(channel, rest);
}

int main(int argc, char **argv)
{
	static const char *const channels[] = { "raw", "login",	       "ws",
						"fix", "tls:inner=ws", "tls" };
	struct CMUnitTest tests[ARRAY_SIZE(channels)];
	char names[ARRAY_SIZE(channels)][64];

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		snprintf(names[i], sizeof(names[i]),
			 "orders that come of a loss of its own: %s",
			 channels[i]);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = wrong_by_its_own_loss,
			.teardown_func = clean,
			.initial_state = (void *)(uintptr_t)channels[i],
		};
	}
	return lab_run(&lab, "network/trader_lacks", tests,
		       ARRAY_SIZE(channels), argc, argv);
}
