/* SPDX-License-Identifier: MIT */
/*
 * The session of FIX, of either end: a message or a time goes in, messages to
 * be sent go to `out`, and what a message means comes back. Sans I/O. After
 * "FIX Session Layer Test Cases and Expected Behaviours",
 * https://www.fixtrading.org/standards/fix-session-testcases-online/.
 *
 * What goes out is kept first (order/fix_store): without room in `out` it
 * waits there for its turn, so that nothing is lost or held up by a peer that
 * reads nothing.
 */
#ifndef ORDER_FIX_SESSION_H
#define ORDER_FIX_SESSION_H

#include "order/fix_session_state.h"

/* 1 to FIX_COMP_ID_MAX letters, digits, _ and -, since it names the store's
 * file, too? */
bool fix_session_is_comp_id(const void *name, size_t len);

/* 0 or a negative errno of store_open. config's strings stay the caller's. */
int fix_session_open(struct fix_session *session,
		     const struct fix_session_config *config,
		     struct channel_buffer *out);

/* The initiator's Logon. */
void fix_session_logon(struct fix_session *session);

/* HOT for application messages in their order, which the caller keeps or marks
 * (fix_session_keep(), fix_session_mark()). enum fix_session_event; -EPIPE
 * when the peer has logged out, or another negative errno, with session->why:
 * what is in `out` is still to be sent. */
int fix_session_take(struct fix_session *session,
		     const struct fix_message *message);

#endif
