/* SPDX-License-Identifier: MIT */
#include "order/fix_send.h"

#include <string.h>

#include "base/mem.h"

static const char *begin_of(const struct fix_session *session)
{
	return fix_begin_string(session->config.version);
}

/* The header; original: SendingTime of a message that goes out again. */
static void header_add(struct fix_session *session, struct fix_builder *builder,
		       const void *type, size_t type_len, uint32_t sequence,
		       const void *original, size_t original_len)
{
	fix_builder_begin(builder, session->scratch, sizeof(session->scratch));
	fix_add(builder, FIX_MSG_TYPE, type, type_len);
	fix_add_unsigned(builder, FIX_MSG_SEQ_NUM, sequence);
	if (original)
		fix_add_text(builder, FIX_POSS_DUP_FLAG, "Y");
	fix_add_text(builder, FIX_SENDER_COMP_ID, session->config.ours);
	fix_add_time(builder, FIX_SENDING_TIME, session->wall_ns);
	fix_add_text(builder, FIX_TARGET_COMP_ID, session->peer);
	if (original)
		fix_add(builder, FIX_ORIG_SENDING_TIME, original, original_len);
}

void fix_send_begin(struct fix_session *session, struct fix_builder *builder,
		    const char *type)
{
	header_add(session, builder, type, strlen(type),
		   session->store->next_out, NULL, 0);
}

/* FIX 4.4, volume 2, "Message Routing Details". */
void fix_send_route(struct fix_builder *builder,
		    const struct fix_message *message)
{
	static const uint32_t pairs[][2] = {
		{ FIX_ON_BEHALF_OF_COMP_ID, FIX_DELIVER_TO_COMP_ID },
		{ FIX_ON_BEHALF_OF_SUB_ID, FIX_DELIVER_TO_SUB_ID },
		{ FIX_ON_BEHALF_OF_LOCATION_ID, FIX_DELIVER_TO_LOCATION_ID },
	};

	for (int way = 0; way < 2; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
			const struct fix_field *field =
				fix_find(message, pairs[i][way]);

			if (field && field->len > 0)
				fix_add(builder, pairs[i][1 - way],
					fix_value(message, field), field->len);
		}
	}
}

/* False: it has no room. */
static bool append(struct fix_session *session, const uint8_t *bytes,
		   size_t len)
{
	struct channel_buffer *out = session->out;

	if (channel_buffer_room(out) < len)
		return false;
	memcpy(out->bytes + out->end, bytes, len);
	out->end += len;
	session->sent_ns = session->wall_ns;
	return true;
}

void fix_send_keep(struct fix_session *session, const uint8_t *bytes,
		   size_t len, bool application)
{
	struct fix_store_content *store = session->store;
	const uint32_t sequence = store->next_out;
	struct fix_store_slot *slot = fix_store_slot(store, sequence);
	const bool ready = fix_send_ready(session, len);

	slot->sequence = 0;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	memcpy(slot->bytes, bytes, len);
	slot->len = (uint16_t)len;
	slot->application = application;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	slot->sequence = sequence;
	__atomic_store_n(&store->next_out, sequence + 1, __ATOMIC_RELEASE);
	if (ready) {
		append(session, bytes, len);
		session->waiting = sequence + 1;
	}
}

bool fix_send_end(struct fix_session *session, struct fix_builder *builder,
		  bool application)
{
	size_t len;
	const uint8_t *bytes =
		fix_builder_end(builder, begin_of(session), &len);

	if (!bytes || len > FIX_STORE_MESSAGE)
		return false;
	fix_send_keep(session, bytes, len, application);
	return true;
}

static bool gap_fill(struct fix_session *session, uint32_t from, uint32_t to)
{
	uint8_t now[FIX_TIME_LEN];
	struct fix_builder builder;
	const uint8_t *bytes;
	size_t len;

	fix_time_write(session->wall_ns, now);
	header_add(session, &builder, "4", 1, from, now, sizeof(now));
	fix_add_unsigned(&builder, FIX_NEW_SEQ_NO, to);
	fix_add_text(&builder, FIX_GAP_FILL_FLAG, "Y");
	bytes = fix_builder_end(&builder, begin_of(session), &len);
	return !bytes || append(session, bytes, len);
}

/* Header fields that header_add() writes anew. */
static bool is_renewed(uint32_t tag)
{
	switch (tag) {
	case FIX_BEGIN_STRING:
	case FIX_BODY_LENGTH:
	case FIX_MSG_TYPE:
	case FIX_MSG_SEQ_NUM:
	case FIX_SENDER_COMP_ID:
	case FIX_SENDING_TIME:
	case FIX_TARGET_COMP_ID:
		return true;
	}
	return false;
}

/* The message of the slot, as a possible duplicate. */
static bool send_again(struct fix_session *session,
		       const struct fix_store_slot *slot)
{
	const struct fix_field *time;
	struct fix_message message;
	struct fix_builder builder;
	const uint8_t *bytes;
	size_t len;

	if (slot->len > FIX_STORE_MESSAGE ||
	    fix_read(slot->bytes, slot->len, &message, &len) <= 0 ||
	    !(time = fix_find(&message, FIX_SENDING_TIME)))
		return gap_fill(session, slot->sequence, slot->sequence + 1);
	header_add(session, &builder, fix_value(&message, &message.fields[2]),
		   message.fields[2].len, slot->sequence,
		   fix_value(&message, time), time->len);
	for (unsigned int i = 0; i < message.count; i++) {
		const struct fix_field *field = &message.fields[i];

		if (!is_renewed(field->tag))
			fix_add(&builder, field->tag,
				fix_value(&message, field), field->len);
	}
	bytes = fix_builder_end(&builder, begin_of(session), &len);
	return !bytes || append(session, bytes, len);
}

static bool is_kept(const struct fix_session *session, uint32_t sequence)
{
	return fix_store_slot(session->store, sequence)->sequence == sequence;
}

/* The first number from this one on that may be kept: a session of many
 * messages is not looked through. */
static uint32_t kept_from(const struct fix_session *session, uint32_t sequence)
{
	const uint32_t next = session->store->next_out;

	return next - sequence > FIX_STORE_SLOTS ? next - FIX_STORE_SLOTS
						 : sequence;
}

/* All that is asked for again, as far as there is room. */
static bool asked_send(struct fix_session *session)
{
	while (session->again < session->again_end) {
		uint32_t end = kept_from(session, session->again);
		struct fix_store_slot *slot;

		if (end > session->again_end)
			end = session->again_end;
		for (; end < session->again_end; end++) {
			slot = fix_store_slot(session->store, end);
			if (slot->sequence == end && slot->application)
				break;
		}
		if (end > session->again) {
			if (!gap_fill(session, session->again, end))
				return false;
		} else {
			slot = fix_store_slot(session->store, end);
			if (!send_again(session, slot))
				return false;
			end++;
		}
		session->again = end;
	}
	return true;
}

void fix_send_waiting(struct fix_session *session)
{
	struct fix_store_content *store = session->store;

	if (__builtin_expect(fix_send_ready(session, 0), 1))
		return;
	if (!asked_send(session))
		return;
	while (session->waiting < store->next_out) {
		uint32_t end = kept_from(session, session->waiting);
		struct fix_store_slot *slot = fix_store_slot(store, end);

		/* So much was to be said that the first of it is forgotten. */
		while (end < store->next_out && !is_kept(session, end))
			end++;
		if (end > session->waiting) {
			if (!gap_fill(session, session->waiting, end))
				return;
		} else {
			if (!append(session, slot->bytes, slot->len))
				return;
			end++;
		}
		session->waiting = end;
	}
}

void fix_send_again(struct fix_session *session, uint32_t first, uint32_t last)
{
	/* What was never put in `out` comes in its turn. */
	uint32_t end = session->waiting;

	if (last != 0 && last < end)
		end = last + 1;
	if (first == 0)
		first = 1;
	if (first >= end)
		return;
	/* A second request while one is answered: both. */
	if (session->again < session->again_end) {
		first = first < session->again ? first : session->again;
		end = end > session->again_end ? end : session->again_end;
	}
	session->again = first;
	session->again_end = end;
	fix_send_waiting(session);
}
