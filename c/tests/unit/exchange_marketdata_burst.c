/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "exchange/marketdata_burst.h"

#define COUNT 5 /* datagrams */

static struct marketdata_config config;
static struct marketdata_session session;
static struct marketdata_line line;

/* A session of so many snapshot datagrams, and its end. */
static void begin(const struct impairments_config *impairments)
{
	config = (struct marketdata_config){ .lines = 1,
					     .impairments[0] = *impairments };
	session = (struct marketdata_session){ .config = &config,
					       .publishing = true };
	line = (struct marketdata_line){ .number = 0 };
	assert_int_equal(spsc_open(&session.reader.ring, 4096), 0);
	assert_int_equal(impairments_open(&line.impairments, impairments), 0);
	for (uint32_t i = 0; i <= COUNT; i++) {
		const size_t len = i < COUNT ? 100 : 0;
		struct marketdata_record *record = spsc_reserve(
			&session.reader.ring, sizeof(*record) + len);

		assert_non_null(record);
		*record = (struct marketdata_record){
			.sequence = i,
			.flags = i < COUNT ? MARKETDATA_RECORD_SNAPSHOT
					   : MARKETDATA_RECORD_END,
		};
		memset(record->bytes, (int)i, len);
		spsc_commit(&session.reader.ring, sizeof(*record) + len);
	}
	marketdata_burst_start(&line, &session);
}

static void end(void)
{
	impairments_close(&line.impairments);
	spsc_close(&session.reader.ring);
}

/* What is sent twice is read from the ring twice. */
static void test_a_doubled_one_is_kept_for_its_copy(void **state)
{
	const struct impairments_config doubled = { .duplicate =
							    IMPAIRMENTS_ALL };
	enum exchange_event event;
	uint64_t behind = 0;
	size_t len;

	(void)state;
	begin(&doubled);
	assert_int_equal(marketdata_burst_turn(&line, &session, 1, &event),
			 MARKETDATA_SEND);
	assert_int_equal(line.burst_count, 2 * COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		marketdata_burst_sent(&line, 1);
		assert_int_equal(line.released, behind);
		spsc_next(&session.reader.ring, &behind, &len);
		marketdata_burst_sent(&line, 1);
		assert_int_equal(line.released, behind);
	}
	end();
}

/* And at the end nothing is left. */
static void test_all_is_given_back(void **state)
{
	const struct impairments_config none = { 0 };
	enum exchange_event event;
	uint64_t used = 0;
	size_t len;

	(void)state;
	begin(&none);
	assert_int_equal(marketdata_burst_due(&line, &session), 0);
	assert_int_equal(marketdata_burst_turn(&line, &session, 1, &event),
			 MARKETDATA_SEND);
	assert_int_equal(line.burst_count, COUNT);
	marketdata_burst_sent(&line, COUNT);
	assert_int_equal(marketdata_burst_turn(&line, &session, 1, &event),
			 MARKETDATA_TELL);
	assert_int_equal(event, EXCHANGE_END_OF_FEED);
	while (spsc_next(&session.reader.ring, &used, &len))
		;
	assert_int_equal(line.released, used);
	assert_int_equal(marketdata_burst_turn(&line, &session, 1, &event),
			 MARKETDATA_END);
	end();
}

/* Nor is anything waited for that was given up. */
static void test_what_is_given_up_is_not_tried_again(void **state)
{
	const struct impairments_config none = { 0 };
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	enum exchange_event event;
	uint64_t now_ns = 1;

	(void)state;
	begin(&none);
	assert_int_equal(marketdata_burst_turn(&line, &session, now_ns, &event),
			 MARKETDATA_SEND);
	marketdata_burst_refused(&line, &session, -ENETDOWN, now_ns);
	marketdata_burst_give_up(&line, &session, now_ns, 1);
	assert_int_equal(line.counts.dropped, COUNT);
	assert_int_equal(marketdata_burst_turn(&line, &session, now_ns, &event),
			 MARKETDATA_REST);
	now_ns = marketdata_burst_due(&line, &session);
	assert_int_equal(now_ns, 1 + PUBLISH_LINK_DOWN_NS);
	assert_int_equal(marketdata_burst_turn(&line, &session, now_ns, &event),
			 MARKETDATA_TELL);
	assert_int_equal(marketdata_burst_turn(&line, &session, now_ns, &event),
			 MARKETDATA_END);
	marketdata_burst_end(&line, &session, now_ns, bytes);
	assert_true(marketdata_burst_due(&line, &session) > now_ns);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_doubled_one_is_kept_for_its_copy),
		cmocka_unit_test(test_all_is_given_back),
		cmocka_unit_test(test_what_is_given_up_is_not_tried_again),
	};

	return cmocka_run_group_tests_name("exchange_marketdata_burst", tests,
					   NULL, NULL);
}
