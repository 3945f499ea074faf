/* SPDX-License-Identifier: MIT */
/*
 * The real BTCUSDT file, which is not ours to ship: found at $T2T_DATA (file
 * or folder), else beside the repository, else skipped.
 */
#include "tests/support/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME \
	"binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz"
#define PACKETS	   445262
#define TIMEOUT_MS 180000

static struct lab lab;

static const char *find(char path[static PATH_MAX])
{
	const char *data = getenv("T2T_DATA");

	if (LAB_SANITIZED)
		lab_skip("a sanitizer is too slow for 20,000 packets a second");
	snprintf(path, PATH_MAX, "%s", data ? data : "");
	if (data && access(path, R_OK) == 0 && strstr(path, ".gz"))
		return path;
	snprintf(path, PATH_MAX, "%s/" FILE_NAME,
		 data ? data : "../../shared/data");
	if (access(path, R_OK) < 0)
		lab_skip("no " FILE_NAME " in $T2T_DATA");
	return path;
}

static void run_at(const char *threshold_usd, json_int_t triggers)
{
	struct oracle_run run = { .pace = "rate:20000",
				  .threshold_usd = threshold_usd,
				  .timeout_ms = TIMEOUT_MS };
	char path[PATH_MAX];

	run.feed = find(path);
	oracle_run(&lab, &run);
	assert_int_equal(oracle_count(run.analysis, "packets"), PACKETS);
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
	(void)state;
	run_at("1000000", 151);
}

static void hundred_thousand(void **state)
{
	(void)state;
	run_at("100000", 7205);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("real data: 445,262 packets, 151 orders at 1,000,000 USD, all "
		 "right",
		 million, NULL),
	LAB_TEST("real data: 7,205 orders at 100,000 USD, all right",
		 hundred_thousand, NULL),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "real_data", tests, ARRAY_SIZE(tests), argc, argv);
}
