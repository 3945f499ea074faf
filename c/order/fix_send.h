/* SPDX-License-Identifier: MIT */
/* What a FIX session sends: in its order, kept, and sent again. */
#ifndef ORDER_FIX_SEND_H
#define ORDER_FIX_SEND_H

#include "order/fix_session_state.h"

/* Is there anything that has to go before the next message? */
static inline bool fix_send_waits(const struct fix_session *session)
{
	return session->waiting != session->store->next_out ||
	       session->again != session->again_end;
}

/* Is there room for a message of so many bytes, with nothing before it? */
static inline bool fix_send_ready(struct fix_session *session, size_t len)
{
	return !fix_send_waits(session) &&
	       channel_buffer_room(session->out) >= len;
}

/* A message with its header, to be completed and sent. */
void fix_send_begin(struct fix_session *session, struct fix_builder *builder,
		    const char *type);
/* Behind the header of an answer: where the message came from, through others,
 * is where its answer goes. */
void fix_send_route(struct fix_builder *builder,
		    const struct fix_message *message);
/* Keep it and put it in its line: false, and nothing happens, when it is too
 * long. */
bool fix_send_end(struct fix_session *session, struct fix_builder *builder,
		  bool application);

/* HOT. Of a message that is whole, under the next number. */
void fix_send_keep(struct fix_session *session, const uint8_t *bytes,
		   size_t len, bool application);

/* As far as there is room: what was asked for again, then what waits. */
void fix_send_waiting(struct fix_session *session);

/* The peer asks for [first, last] again; last 0: all that there is. */
void fix_send_again(struct fix_session *session, uint32_t first, uint32_t last);

#endif
