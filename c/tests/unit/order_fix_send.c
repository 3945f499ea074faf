/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "order/fix_send.h"
#include "order/fix_session.h"

#define MANY	  2000000000
#define MANY_TEXT "2000000000"

static struct fix_session session;
static struct fix_store_content store;
static struct channel_buffer out;
static uint8_t bytes[4096];
static clock_t begun;

static int store_open(struct fix_session *opened)
{
	opened->store = &store;
	return 0;
}

/* One that has said much, and keeps nothing of it. */
static int session_make(void **state)
{
	static const struct fix_session_config config = {
		.role = FIX_INITIATOR,
		.version = FIX_4_4,
		.ours = "ME",
		.peer = "YOU",
		.store_open = store_open,
	};

	(void)state;
	out = (struct channel_buffer){ .bytes = bytes, .size = sizeof(bytes) };
	memset(&store, 0, sizeof(store));
	fix_store_reset(&store);
	store.next_out = MANY;
	assert_int_equal(fix_session_open(&session, &config, &out), 0);
	begun = clock();
	return 0;
}

/* In one message, and in no time. */
static void fills_all(void)
{
	struct fix_message message;
	size_t taken;

	assert_true(clock() - begun < CLOCKS_PER_SEC / 5);
	assert_int_equal(fix_read(out.bytes + out.begin,
				  channel_buffer_len(&out), &message, &taken),
			 1);
	assert_int_equal(taken, channel_buffer_len(&out));
	assert_true(fix_is(&message, fix_find(&message, FIX_MSG_SEQ_NUM), "1"));
	assert_true(fix_is(&message, fix_find(&message, FIX_NEW_SEQ_NO),
			   MANY_TEXT));
	assert_false(fix_send_waits(&session));
}

static void what_is_forgotten_is_not_looked_for(void **state)
{
	(void)state;
	session.waiting = MANY;
	fix_send_again(&session, 1, 0);
	fills_all();
}

static void what_waited_too_long_is_not_looked_for(void **state)
{
	(void)state;
	session.waiting = 1;
	fix_send_waiting(&session);
	fills_all();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_forgotten_is_not_looked_for,
				       session_make),
		cmocka_unit_test_setup(what_waited_too_long_is_not_looked_for,
				       session_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
