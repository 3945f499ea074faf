/* SPDX-License-Identifier: MIT */
/*
 * A FIX session of either end, to which anything may be said: what it answers
 * are whole messages, their numbers go on one by one, and those that it
 * expects go back only with a reset. The first byte chooses the end and the
 * version, and the room there is for answers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "order/fix_hold.h"
#include "order/fix_refuse.h"
#include "order/fix_send.h"
#include "order/fix_session.h"

/* 20250126-12:00:00, as in the corpus */
#define WALL_NS (UINT64_C(1737892800) * CLOCK_NS_PER_S)
#define ROOM	1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fix_store_content store;
static struct fix_session session;
static uint8_t bytes[ROOM];
static uint32_t said; /* the last number that was not said before */

static int store_open(struct fix_session *opened)
{
	fix_store_reset(&store);
	opened->store = &store;
	return 0;
}

static uint32_t number(const struct fix_message *message, uint32_t tag)
{
	const struct fix_field *field = fix_find(message, tag);
	uint64_t value;

	if (!field ||
	    fix_unsigned(fix_value(message, field), field->len, &value) < 0)
		abort();
	return (uint32_t)value;
}

static void answers_look(struct channel_buffer *out)
{
	struct fix_message message;
	size_t taken;

	if (out->end > out->size)
		abort();
	while (channel_buffer_len(out) > 0) {
		if (fix_read(out->bytes + out->begin, channel_buffer_len(out),
			     &message, &taken) != 1 ||
		    message.fault != FIX_NO_FAULT)
			abort();
		if (!fix_find(&message, FIX_POSS_DUP_FLAG)) {
			uint32_t sequence = number(&message, FIX_MSG_SEQ_NUM);

			/* A Logon may begin anew. */
			if (sequence != said + 1 &&
			    !(sequence == 1 && fix_type(&message) == 'A'))
				abort();
			said = sequence;
		}
		channel_buffer_take(out, taken);
	}
}

/* One message; false when it was the last. */
static bool take(const struct fix_message *message)
{
	uint32_t before = session.store ? session.next_in : 0;
	int got = fix_session_take(&session, message);

	if (got > FIX_SESSION_APPLICATION)
		abort();
	if (got < 0 && got != -EPIPE && !session.why)
		abort();
	if (session.store &&
	    ((session.next_in < before && session.next_in > 2) ||
	     fix_store_next_in(&store) > session.next_in))
		abort();
	return got >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channel_buffer out = { .bytes = bytes, .size = ROOM };
	struct fix_session_config config = {
		.ours = "ISLD",
		.peer = "TW",
		.heartbeat = 30,
		.store_open = store_open,
	};
	struct fix_message message;
	uint64_t now_ns = CLOCK_NS_PER_S;
	bool goes_on = true;
	size_t at = 1, taken;

	if (size == 0)
		return 0;
	config.role = data[0] & 1 ? FIX_INITIATOR : FIX_ACCEPTOR;
	config.version = (enum fix_version)((data[0] >> 1 & 3) % 3);
	memset(&store, 0, sizeof(store));
	said = 0;
	if (fix_session_open(&session, &config, &out) < 0)
		abort();
	session.wall_ns = WALL_NS;
	if (config.role == FIX_INITIATOR)
		fix_session_logon(&session);
	while (at < size && goes_on) {
		int got = fix_read(data + at, size - at, &message, &taken);

		if (got == 0)
			break;
		if (got > 0)
			goes_on = take(&message);
		while (goes_on && fix_session_held(&session, &message) > 0)
			goes_on = take(&message);
		at += taken;
		now_ns += CLOCK_NS_PER_S;
		goes_on = fix_session_tick(&session, now_ns, now_ns - 1) == 0 &&
			  goes_on;
		/* Sometimes nobody takes it out for long. */
		if (!(data[0] & 0x80) || at % 3 == 0)
			answers_look(&out);
	}
	for (int i = 0; i < 3 && session.store; i++) {
		answers_look(&out);
		fix_send_waiting(&session);
	}
	return 0;
}
