/* SPDX-License-Identifier: MIT */
/*
 * The real BTCUSDT file, which is not ours to ship: found at $T2T_DATA (file
 * or folder), else beside the repository, else skipped. On two receive paths;
 * with $T2T_REAL_PATHS (`make test-real`) on every one, which takes minutes.
 */
/* Takes long: 445,262 packets at 20,000 a second. */
#include "tests/support/oracle.h"

#include <stdlib.h>

#include "tests/support/choice.h"
#include "tests/support/real_file.h"

#define TIMEOUT_MS 180000

static struct lab lab;

static void run_at(const char *receive, const char *threshold_usd,
		   json_int_t triggers)
{
	struct oracle_run run = { .pace = "rate:20000",
				  .receive = receive,
				  .threshold_usd = threshold_usd,
				  .timeout_ms = TIMEOUT_MS };
	char path[PATH_MAX];

	run.feed = real_file_find(path);
	choice_receive_needed(receive);
	oracle_run(&lab, &run);
	assert_int_equal(oracle_count(run.analysis, "packets"), REAL_PACKETS);
	assert_int_equal(oracle_count(run.analysis, "gaps"), 0);
	assert_int_equal(oracle_count(run.analysis, "triggers"), triggers);
	assert_int_equal(oracle_count(run.analysis, "orders"), triggers);
	assert_int_equal(oracle_count(run.analysis, "matched"), triggers);
	assert_int_equal(oracle_count(run.analysis, "missing"), 0);
	assert_int_equal(oracle_count(run.analysis, "extra"), 0);
	assert_int_equal(oracle_count(run.analysis, "wrong"), 0);
	oracle_free(&run);
}

static void million(void **state)
{
	run_at(*state, "1000000", REAL_ORDERS);
}

static void hundred_thousand(void **state)
{
	run_at(*state, "100000", 7205);
}

int main(int argc, char **argv)
{
	static const char *const one[] = { "block", NULL };
	static const char *const other[] = { "uring", NULL };
	static struct CMUnitTest tests[60];
	bool all = getenv("T2T_REAL_PATHS");
	size_t n = 0;

	n += choice_tests(tests + n, "real data: 151 orders at 1,000,000 USD",
			  million, NULL, all ? choice_receive : one);
	n += choice_tests(tests + n, "real data: 7,205 orders at 100,000 USD",
			  hundred_thousand, NULL, all ? choice_receive : other);
	return lab_run(&lab, "real_data", tests, n, argc, argv);
}
