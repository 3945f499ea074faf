/* SPDX-License-Identifier: MIT */
#include "tests/support/tls_ends.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/support/channel_choice.h"

#define STEPS_MAX 8

void tls_ends_carry(struct channel *from, struct channel *to)
{
	const uint8_t *bytes;
	size_t len, room;
	uint8_t *at = channel_room(to, &room);

	bytes = channel_waiting(from, &len);
	assert_true(len <= room);
	memcpy(at, bytes, len);
	channel_received(to, len, 1);
	channel_sent(from, len);
}

void tls_ends_open(const char *options, struct channel **trader,
		   struct channel **exchange)
{
	char text[512];
	int ours, theirs = 0;

	snprintf(text, sizeof(text), "tls:folder=%s,%s", channel_choice_keys(),
		 options);
	assert_int_equal(channel_open(text, CHANNEL_TRADER, trader), 0);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, exchange), 0);
	ours = channel_handshake(*trader, 1);
	for (int i = 0; i < STEPS_MAX && (ours == 0 || theirs == 0); i++) {
		tls_ends_carry(*trader, *exchange);
		if (theirs == 0)
			theirs = channel_handshake(*exchange, 1);
		tls_ends_carry(*exchange, *trader);
		if (ours == 0)
			ours = channel_handshake(*trader, 1);
	}
	assert_int_equal(ours, 1);
	assert_int_equal(theirs, 1);
}
