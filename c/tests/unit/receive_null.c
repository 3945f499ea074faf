/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "receive/receive_ops.h"
#include "wire/market_data.h"

static const struct receive_config config;

static uint32_t sequence_of(const struct packet *packet)
{
	struct market_data_header header;

	assert_int_equal(market_data_decode(packet->data, packet->len, &header),
			 0);
	return header.sequence;
}

static void yields_a_million_by_default(void **state)
{
	struct packet packets[RECEIVE_BURST_MAX];
	struct receive *rx;
	uint32_t n = 0;
	int got;

	(void)state;
	assert_int_equal(receive_open("null", &config, &rx), 0);
	while ((got = receive_poll(rx, packets, RECEIVE_BURST_MAX)) > 0) {
		assert_int_equal(sequence_of(&packets[got - 1]), n + got - 1);
		n += (uint32_t)got;
	}
	assert_int_equal(got, -ESHUTDOWN);
	assert_int_equal(n, 1000001);
	receive_close(rx);
}

/* A burst's packets are all there at once, not one buffer used again. */
static void burst_holds_different_packets(void **state)
{
	struct packet packets[RECEIVE_BURST_MAX];
	struct receive *rx;

	(void)state;
	assert_int_equal(receive_open("null:count=64", &config, &rx), 0);
	assert_int_equal(receive_poll(rx, packets, RECEIVE_BURST_MAX), 64);
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(sequence_of(&packets[i]), i);
		assert_int_equal(packets[i].len, market_data_len(1));
		assert_int_equal(packets[i].kernel_ns, 0);
	}
	receive_close(rx);
}

static void ends_the_feed_once(void **state)
{
	struct market_data_header header;
	struct packet packets[8];
	struct receive *rx;

	(void)state;
	assert_int_equal(receive_open("null:count=3", &config, &rx), 0);
	assert_int_equal(receive_poll(rx, packets, 2), 2);
	assert_int_equal(receive_poll(rx, packets, 8), 1);
	assert_int_equal(sequence_of(packets), 2);
	assert_int_equal(receive_poll(rx, packets, 8), 1);
	assert_int_equal(
		market_data_decode(packets[0].data, packets[0].len, &header),
		0);
	assert_int_equal(header.sequence, 3);
	assert_int_equal(header.message_count, 0);
	assert_int_equal(header.flags, MARKET_DATA_END_OF_FEED);
	for (int i = 0; i < 3; i++)
		assert_int_equal(receive_poll(rx, packets, 8), -ESHUTDOWN);
	receive_close(rx);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(yields_a_million_by_default),
		cmocka_unit_test(burst_holds_different_packets),
		cmocka_unit_test(ends_the_feed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
