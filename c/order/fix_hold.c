/* SPDX-License-Identifier: MIT */
#include "order/fix_hold.h"

#include <string.h>

void fix_hold(struct fix_session *session, const struct fix_message *message,
	      uint32_t sequence)
{
	struct fix_session_held *free_one = NULL;

	if (message->len > FIX_SESSION_HELD_LEN)
		return;
	for (int i = 0; i < FIX_SESSION_HELD; i++) {
		struct fix_session_held *held = &session->held[i];

		if (held->sequence == sequence)
			return;
		if (held->sequence < session->next_in)
			free_one = held;
	}
	if (!free_one)
		return;
	free_one->sequence = sequence;
	free_one->len = (uint16_t)message->len;
	memcpy(free_one->bytes, message->bytes, message->len);
}

int fix_session_held(struct fix_session *session, struct fix_message *message)
{
	size_t taken;

	if (!session->store || session->state == FIX_SESSION_OVER)
		return 0;
	for (int i = 0; i < FIX_SESSION_HELD; i++) {
		struct fix_session_held *held = &session->held[i];

		if (held->sequence == 0 || held->sequence != session->next_in)
			continue;
		held->sequence = 0;
		session->was_held =
			fix_read(held->bytes, held->len, message, &taken) > 0;
		return session->was_held;
	}
	return 0;
}
