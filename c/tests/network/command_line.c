/* SPDX-License-Identifier: MIT */
/* The command line as a contract: every option, its defaults, the exit codes
 * and what the message names. */
#include "tests/support/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lab lab;
static struct program program;

static int clean(void **state)
{
	(void)state;
	program_end(&program);
	return 0;
}

static const struct {
	const char *name;
	const char *options[16];
} contract[] = {
	{ "t2t-exchange",
	  { "--feed", "--listen", "--group", "--interface", "--pace",
	    "--format", "--busy", "--loop", "--settle-ms", "9012",
	    "239.255.0.1:12345" } },
	{ "t2t-trader",
	  { "--connect", "--group", "--interface", "--receive", "--channel",
	    "--threshold-usd", "--aggress", "--order-quantity", "--samples",
	    "239.255.0.1:12345", "1000000", "opposite", "raw" } },
	{ "t2t-wiretap",
	  { "--interface", "--write", "--read", "--threshold-usd", "--aggress",
	    "--json", "1000000", "opposite" } },
	{ "t2t-feedgen",
	  { "--bytes", "--seed", "--triggers", "--output", "1000000" } },
	{ "t2t-keys", { "--folder", "--host", "--days", "exchange" } },
	{ "t2t-probe", { "--json" } },
};

static void help(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contract); i++) {
		assert_int_equal(lab_call(&program, -1, contract[i].name,
					  "--help", NULL),
				 0);
		for (size_t j = 0; contract[i].options[j]; j++)
			if (!program_says(&program, PROGRAM_OUT,
					  contract[i].options[j], 0))
				fail_msg("%s --help lacks %s", contract[i].name,
					 contract[i].options[j]);
		assert_int_equal(program.text[PROGRAM_ERR].len, 0);
	}
}

static void version_and_man(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contract); i++) {
		assert_int_equal(lab_call(&program, -1, contract[i].name,
					  "--version", NULL),
				 0);
		assert_true(program.text[PROGRAM_OUT].len > 0);
		assert_int_equal(
			lab_call(&program, -1, contract[i].name, "--man", NULL),
			0);
		assert_true(program_says(&program, PROGRAM_OUT, ".TH", 0));
	}
}

static void unknown_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contract); i++) {
		assert_int_equal(lab_call(&program, -1, contract[i].name,
					  "--no-such-option", NULL),
				 2);
		lab_says(&program, "no-such-option");
		assert_int_equal(program.text[PROGRAM_OUT].len, 0);
		assert_int_equal(
			lab_call(&program, -1, contract[i].name, "stray", NULL),
			2);
		lab_says(&program, "stray");
	}
}

/* Bad usage: 2, and the message names the option. */
static void bad_exchange(const char *option, const char *value)
{
	int code = lab_call(&program, lab.exchange, "t2t-exchange", "--feed",
			    lab_feed(&lab, 1, 1), "--interface",
			    LAB_EXCHANGE_INTERFACE, option, value, NULL);

	if (code != 2)
		fail_msg("%s %s: exit code %d", option, value, code);
	lab_says(&program, option);
	assert_int_equal(program_count(&program, PROGRAM_OUT, "state "), 0);
}

static void exchange_usage(void **state)
{
	static const char *const paces[] = {
		"fast",	   "rate",  "rate:",  "rate:0",	 "rate:-1", "rate:x",
		"poisson", "max:3", "file:0", "file:-1", "file:x",  ""
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paces); i++)
		bad_exchange("--pace", paces[i]);
	bad_exchange("--group", "10.0.0.1:12345");
	bad_exchange("--group", "239.255.0.1");
	bad_exchange("--group", "239.255.0.1:0");
	bad_exchange("--group", "239.255.0.1:65536");
	bad_exchange("--group", "everyone");
	bad_exchange("--listen", "10.77.0.1");
	bad_exchange("--listen", "10.77.0.1:99999");
	bad_exchange("--listen", "somewhere:9012");
	bad_exchange("--busy", "perhaps");
	bad_exchange("--settle-ms", "-1");
	bad_exchange("--format", "no-such-format");
	assert_int_equal(lab_call(&program, lab.exchange, "t2t-exchange", NULL),
			 2);
	lab_says(&program, "--feed");
	assert_int_equal(lab_call(&program, lab.exchange, "t2t-exchange",
				  "--feed", NULL),
			 2);
	lab_says(&program, "--feed");
}

static void bad_trader(const char *option, const char *value)
{
	int code;

	lab_trader(&lab, &program, option, value, NULL);
	code = program_wait(&program, LAB_SOON_MS);
	if (code != 2)
		fail_msg("%s %s: exit code %d", option, value, code);
	lab_says(&program, option);
}

static void trader_usage(void **state)
{
	(void)state;
	bad_trader("--receive", "warp");
	bad_trader("--receive", "");
	bad_trader("--receive", "spin:warp=1");
	bad_trader("--receive", "spin:rcvbuf=x");
	bad_trader("--receive", "spin:rcvbuf");
	bad_trader("--channel", "warp");
	bad_trader("--transport", "warp");
	bad_trader("--group", "10.0.0.1:12345");
	bad_trader("--threshold-usd", "much");
	bad_trader("--threshold-usd", "-5");
	bad_trader("--aggress", "neither");
	bad_trader("--order-quantity", "0");
	bad_trader("--order-quantity", "4294967296");
	assert_int_equal(lab_call(&program, lab.trader, "t2t-trader",
				  "--interface", LAB_TRADER_INTERFACE, NULL),
			 2);
	lab_says(&program, "--connect");
	assert_int_equal(lab_call(&program, lab.trader, "t2t-trader",
				  "--connect", LAB_CONNECT, NULL),
			 2);
	lab_says(&program, "--interface");
	assert_int_equal(lab_call(&program, lab.trader, "t2t-trader",
				  "--connect", "somewhere", "--interface",
				  LAB_TRADER_INTERFACE, NULL),
			 2);
	lab_says(&program, "--connect");
}

static void trader_nowhere(void **state)
{
	(void)state;
	assert_int_not_equal(lab_call(&program, lab.trader, "t2t-trader",
				      "--connect", LAB_CONNECT, "--interface",
				      "nowhere7", NULL),
			     0);
	lab_says(&program, "nowhere7");
}

static void receive_help(void **state)
{
	static const char *const paths[] = { "null", "replay", "block", "epoll",
					     "spin" };

	(void)state;
	assert_int_equal(
		lab_call(&program, -1, "t2t-trader", "--receive", "help", NULL),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_true(program_says(&program, PROGRAM_OUT, paths[i], 0));
}

static void wiretap_usage(void **state)
{
	(void)state;
	assert_int_equal(lab_call(&program, -1, "t2t-wiretap", "--read", "x",
				  "--threshold-usd", "much", NULL),
			 2);
	lab_says(&program, "--threshold-usd");
	assert_int_equal(lab_call(&program, -1, "t2t-wiretap", "--read", "x",
				  "--aggress", "neither", NULL),
			 2);
	lab_says(&program, "--aggress");
}

static void probe(void **state)
{
	json_t *said;

	(void)state;
	assert_int_equal(lab_call(&program, lab.trader, "t2t-probe", NULL), 0);
	assert_true(program_says(&program, PROGRAM_OUT, "block", 0));
	assert_int_equal(
		lab_call(&program, lab.trader, "t2t-probe", "--json", NULL), 0);
	said = oracle_json(&program);
	assert_true(json_is_object(said) && json_object_size(said) > 0);
	json_decref(said);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("command line: --help names every option and default, 0", help,
		 clean),
	LAB_TEST("command line: --version and --man", version_and_man, clean),
	LAB_TEST("command line: unknown options and strays are 2, named",
		 unknown_option, clean),
	LAB_TEST("command line: bad usage of the exchange is 2, named",
		 exchange_usage, clean),
	LAB_TEST("command line: bad usage of the trader is 2, named",
		 trader_usage, clean),
	LAB_TEST("command line: an interface that is not there", trader_nowhere,
		 clean),
	LAB_TEST("command line: --receive help lists the paths", receive_help,
		 clean),
	LAB_TEST("command line: bad usage of the wiretap is 2, named",
		 wiretap_usage, clean),
	LAB_TEST("command line: the probe, for people and as JSON", probe,
		 clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "command_line", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
