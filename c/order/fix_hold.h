/* SPDX-License-Identifier: MIT */
/* Messages of a FIX session that came too early, and wait for their turn. */
#ifndef ORDER_FIX_HOLD_H
#define ORDER_FIX_HOLD_H

#include "order/fix_session_state.h"

/* Keep it, if there is room: some are kept, and the others come again. */
void fix_hold(struct fix_session *session, const struct fix_message *message,
	      uint32_t sequence);

/* A message that came too early and whose turn it is: 1, to be taken like any
 * other; it lies in the session. 0: none. */
int fix_session_held(struct fix_session *session, struct fix_message *message);

#endif
