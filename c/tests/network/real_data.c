/* SPDX-License-Identifier: MIT */
/*
 * The real BTCUSDT file, which is not ours to ship: found at $T2T_DATA (file
 * or folder), else beside the repository, else skipped. On some receive paths;
 * with $T2T_REAL_PATHS (`make test-real`) on every one, which takes minutes.
 */
/* Takes long: 445,262 packets at 20,000 a second. */
#include "tests/support/oracle.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/choice.h"
#include "tests/support/real_file.h"

#define TIMEOUT_MS 180000

static struct lab lab;

/* Some of it was lost on its way, and is there. */
static void is_recovered(const json_t *analysis)
{
	const json_t *recovery = json_object_get(analysis, "recovery");
	const json_t *fill_ns = json_object_get(recovery, "fill_ns");

	assert_true(oracle_count(recovery, "recovered") > REAL_PACKETS / 200);
	assert_int_equal(oracle_count(recovery, "given_up"), 0);
	print_message("recovered %" JSON_INTEGER_FORMAT
		      ", the longest gap took %" JSON_INTEGER_FORMAT " us\n",
		      oracle_count(recovery, "recovered"),
		      oracle_count(fill_ns, "max") / 1000);
}

/* text: a receive path, and behind a plus a transport, where it is not send. */
static void run_in(bool region, const char *text, const char *threshold_usd,
		   json_int_t triggers, const char *recover)
{
	const char *plus = strchr(text, '+');
	char receive[64];
	struct oracle_run run = { .pace = "rate:20000",
				  .receive = receive,
				  .transport = plus ? plus + 1 : NULL,
				  .region = region,
				  .threshold_usd = threshold_usd,
				  .recover = recover,
				  .timeout_ms = TIMEOUT_MS };
	char path[PATH_MAX];

	snprintf(receive, sizeof(receive), "%.*s",
		 (int)(plus ? plus - text : (ptrdiff_t)strlen(text)), text);
	run.feed = real_file_find(path);
	choice_receive_needed(receive);
	oracle_run(&lab, &run);
	assert_int_equal(oracle_count(run.analysis, "packets"), REAL_PACKETS);
	if (recover)
		is_recovered(run.analysis);
	else
		assert_int_equal(oracle_count(run.analysis, "gaps"), 0);
	assert_int_equal(oracle_count(run.analysis, "triggers"), triggers);
	assert_int_equal(oracle_count(run.analysis, "orders"), triggers);
	assert_int_equal(oracle_count(run.analysis, "matched"), triggers);
	assert_int_equal(oracle_count(run.analysis, "missing"), 0);
	assert_int_equal(oracle_count(run.analysis, "extra"), 0);
	assert_int_equal(oracle_count(run.analysis, "wrong"), 0);
	oracle_free(&run);
}

static void run_at(const char *text, const char *threshold_usd,
		   json_int_t triggers, const char *recover)
{
	run_in(false, text, threshold_usd, triggers, recover);
}

static void million_region(void **state)
{
	run_in(true, *state, "1000000", REAL_ORDERS, NULL);
}

static void hundred_thousand_region(void **state)
{
	run_in(true, *state, "100000", 7205, NULL);
}

static void million(void **state)
{
	run_at(*state, "1000000", REAL_ORDERS, NULL);
}

static void hundred_thousand(void **state)
{
	run_at(*state, "100000", 7205, NULL);
}

static void million_lossy(void **state)
{
	run_at(*state, "1000000", REAL_ORDERS, "request");
}

static void hundred_thousand_lossy(void **state)
{
	run_at(*state, "100000", 7205, "request");
}

int main(int argc, char **argv)
{
	static const char *const one[] = { "block", NULL };
	static const char *const other[] = { "uring", NULL };
	/* Its buffer holds what comes while others have the CPUs. */
	static const char *const third[] = { "mmsg:rcvbuf=16m", NULL };
	static const char *const none[] = { NULL };
	static const char *const rings[] = { "shm", "shm:wait=futex", "shm+shm",
					     "block+shm", NULL };
	static const char *const regions[] = { "shm+shm", "block+shm", NULL };
	static const char *const around[] = { "xdp+bypass",
					      "dpdk:descriptors=4096+bypass",
					      "dpdk:device=af_xdp,"
					      "descriptors=8192+bypass",
					      NULL };
	static struct CMUnitTest tests[120];
	bool all = getenv("T2T_REAL_PATHS");
	size_t n = 0;

	n += choice_tests(tests + n, "real data: 151 orders at 1,000,000 USD",
			  million, NULL, all ? choice_receive : one);
	n += choice_tests(tests + n, "real data: 7,205 orders at 100,000 USD",
			  hundred_thousand, NULL, all ? choice_receive : other);
	n += choice_tests(tests + n, "C.36 real data: 151 orders", million,
			  NULL, all ? around : none);
	n += choice_tests(tests + n, "C.36 real data: 7,205 orders",
			  hundred_thousand, NULL, all ? around : none);
	n += choice_tests(tests + n,
			  "C.36 real data: 151 orders over shared memory",
			  million, NULL, all ? rings : none);
	n += choice_tests(tests + n,
			  "C.36 real data: 7,205 orders over shared memory",
			  hundred_thousand, NULL, all ? rings : none);
	n += choice_tests(tests + n, "C.36 real data: 151 orders over a region",
			  million_region, NULL, all ? regions : none);
	n += choice_tests(tests + n,
			  "C.36 real data: 7,205 orders over a region",
			  hundred_thousand_region, NULL, all ? regions : none);
	n += choice_tests(tests + n,
			  "C.35 real data: 151 orders, 1 % lost and recovered",
			  million_lossy, NULL, all ? choice_receive : none);
	n += choice_tests(
		tests + n,
		"C.35 real data: 7,205 orders, 1 % lost and recovered",
		hundred_thousand_lossy, NULL, all ? choice_receive : third);
	return lab_run(&lab, "real_data", tests, n, argc, argv);
}
