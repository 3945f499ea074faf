/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "exchange/exchange_state.h"

#define STATES 3
#define EVENTS 5

/* Each state's row, each event's column. */
static const enum exchange_state expected[STATES][EVENTS] = {
	[EXCHANGE_INIT] = {
		[EXCHANGE_CONNECTED] = EXCHANGE_HANDSHAKE,
		[EXCHANGE_LIVE_LINE] = EXCHANGE_INIT,
		[EXCHANGE_END_OF_FEED] = EXCHANGE_INIT,
		[EXCHANGE_FEED_FAILED] = EXCHANGE_INIT,
		[EXCHANGE_DISCONNECTED] = EXCHANGE_INIT,
	},
	[EXCHANGE_HANDSHAKE] = {
		[EXCHANGE_CONNECTED] = EXCHANGE_HANDSHAKE,
		[EXCHANGE_LIVE_LINE] = EXCHANGE_TRANSMIT,
		[EXCHANGE_END_OF_FEED] = EXCHANGE_TRANSMIT,
		[EXCHANGE_FEED_FAILED] = EXCHANGE_INIT,
		[EXCHANGE_DISCONNECTED] = EXCHANGE_INIT,
	},
	[EXCHANGE_TRANSMIT] = {
		[EXCHANGE_CONNECTED] = EXCHANGE_TRANSMIT,
		[EXCHANGE_LIVE_LINE] = EXCHANGE_TRANSMIT,
		[EXCHANGE_END_OF_FEED] = EXCHANGE_TRANSMIT,
		[EXCHANGE_FEED_FAILED] = EXCHANGE_INIT,
		[EXCHANGE_DISCONNECTED] = EXCHANGE_INIT,
	},
};

static void each_state_takes_each_event(void **state)
{
	(void)state;
	for (unsigned int from = 0; from < STATES; from++)
		for (unsigned int event = 0; event < EVENTS; event++)
			assert_int_equal(
				exchange_state_next((enum exchange_state)from,
						    (enum exchange_event)event),
				expected[from][event]);
}

static void a_session_goes_round(void **state)
{
	static const enum exchange_event events[] = { EXCHANGE_CONNECTED,
						      EXCHANGE_LIVE_LINE,
						      EXCHANGE_END_OF_FEED,
						      EXCHANGE_DISCONNECTED };
	enum exchange_state at = EXCHANGE_INIT;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_true(i == 0 || at != EXCHANGE_INIT);
		at = exchange_state_next(at, events[i]);
	}
	assert_int_equal(at, EXCHANGE_INIT);
}

static void states_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(exchange_state_name(EXCHANGE_INIT), "INIT");
	assert_string_equal(exchange_state_name(EXCHANGE_HANDSHAKE),
			    "HANDSHAKE");
	assert_string_equal(exchange_state_name(EXCHANGE_TRANSMIT), "TRANSMIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_takes_each_event),
		cmocka_unit_test(a_session_goes_round),
		cmocka_unit_test(states_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
