/* SPDX-License-Identifier: MIT */
/* What a trader says that it lacked explains its orders, and excuses none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "tests/support/log_catch.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_rest.h"
#include "wiretap/analysis_verdict.h"
#include "wiretap/lacked.h"

#define RIGHT_BY_REST "by the others its orders are right"

static struct capture_maker maker;
static struct lacked *lacked;
static char path[] = "/tmp/lacked.XXXXXX";
static char reason[ANALYSIS_REASON_MAX];

static const struct analysis_config config = {
	.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE, .quantity = 1 },
	.order_port = CAPTURE_MAKER_ORDERS,
};

static int setup(void **state)
{
	int fd = mkstemp(strcpy(path, "/tmp/lacked.XXXXXX"));

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lacked_free(lacked);
	lacked = NULL;
	unlink(path);
	return 0;
}

static int read_said(const char *said)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(said, file) >= 0);
	assert_int_equal(fclose(file), 0);
	lacked_free(lacked);
	lacked = NULL;
	return lacked_read(path, &lacked);
}

/* Asks fall from 10 by one a turn, and a large bid follows: of the trader's
 * books the asks numbered 4 and 6 lack, so that it buys at the ones before. The
 * last order is another one; or it had all. */
enum orders { ORDERS_LACK, ORDERS_LACK_AND_ERR, ORDERS_RIGHT };

static void session_add(enum orders orders, uint16_t flags)
{
	static const int64_t lacking[] = { 10, 9, 9, 9, 6 };

	capture_maker_connect(&maker);
	maker.sequence = 0;
	for (unsigned int n = 0; n < 5; n++) {
		const int64_t price = orders == ORDERS_RIGHT ? 10 - (int64_t)n
				      : n == 4 && orders == ORDERS_LACK_AND_ERR
					      ? 3
					      : lacking[n];

		capture_maker_level(&maker, flags, MARKET_DATA_ASK, 10 - n, 1);
		capture_maker_level(&maker, flags, MARKET_DATA_BID, 2 + n,
				    1000000);
		capture_maker_order(&maker, ORDER_BUY, price);
	}
}

static struct analysis_result session_judge(void)
{
	struct analysis_config wanted = config;
	struct analysis_result result;

	wanted.group[0] = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(CAPTURE_MAKER_PORT),
		.sin_addr = { htonl(CAPTURE_MAKER_GROUP) },
	};
	capture_maker_flush(&maker);
	assert_int_equal(analysis_run(&wanted, maker.path, &result), 0);
	assert_int_equal(analysis_verdict(&result, true, reason),
			 ANALYSIS_WRONG);
	assert_int_equal(
		analysis_rest_judge(&wanted, maker.path, lacked, &result), 0);
	assert_int_equal(analysis_verdict(&result, true, reason),
			 ANALYSIS_WRONG);
	capture_maker_close(&maker);
	return result;
}

static struct analysis_result judged(bool right)
{
	struct analysis_result result;

	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	session_add(right ? ORDERS_LACK : ORDERS_LACK_AND_ERR, 0);
	result = session_judge();
	assert_int_equal(result.wrong, right ? 2 : 3);
	return result;
}

#define TWO_LACKED                                \
	"{\"counters\":{\"lost\":2},\"lacked\":[" \
	"{\"tag\":9,\"first\":4,\"end\":5},"      \
	"{\"tag\":9,\"first\":6,\"end\":7}]}"

static void its_loss_explains_them(void **state)
{
	struct analysis_result result;

	(void)state;
	assert_int_equal(read_said(TWO_LACKED), 0);
	result = judged(true);
	assert_true(result.rest.known);
	assert_int_equal(result.rest.lacked, 2);
	assert_int_equal(result.rest.triggers, 5);
	assert_int_equal(result.rest.matched, 5);
	assert_non_null(strstr(reason, "lacked 2 packets"));
	assert_non_null(strstr(reason, RIGHT_BY_REST));
}

static void what_it_does_not_explain_is_told(void **state)
{
	struct analysis_result result;

	(void)state;
	assert_int_equal(read_said(TWO_LACKED), 0);
	result = judged(false);
	assert_true(result.rest.known);
	assert_int_equal(result.rest.matched, 4);
	assert_int_equal(result.rest.wrong, 1);
	assert_non_null(strstr(reason, "its orders are wrong, too"));
}

/* It kept fewer ranges than there were gaps. */
static void not_all_told_is_not_known(void **state)
{
	struct analysis_result result;

	(void)state;
	assert_int_equal(read_said("{\"counters\":{\"lost\":3},\"lacked\":["
				   "{\"tag\":9,\"first\":4,\"end\":5}]}"),
			 0);
	result = judged(true);
	assert_false(result.rest.known);
	assert_int_equal(result.rest.lacked, 3);
	assert_non_null(strstr(reason, "can't be judged"));
	/* As older ones, which only count. */
	assert_int_equal(read_said("{\"counters\":{\"lost\":3}}"), 0);
	assert_false(judged(true).rest.known);
}

static void nothing_lacked_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_said("{\"counters\":{\"lost\":0},"
				   "\"lacked\":[]}"),
			 0);
	assert_null(lacked);
	assert_int_equal(judged(true).rest.lacked, 0);
	assert_null(strstr(reason, "lacked"));
}

/* Of another session are others. */
static void ranges_are_of_a_session(void **state)
{
	struct market_data_header header = { .sequence = UINT32_MAX };

	(void)state;
	assert_int_equal(read_said("{\"counters\":{\"lost\":3},\"lacked\":["
				   "{\"tag\":9,\"first\":4294967294,"
				   "\"end\":1}]}"),
			 0);
	header.flags = market_data_tag_flags(9);
	assert_true(lacked_has(lacked, &header));
	header.sequence = 0;
	assert_true(lacked_has(lacked, &header));
	header.sequence = 1;
	assert_false(lacked_has(lacked, &header));
	header.sequence = 0;
	header.flags = market_data_tag_flags(8);
	assert_false(lacked_has(lacked, &header));
	header.flags = 0;
	assert_true(lacked_has(lacked, &header));
}

/* Two of them, in the first of which something was lacked. Without tags numbers
 * may be of either. */
static struct analysis_result two_judged(bool tagged)
{
	struct analysis_result result;
	char said[256];

	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	for (unsigned int i = 0; i < 2; i++) {
		const uint16_t tag = market_data_session_tag(maker.client_port);
		const uint16_t flags = tagged ? market_data_tag_flags(tag) : 0;

		snprintf(said, sizeof(said),
			 "{\"counters\":{\"lost\":2},\"lacked\":["
			 "{\"tag\":%u,\"first\":4,\"end\":5},"
			 "{\"tag\":%u,\"first\":6,\"end\":7}]}",
			 tag, tag);
		if (i == 0)
			assert_int_equal(read_said(said), 0);
		session_add(i ? ORDERS_RIGHT : ORDERS_LACK, flags);
		capture_maker_packet(&maker, flags | MARKET_DATA_END_OF_FEED,
				     NULL, 0);
		capture_maker_disconnect(&maker);
		maker.client_port++;
	}
	result = session_judge();
	assert_int_equal(result.sessions, 2);
	assert_int_equal(result.wrong, 2);
	return result;
}

static void untagged_sessions_are_not_told_apart(void **state)
{
	struct analysis_result result = two_judged(true);

	(void)state;
	assert_true(result.rest.known);
	assert_int_equal(result.rest.matched, 10);
	result = two_judged(false);
	assert_false(result.rest.known);
	assert_non_null(strstr(reason, "can't be judged"));
}

static void what_is_none_is_refused(void **state)
{
	static const char *const none[] = {
		"",
		"[]x",
		"{\"counters\":{\"lost\":1},\"lacked\":[{\"tag\":9,"
		"\"first\":-1,\"end\":5}]}",
		"{\"counters\":{\"lost\":1},\"lacked\":[{\"tag\":65536,"
		"\"first\":1,\"end\":5}]}",
		"{\"counters\":{\"lost\":1},\"lacked\":[{\"tag\":9,"
		"\"first\":1,\"end\":4294967296}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		log_catch();
		assert_int_equal(read_said(none[i]), -EINVAL);
		assert_true(is_one_line(log_caught(), path));
		assert_null(lacked);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(its_loss_explains_them),
		TEST(what_it_does_not_explain_is_told),
		TEST(not_all_told_is_not_known),
		TEST(nothing_lacked_says_nothing),
		TEST(ranges_are_of_a_session),
		TEST(untagged_sessions_are_not_told_apart),
		TEST(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
