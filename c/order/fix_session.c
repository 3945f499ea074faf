/* SPDX-License-Identifier: MIT */
#include "order/fix_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "order/fix_hold.h"
#include "order/fix_refuse.h"

/* How far a SendingTime may be off: 2 minutes, and ahead less by the second
 * that it leaves open without decimals. */
#define LATE_NS	 (120 * CLOCK_NS_PER_S)
#define AHEAD_NS (119 * CLOCK_NS_PER_S)

static const char no_number[] = "Received message without MsgSeqNum";

bool fix_session_is_comp_id(const void *name, size_t len)
{
	const char *letters = name;

	for (size_t i = 0; i < len; i++) {
		const char c = letters[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return len > 0 && len <= FIX_COMP_ID_MAX;
}

/* The numbers are those of the store. 0 or its negative errno. */
static int store_open(struct fix_session *session)
{
	int err = session->config.store_open(session);

	if (!err)
		session->next_in = session->marked =
			fix_store_next_in(session->store);
	return err;
}

int fix_session_open(struct fix_session *session,
		     const struct fix_session_config *config,
		     struct channel_buffer *out)
{
	memset(session, 0, sizeof(*session));
	session->config = *config;
	session->out = out;
	if (config->role != FIX_INITIATOR)
		return 0;
	snprintf(session->peer, sizeof(session->peer), "%s", config->peer);
	return store_open(session);
}

static void logon_send(struct fix_session *session, bool reset)
{
	struct fix_builder builder;

	fix_send_begin(session, &builder, "A");
	fix_add_text(&builder, FIX_ENCRYPT_METHOD, "0");
	fix_add_unsigned(&builder, FIX_HEART_BT_INT, session->config.heartbeat);
	if (reset)
		fix_add_text(&builder, FIX_RESET_SEQ_NUM_FLAG, "Y");
	/* 7: FIX 5.0 */
	if (session->config.version == FIX_5_0)
		fix_add_text(&builder, FIX_DEFAULT_APPL_VER_ID, "7");
	fix_send_end(session, &builder, false);
}

static void numbers_reset(struct fix_session *session)
{
	fix_store_reset(session->store);
	session->next_in = session->marked = session->waiting = 1;
	session->again = session->again_end = session->gap_end = 0;
	session->answered = 0;
	memset(session->held, 0, sizeof(session->held));
}

void fix_session_logon(struct fix_session *session)
{
	session->waiting = session->store->next_out;
	if (session->config.reset)
		numbers_reset(session);
	logon_send(session, session->config.reset);
}

static bool flag_is_set(const struct fix_message *message, uint32_t tag)
{
	return fix_is(message, fix_find(message, tag), "Y");
}

/* Of a field; 0: it is missing, or no number that a session has. */
static uint32_t number_of(const struct fix_message *message, uint32_t tag)
{
	const struct fix_field *field = fix_find(message, tag);
	uint64_t number;

	if (!field ||
	    fix_unsigned(fix_value(message, field), field->len, &number) < 0 ||
	    number > INT32_MAX)
		return 0;
	return (uint32_t)number;
}

/*
 * The first message.
 */

static bool peer_take(struct fix_session *session,
		      const struct fix_message *message)
{
	const struct fix_field *field = fix_find(message, FIX_SENDER_COMP_ID);
	const char *wanted = session->config.peer;

	if (!field ||
	    !fix_session_is_comp_id(fix_value(message, field), field->len))
		return false;
	memcpy(session->peer, fix_value(message, field), field->len);
	session->peer[field->len] = '\0';
	return !*wanted || !strcmp(session->peer, wanted);
}

/* Who it is, and whether they may. Nobody else is answered. */
static int identity_check(struct fix_session *session,
			  const struct fix_message *message)
{
	const char *begin = fix_begin_string(session->config.version);
	const struct fix_field *text = fix_find(message, FIX_TEXT);
	const char type = fix_type(message);

	if (!fix_is(message, &message->fields[0], begin))
		return fix_why(session, -EPROTO, "its BeginString is not %s",
			       begin);
	if (session->config.role == FIX_INITIATOR &&
	    (type == '5' || type == '3'))
		return fix_why(session, -EACCES, "refused: %.*s",
			       text ? (int)text->len : 0,
			       text ? (const char *)fix_value(message, text)
				    : "");
	if (type != 'A')
		return fix_why(session, -EPROTO,
			       "the first message is not a Logon");
	if (!peer_take(session, message) ||
	    !fix_is(message, fix_find(message, FIX_TARGET_COMP_ID),
		    session->config.ours))
		return fix_why(session, -EACCES, "its CompIDs are not known");
	if (session->config.role != FIX_INITIATOR) {
		int err = store_open(session);

		if (err)
			return err;
		session->waiting = session->store->next_out;
	}
	return 0;
}

static bool is_in_time(const struct fix_session *session,
		       const struct fix_message *message)
{
	const struct fix_field *field = fix_find(message, FIX_SENDING_TIME);
	uint64_t ns;

	if (session->config.role == FIX_WITNESS || !field ||
	    fix_time(fix_value(message, field), field->len, &ns) < 0)
		return true;
	return ns < session->wall_ns + AHEAD_NS &&
	       session->wall_ns < ns + LATE_NS;
}

static int too_low(struct fix_session *session, uint32_t sequence)
{
	char text[80];

	snprintf(text, sizeof(text),
		 "MsgSeqNum too low, expecting %u but received %u",
		 session->next_in, sequence);
	return fix_refuse(session, text);
}

static int logon_take(struct fix_session *session,
		      const struct fix_message *message)
{
	const bool initiator = session->config.role == FIX_INITIATOR;
	const bool reset = flag_is_set(message, FIX_RESET_SEQ_NUM_FLAG);
	uint32_t sequence = number_of(message, FIX_MSG_SEQ_NUM);
	enum fix_reason reason;
	int32_t tag;
	int err = identity_check(session, message);

	if (err)
		return err;
	if (!is_in_time(session, message))
		return fix_why(session, -EPROTO,
			       "the SendingTime of its Logon is far from now");
	reason = fix_check(session->config.version, message, &tag);
	if (reason != FIX_NO_FAULT)
		return fix_refuse_message(session, message, reason, tag);
	if (!sequence)
		return fix_refuse(session, no_number);
	if (reset && !initiator)
		numbers_reset(session);
	if (session->config.role == FIX_WITNESS || (reset && initiator))
		fix_session_expect(session, sequence);
	if (sequence < session->next_in)
		return too_low(session, sequence);
	session->state = FIX_SESSION_LOGGED_ON;
	if (!initiator) {
		session->config.heartbeat =
			number_of(message, FIX_HEART_BT_INT);
		logon_send(session, reset);
	}
	if (sequence > session->next_in)
		fix_gap_ask(session, sequence + 1);
	else
		fix_session_expect(session, sequence + 1);
	return FIX_SESSION_NOTHING;
}

/*
 * Messages of the session.
 */

static void test_answer(struct fix_session *session,
			const struct fix_message *message)
{
	const struct fix_field *id = fix_find(message, FIX_TEST_REQ_ID);
	struct fix_builder builder;

	fix_send_begin(session, &builder, "0");
	fix_add(&builder, FIX_TEST_REQ_ID, fix_value(message, id), id->len);
	/* An endless name is answered by a heartbeat without it. */
	if (!fix_send_end(session, &builder, false)) {
		fix_send_begin(session, &builder, "0");
		fix_send_end(session, &builder, false);
	}
}

static void resend_answer(struct fix_session *session,
			  const struct fix_message *message)
{
	fix_send_again(session, number_of(message, FIX_BEGIN_SEQ_NO),
		       number_of(message, FIX_END_SEQ_NO));
}

/* With its gap fill or without: numbers go only up. */
static int sequence_reset(struct fix_session *session,
			  const struct fix_message *message)
{
	uint32_t number = number_of(message, FIX_NEW_SEQ_NO);
	const bool fill = flag_is_set(message, FIX_GAP_FILL_FLAG);

	if (number < session->next_in + fill)
		fix_session_reject(session, message, FIX_BAD_VALUE, FIX_NO_TAG);
	else
		fix_session_expect(session, number);
	return FIX_SESSION_NOTHING;
}

static int logout_take(struct fix_session *session, uint32_t sequence)
{
	if (sequence == session->next_in)
		fix_session_expect(session, sequence + 1);
	fix_session_logout(session, NULL);
	session->state = FIX_SESSION_OVER;
	return -EPIPE;
}

/* A second Logon that begins the numbers anew, as it should be. */
static bool is_new_beginning(const struct fix_session *session,
			     const struct fix_message *message)
{
	int32_t tag;

	return session->config.role != FIX_INITIATOR &&
	       number_of(message, FIX_MSG_SEQ_NUM) == 1 &&
	       flag_is_set(message, FIX_RESET_SEQ_NUM_FLAG) &&
	       !flag_is_set(message, FIX_POSS_DUP_FLAG) &&
	       fix_check(session->config.version, message, &tag) ==
		       FIX_NO_FAULT;
}

static int begin_anew(struct fix_session *session)
{
	numbers_reset(session);
	logon_send(session, true);
	fix_session_expect(session, 2);
	return FIX_SESSION_NOTHING;
}

/* It came in its order, and is what its type should be. */
static int message_take(struct fix_session *session,
			const struct fix_message *message, uint32_t sequence)
{
	const bool initiator = session->config.role == FIX_INITIATOR;
	const char type = fix_type(message);

	if (type == '4')
		return sequence_reset(session, message);
	if (type == '5')
		return logout_take(session, sequence);
	fix_session_expect(session, sequence + 1);
	switch (type) {
	case '0':
	case '3':
	case 'A':
		return FIX_SESSION_NOTHING;
	case '1':
		test_answer(session, message);
		return FIX_SESSION_NOTHING;
	case '2':
		if (sequence != session->answered)
			resend_answer(session, message);
		return FIX_SESSION_NOTHING;
	case 'D':
		if (!initiator || session->config.echo)
			return FIX_SESSION_APPLICATION;
		break;
	case 'd': /* SecurityDefinition */
		if (!initiator && session->config.echo)
			return FIX_SESSION_APPLICATION;
		break;
	case '8':
	case '9':
	case 'j':
		if (initiator)
			return FIX_SESSION_NOTHING;
		break;
	}
	fix_session_business_reject(session, message, FIX_BUSINESS_TYPE,
				    "Unsupported Message Type");
	return FIX_SESSION_NOTHING;
}

/*
 * Order.
 */

/* A ResendRequest is answered whatever its number is: both may ask at once, or
 * the peer has lost count. true: it was one. */
static bool resend_take(struct fix_session *session,
			const struct fix_message *message)
{
	int32_t tag;

	if (fix_type(message) != '2' ||
	    fix_check(session->config.version, message, &tag) != FIX_NO_FAULT)
		return false;
	resend_answer(session, message);
	return true;
}

static int too_high(struct fix_session *session,
		    const struct fix_message *message, uint32_t sequence)
{
	if (session->answered != sequence && resend_take(session, message))
		session->answered = sequence;
	fix_hold(session, message, sequence);
	if (session->gap_end == 0)
		fix_gap_ask(session, sequence + 1);
	return FIX_SESSION_NOTHING;
}

/* A message that says that it came before: FIX_NO_FAULT, or what is wrong. */
static enum fix_reason duplicate_check(const struct fix_message *message)
{
	const struct fix_field *original =
		fix_find(message, FIX_ORIG_SENDING_TIME);
	const struct fix_field *field = fix_find(message, FIX_SENDING_TIME);
	uint64_t first, ns;

	if (fix_type(message) == '4')
		return FIX_NO_FAULT;
	if (!original)
		return FIX_TAG_MISSING;
	if (field &&
	    fix_time(fix_value(message, field), field->len, &ns) == 0 &&
	    fix_time(fix_value(message, original), original->len, &first) ==
		    0 &&
	    first > ns)
		return FIX_TIME_INACCURATE;
	return FIX_NO_FAULT;
}

/* 1: take it; FIX_SESSION_NOTHING: it is done with; or a negative errno. */
static int order_check(struct fix_session *session,
		       const struct fix_message *message, uint32_t sequence)
{
	const bool duplicate = flag_is_set(message, FIX_POSS_DUP_FLAG);
	enum fix_reason reason = FIX_NO_FAULT;

	if (sequence > session->next_in)
		return too_high(session, message, sequence);
	if (sequence < session->next_in && !duplicate)
		return resend_take(session, message)
			       ? FIX_SESSION_NOTHING
			       : too_low(session, sequence);
	if (duplicate)
		reason = duplicate_check(message);
	if (reason == FIX_NO_FAULT)
		return sequence == session->next_in;
	if (reason != FIX_TAG_MISSING)
		return fix_refuse_message(session, message, reason, FIX_NO_TAG);
	fix_session_reject(session, message, reason, FIX_ORIG_SENDING_TIME);
	return FIX_SESSION_NOTHING;
}

/* A SequenceReset that is no gap fill: its own number is not looked at, and is
 * 0 from some. */
static bool is_reset(const struct fix_message *message)
{
	const struct fix_field *number = fix_find(message, FIX_MSG_SEQ_NUM);

	return fix_type(message) == '4' && fix_is(message, number, "0") &&
	       !flag_is_set(message, FIX_GAP_FILL_FLAG);
}

/* A CompID that is missing or empty is refused for that, later. */
static bool is_another(const struct fix_message *message, uint32_t tag,
		       const char *comp_id)
{
	const struct fix_field *field = fix_find(message, tag);

	return field && field->len && !fix_is(message, field, comp_id);
}

/* Who sent it, and when. 0, or a negative errno: that was the last one. */
static int header_check(struct fix_session *session,
			const struct fix_message *message)
{
	enum fix_reason reason = FIX_NO_FAULT;

	if (!fix_is(message, &message->fields[0],
		    fix_begin_string(session->config.version)))
		return fix_refuse(session, "Incorrect BeginString");
	if (!number_of(message, FIX_MSG_SEQ_NUM) && !is_reset(message))
		return fix_refuse(session, no_number);
	if (is_another(message, FIX_SENDER_COMP_ID, session->peer) ||
	    is_another(message, FIX_TARGET_COMP_ID, session->config.ours))
		reason = FIX_COMP_ID;
	else if (!session->was_held && !is_in_time(session, message))
		reason = FIX_TIME_INACCURATE;
	session->was_held = false;
	return reason == FIX_NO_FAULT ? 0
				      : fix_refuse_message(session, message,
							   reason, FIX_NO_TAG);
}

static int any_take(struct fix_session *session,
		    const struct fix_message *message)
{
	uint32_t sequence = number_of(message, FIX_MSG_SEQ_NUM);
	enum fix_reason reason;
	const char type = fix_type(message);
	int32_t tag = FIX_NO_TAG;
	int rc;

	if (session->state == FIX_SESSION_OVER)
		return -EPIPE;
	if (session->state == FIX_SESSION_NEW)
		return logon_take(session, message);
	rc = header_check(session, message);
	if (rc)
		return rc;
	if (type == 'A' && is_new_beginning(session, message))
		return begin_anew(session);
	/* Whatever its number. */
	if (type == '5')
		return logout_take(session, sequence);
	if (type != '4' || flag_is_set(message, FIX_GAP_FILL_FLAG)) {
		rc = order_check(session, message, sequence);
		if (rc <= 0)
			return rc;
	}
	if (!fix_type_is_known(session->config.version,
			       fix_value(message, &message->fields[2]),
			       message->fields[2].len))
		reason = FIX_BAD_MSG_TYPE;
	else
		reason = fix_check(session->config.version, message, &tag);
	if (reason == FIX_NO_FAULT)
		return message_take(session, message, sequence);
	fix_session_reject(session, message, reason, tag);
	if (sequence == session->next_in && type == '4')
		fix_session_expect(session, sequence + 1);
	return FIX_SESSION_NOTHING;
}

int fix_session_take(struct fix_session *session,
		     const struct fix_message *message)
{
	int got = any_take(session, message);

	if (got != FIX_SESSION_APPLICATION)
		fix_session_keep(session);
	return got;
}
