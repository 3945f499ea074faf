/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own TLS, from outside: where it is there, orders that it has
 * sealed are right by the oracle; where it is not, who wants it is told so, and
 * who does not mind goes on without. What really ran stands in the report.
 */
#include "tests/support/oracle_channel.h"

#include <stdio.h>
#include <string.h>

#include "net/kernel_tls.h"
#include "tests/support/channel_choice.h"

static struct lab lab;

#ifndef HAVE_OPENSSL

static void left_out(void **state)
{
	(void)state;
	lab_skip("built without OpenSSL");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		LAB_TEST("C.32 kTLS", left_out, NULL),
	};

	return lab_run(&lab, "channel_ktls", tests, 1, argc, argv);
}

#else

static struct program exchange, trader;

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	program_end(&exchange);
	return 0;
}

static const char *channel(const char *options)
{
	static char text[PATH_MAX];

	snprintf(text, sizeof(text), "tls:folder=%s,%s", channel_choice_keys(),
		 options);
	return text;
}

static bool kernel_has_it(void)
{
	const char *why;

	return kernel_tls_probe(&why) == 0;
}

static void judged(const char *options, const char *transport,
		   const char *records)
{
	struct oracle_run run = { .pace = "rate:20000",
				  .transport = transport };
	char path[PATH_MAX];
	const json_t *said;

	run.feed = oracle_channel_feed(&lab, path);
	run.channel = channel(options);
	oracle_run(&lab, &run);
	oracle_is_right(run.analysis);
	assert_true(oracle_count(run.analysis, "matched") > 100);
	said = json_object_get(json_object_get(run.trader, "channel"),
			       "records");
	assert_string_equal(json_string_value(said), records);
	oracle_free(&run);
}

static void auto_is_right(void **state)
{
	const char *records = kernel_has_it() ? "kernel" : "program";

	(void)state;
	judged("ktls=auto", "send", records);
	judged("ktls=auto,suites=TLS_AES_256_GCM_SHA384,inner=fix", "uring",
	       records);
}

static void others_are_the_programs(void **state)
{
	(void)state;
	judged("ktls=auto", "zerocopy", "program");
	judged("inner=raw", "send", "program");
}

/* Nothing is connected where it can't be. */
static void on_is_done_or_refused(void **state)
{
	(void)state;
	if (kernel_has_it()) {
		judged("ktls=on", "send", "kernel");
		lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100),
			     "--channel", channel("ktls=on"), NULL);
		lab_trader(&lab, &trader, "--channel", channel("ktls=on"),
			   "--transport", "zerocopy", NULL);
		lab_says(&trader, "--transport send and uring do");
	} else {
		lab_trader(&lab, &trader, "--channel", channel("ktls=on"),
			   NULL);
		lab_says(&trader, "ktls=on: this kernel has no TLS of its own");
	}
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		LAB_TEST("C.32 kTLS where the kernel has it", auto_is_right,
			 clean),
		LAB_TEST("other transports' records are the program's",
			 others_are_the_programs, clean),
		LAB_TEST("C.32 kTLS is done or refused", on_is_done_or_refused,
			 clean),
	};

	return lab_run(&lab, "channel_ktls", tests, ARRAY_SIZE(tests), argc,
		       argv);
}

#endif
