/* SPDX-License-Identifier: MIT */
#include "tests/support/oracle_channel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/choice.h"
#include "tests/support/real_file.h"

#define TIMEOUT_MS 180000 /* of the real file */

const char *oracle_channel_feed(const struct lab *lab,
				char path[static PATH_MAX])
{
	return lab_generated(lab, "feed.csv.gz", "200000", "0.1", NULL, path);
}

void oracle_channel_served(const struct lab *lab, struct program *exchange,
			   struct program *trader, const char *channel)
{
	lab_trader(lab, trader, "--channel", channel, NULL);
	assert_int_equal(program_wait(trader, LAB_SOON_MS), 0);
	lab_line(exchange, "state TRANSMIT");
	lab_line(exchange, "state INIT");
	assert_int_equal(program_stop(exchange, SIGTERM, LAB_SOON_MS), 0);
}

void oracle_channel_judged(const struct lab *lab, const char *channel,
			   const char *transport, const char *feed,
			   const char *threshold_usd, json_int_t triggers)
{
	const bool bypass = !strcmp(transport, "bypass");
	struct oracle_run run = { .pace = "rate:20000",
				  .feed = feed,
				  .receive = bypass ? "xdp" : "spin",
				  .transport = transport,
				  .channel = channel,
				  .threshold_usd = threshold_usd,
				  .timeout_ms = TIMEOUT_MS };

	choice_transport_needed(transport);
	oracle_run(lab, &run);
	if (!triggers)
		triggers = oracle_count(run.analysis, "triggers");
	assert_true(triggers > 100);
	assert_int_equal(oracle_count(run.analysis, "triggers"), triggers);
	assert_int_equal(oracle_count(run.analysis, "orders"), triggers);
	assert_int_equal(oracle_count(run.analysis, "matched"), triggers);
	oracle_is_right(run.analysis);
	oracle_free(&run);
}

/* Whose tests they are. */
static const struct lab *of_lab;
static const char *of_channel;

static void orders_are_right(void **state)
{
	char path[PATH_MAX];

	oracle_channel_judged(of_lab, of_channel, *state,
			      oracle_channel_feed(of_lab, path), "1000000", 0);
}

static void real_million(void **state)
{
	char path[PATH_MAX];

	oracle_channel_judged(of_lab, of_channel, *state, real_file_find(path),
			      "1000000", REAL_ORDERS);
}

static void real_hundred_thousand(void **state)
{
	char path[PATH_MAX];

	oracle_channel_judged(of_lab, of_channel, *state, real_file_find(path),
			      "100000", 7205);
}

size_t oracle_channel_tests(const struct lab *lab, const char *title,
			    const char *channel, CMFixtureFunction after,
			    struct CMUnitTest *tests)
{
	static const char *const bypass[] = { "bypass", NULL };
	static const struct {
		const char *text;
		CMUnitTestFunction function;
		bool is_real;
	} rows[] = {
		{ "orders are right", orders_are_right, false },
		{ "real file, 151", real_million, true },
		{ "real file, 7,205", real_hundred_thousand, true },
	};
	char name[64];
	size_t n = 0;

	of_lab = lab;
	of_channel = channel;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].is_real && !getenv("T2T_REAL_PATHS"))
			continue;
		snprintf(name, sizeof(name), "%s, %s", title, rows[i].text);
		n += choice_tests(tests + n, name, rows[i].function, after,
				  choice_transport);
		n += choice_tests(tests + n, name, rows[i].function, after,
				  bypass);
	}
	return n;
}
