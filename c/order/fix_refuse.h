/* SPDX-License-Identifier: MIT */
/* What a FIX session answers to what is wrong, or to silence, and its end. */
#ifndef ORDER_FIX_REFUSE_H
#define ORDER_FIX_REFUSE_H

#include "order/fix_send.h"

/* Keep why it is over; err. */
int fix_why(struct fix_session *session, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A Logout with this text, which is also why: -EPROTO. */
int fix_refuse(struct fix_session *session, const char *text);

/* A Reject, which says why, and a Logout without a text: -EPROTO. */
int fix_refuse_message(struct fix_session *session,
		       const struct fix_message *message,
		       enum fix_reason reason, int32_t tag);

/* A ResendRequest for all that is missing below the number. */
void fix_gap_ask(struct fix_session *session, uint32_t end);

/* Heartbeats, and a peer that is silent or does not send again what it was
 * asked for: 0, or -ETIMEDOUT with session->why. received_ns: of the last bytes
 * from the peer. */
int fix_session_tick(struct fix_session *session, uint64_t now_ns,
		     uint64_t received_ns);

/* When that is due; UINT64_MAX: never. */
uint64_t fix_session_due_ns(struct fix_session *session, uint64_t now_ns,
			    uint64_t received_ns);

/* Our Logout, once; text may be NULL. */
void fix_session_logout(struct fix_session *session, const char *text);

/* BusinessRejectReason. */
enum fix_business_reason { FIX_BUSINESS_OTHER = 0, FIX_BUSINESS_TYPE = 3 };

/* Refuse what fix_session_take() has called an application message. */
void fix_session_reject(struct fix_session *session,
			const struct fix_message *message,
			enum fix_reason reason, int32_t tag);
void fix_session_business_reject(struct fix_session *session,
				 const struct fix_message *message,
				 enum fix_business_reason reason,
				 const char *text);

#endif
