/* SPDX-License-Identifier: MIT */
/* Orders of the warm-up are judged, and enter no figure. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_output.h"
#include "wiretap/analysis_verdict.h"

#define STEP	 CAPTURE_MAKER_STEP_NS
#define TRIGGERS 5

static struct capture_maker maker;
static char samples[] = "/tmp/warm_up.XXXXXX";

/* Each order comes later behind its trigger than the one before: n * 100 ns
 * and the step to the next frame. The first is for another side if asked. */
static struct analysis_result run(uint64_t warm_up, bool first_is_wrong)
{
	struct analysis_config config = {
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(CAPTURE_MAKER_PORT),
			     .sin_addr = { htonl(CAPTURE_MAKER_GROUP) } } },
		.order_port = CAPTURE_MAKER_ORDERS,
		.warm_up = warm_up,
		.samples = samples,
	};
	struct analysis_result result;

	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	capture_maker_connect(&maker);
	for (unsigned int n = 1; n <= TRIGGERS; n++) {
		capture_maker_level(&maker, 0, MARKET_DATA_ASK, 1000 - n, 1);
		capture_maker_level(&maker, 0, MARKET_DATA_BID, 10 + n,
				    1000000);
		maker.now_ns += (uint64_t)n * 100;
		capture_maker_order(&maker,
				    first_is_wrong && n == 1 ? ORDER_SELL
							     : ORDER_BUY,
				    1000 - (int64_t)n);
	}
	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&config, maker.path, &result), 0);
	capture_maker_close(&maker);
	return result;
}

/* Rows of the samples below their header. */
static unsigned int rows(void)
{
	FILE *file = fopen(samples, "re");
	char line[128];
	unsigned int n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n++;
	fclose(file);
	return n - 1;
}

static enum analysis_verdict verdict_of(const struct analysis_result *result)
{
	char reason[ANALYSIS_REASON_MAX];

	return analysis_verdict(result, true, reason);
}

static void its_orders_enter_no_figure(void **state)
{
	(void)state;
	for (uint64_t warm_up = 0; warm_up < TRIGGERS; warm_up++) {
		struct analysis_result result = run(warm_up, false);

		assert_int_equal(result.matched, TRIGGERS);
		assert_int_equal(verdict_of(&result), ANALYSIS_RIGHT);
		assert_int_equal(result.wire_to_wire.count, TRIGGERS - warm_up);
		assert_int_equal(latencies_value(&result.wire_to_wire, "min"),
				 STEP + (warm_up + 1) * 100);
		assert_int_equal(latencies_value(&result.wire_to_wire, "max"),
				 STEP + TRIGGERS * 100);
		assert_int_equal(rows(), TRIGGERS - warm_up);
	}
}

static void its_orders_are_judged(void **state)
{
	struct analysis_result result = run(2, true);

	(void)state;
	assert_int_equal(result.wrong, 1);
	assert_int_equal(verdict_of(&result), ANALYSIS_WRONG);
}

static int setup(void **state)
{
	(void)state;
	return close(mkstemp(samples));
}

static int teardown(void **state)
{
	(void)state;
	return unlink(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_orders_enter_no_figure),
		cmocka_unit_test(its_orders_are_judged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
