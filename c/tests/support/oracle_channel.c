/* SPDX-License-Identifier: MIT */
#include "tests/support/oracle_channel.h"

#include <string.h>

#include "tests/support/choice.h"

#define TIMEOUT_MS 180000 /* of the real file */

const char *oracle_channel_feed(const struct lab *lab,
				char path[static PATH_MAX])
{
	struct program feedgen = { 0 };

	assert_int_equal(lab_call(&feedgen, -1, "t2t-feedgen", "--output",
				  lab_path(lab, "feed.csv.gz", path), "--bytes",
				  "200000", "--triggers", "0.1", NULL),
			 0);
	program_end(&feedgen);
	return path;
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
