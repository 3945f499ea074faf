/* SPDX-License-Identifier: MIT */
#include "order/fix_refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "order/fix_send.h"

#define ASKED_MAX 3
/* Until the next look whether there is room, or the last order is logged. */
#define AGAIN_NS (2 * CLOCK_NS_PER_MS)

int fix_why(struct fix_session *session, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(session->why_text, sizeof(session->why_text), format,
		  arguments);
	va_end(arguments);
	/* Some of it is the peer's. */
	for (char *c = session->why_text; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
	session->why = session->why_text;
	session->state = FIX_SESSION_OVER;
	return err;
}

void fix_session_logout(struct fix_session *session, const char *text)
{
	struct fix_builder builder;

	if (session->state != FIX_SESSION_LOGGED_ON)
		return;
	fix_send_begin(session, &builder, "5");
	if (text)
		fix_add_text(&builder, FIX_TEXT, text);
	fix_send_end(session, &builder, false);
	session->state = FIX_SESSION_LEAVING;
}

/* text: of the Logout, or NULL. */
static int leave(struct fix_session *session, const char *text, const char *why)
{
	/* A Logon that is refused is answered, too. */
	if (session->state == FIX_SESSION_NEW)
		session->state = FIX_SESSION_LOGGED_ON;
	fix_session_logout(session, text);
	return fix_why(session, -EPROTO, "%s", why);
}

int fix_refuse(struct fix_session *session, const char *text)
{
	return leave(session, text, text);
}

int fix_refuse_message(struct fix_session *session,
		       const struct fix_message *message,
		       enum fix_reason reason, int32_t tag)
{
	fix_session_reject(session, message, reason, tag);
	return leave(session, NULL, fix_reason_text(reason));
}

static void sequence_done(struct fix_session *session,
			  const struct fix_message *message)
{
	const struct fix_field *field = fix_find(message, FIX_MSG_SEQ_NUM);
	uint64_t number;

	if (field && fix_type(message) != '4' &&
	    fix_unsigned(fix_value(message, field), field->len, &number) == 0 &&
	    number == session->next_in)
		fix_session_expect(session, (uint32_t)number + 1);
}

/* RefSeqNum, and its type behind the text. */
static void reference_add(struct fix_builder *builder,
			  const struct fix_message *message, const char *text)
{
	const struct fix_field *field = fix_find(message, FIX_MSG_SEQ_NUM);
	uint64_t number;

	if (field &&
	    fix_unsigned(fix_value(message, field), field->len, &number) == 0)
		fix_add_unsigned(builder, FIX_REF_SEQ_NUM, number);
	fix_add_text(builder, FIX_TEXT, text);
}

static void type_add(struct fix_builder *builder,
		     const struct fix_message *message)
{
	const struct fix_field *type = &message->fields[2];

	fix_add(builder, FIX_REF_MSG_TYPE, fix_value(message, type), type->len);
}

void fix_session_reject(struct fix_session *session,
			const struct fix_message *message,
			enum fix_reason reason, int32_t tag)
{
	/* 4.2 has no higher numbers. */
	const bool numbered = session->config.version != FIX_4_2 ||
			      reason <= FIX_BAD_MSG_TYPE;
	struct fix_builder builder;

	fix_send_begin(session, &builder, "3");
	fix_send_route(&builder, message);
	reference_add(&builder, message, fix_reason_text(reason));
	if (tag != FIX_NO_TAG)
		fix_add_signed(&builder, FIX_REF_TAG_ID, tag);
	type_add(&builder, message);
	if (numbered)
		fix_add_unsigned(&builder, FIX_SESSION_REJECT_REASON, reason);
	fix_send_end(session, &builder, false);
	sequence_done(session, message);
}

void fix_session_business_reject(struct fix_session *session,
				 const struct fix_message *message,
				 enum fix_business_reason reason,
				 const char *text)
{
	struct fix_builder builder;

	fix_send_begin(session, &builder, "j");
	fix_send_route(&builder, message);
	reference_add(&builder, message, text);
	type_add(&builder, message);
	fix_add_unsigned(&builder, FIX_BUSINESS_REJECT_REASON, reason);
	fix_send_end(session, &builder, true);
}

void fix_gap_ask(struct fix_session *session, uint32_t end)
{
	struct fix_builder builder;

	fix_send_begin(session, &builder, "2");
	fix_add_unsigned(&builder, FIX_BEGIN_SEQ_NO, session->next_in);
	fix_add_text(&builder, FIX_END_SEQ_NO, "0");
	fix_send_end(session, &builder, false);
	session->gap_end = end;
	session->asked++;
	session->asked_ns = 0;
}

/*
 * Time.
 */

/* How long a silence is one. */
static uint64_t patience_ns(const struct fix_session *session)
{
	return session->config.heartbeat * CLOCK_NS_PER_S * 6 / 5;
}

static void test_request(struct fix_session *session, uint64_t now_ns)
{
	struct fix_builder builder;

	fix_send_begin(session, &builder, "1");
	/* Whatever is heard answers it: no two need differ. */
	fix_add_text(&builder, FIX_TEST_REQ_ID, "TEST");
	fix_send_end(session, &builder, false);
	session->tested_ns = now_ns;
}

static uint64_t since_sent_ns(const struct fix_session *session)
{
	/* A clock that was set back: one is due. */
	return session->wall_ns >= session->sent_ns
		       ? session->wall_ns - session->sent_ns
		       : UINT64_MAX;
}

static int silence_check(struct fix_session *session, uint64_t now_ns,
			 uint64_t received_ns)
{
	const uint64_t patience = patience_ns(session);

	if (session->tested_ns && received_ns >= session->tested_ns)
		session->tested_ns = 0;
	/* The connection is lost: FIX has no Logout for that. */
	if (session->tested_ns && now_ns >= session->tested_ns + patience)
		return fix_why(session, -ETIMEDOUT,
			       "nothing was heard, not even an answer to a "
			       "TestRequest");
	if (!session->tested_ns && now_ns >= received_ns + patience)
		test_request(session, now_ns);
	return 0;
}

/* An exchange does not read what a trader says who waits for a turn, or while
 * it has no room for orders itself: it says then that it has heard until now.
 */
static bool is_unheard(const struct fix_session *session, uint64_t now_ns,
		       uint64_t received_ns)
{
	return session->config.role == FIX_ACCEPTOR && received_ns == now_ns;
}

static int gap_check(struct fix_session *session, uint64_t now_ns,
		     uint64_t received_ns)
{
	if (session->gap_end == 0)
		return 0;
	if (session->asked_ns == 0 || is_unheard(session, now_ns, received_ns))
		session->asked_ns = now_ns;
	if (now_ns < session->asked_ns + patience_ns(session))
		return 0;
	if (session->asked >= ASKED_MAX) {
		fix_session_logout(session, "ResendRequest not answered");
		return fix_why(session, -ETIMEDOUT,
			       "it does not send again what it was asked for");
	}
	fix_gap_ask(session, session->gap_end);
	session->asked_ns = now_ns;
	return 0;
}

int fix_session_tick(struct fix_session *session, uint64_t now_ns,
		     uint64_t received_ns)
{
	struct fix_builder builder;
	int err;

	if (!session->store || session->state == FIX_SESSION_OVER ||
	    session->state == FIX_SESSION_NEW)
		return 0;
	fix_session_keep(session);
	fix_send_waiting(session);
	if (session->config.heartbeat == 0)
		return 0;
	err = silence_check(session, now_ns, received_ns);
	if (!err)
		err = gap_check(session, now_ns, received_ns);
	/* A TestRequest that waits for its answer says as much. Whoever takes
	 * nothing in gets no more of them. */
	if (err || session->tested_ns || channel_buffer_len(session->out) > 0 ||
	    since_sent_ns(session) < session->config.heartbeat * CLOCK_NS_PER_S)
		return err;
	fix_send_begin(session, &builder, "0");
	fix_send_end(session, &builder, false);
	return 0;
}

uint64_t fix_session_due_ns(struct fix_session *session, uint64_t now_ns,
			    uint64_t received_ns)
{
	const uint64_t interval = session->config.heartbeat * CLOCK_NS_PER_S;
	const uint64_t patience = patience_ns(session);
	uint64_t due, sent = since_sent_ns(session);

	if (session->state == FIX_SESSION_OVER)
		return UINT64_MAX;
	if (session->store &&
	    (!fix_send_ready(session, 0) || fix_session_is_unkept(session)))
		return now_ns + AGAIN_NS;
	if (interval == 0)
		return UINT64_MAX;
	due = now_ns + (sent < interval ? interval - sent : 0);
	if (session->tested_ns)
		due = session->tested_ns + patience;
	else if (due > received_ns + patience)
		due = received_ns + patience;
	if (session->gap_end && due > now_ns + patience)
		due = now_ns + patience;
	return due > now_ns + CLOCK_NS_PER_MS ? due : now_ns + CLOCK_NS_PER_MS;
}
