/* SPDX-License-Identifier: MIT */
/* The echo of an exchange that speaks FIX: application messages go back to
 * their sender, under numbers of ours. For suites that test sessions. */
#ifndef ORDER_FIX_ECHO_H
#define ORDER_FIX_ECHO_H

#include "order/fix_order.h"

#define FIX_ECHO_IDS 1024 /* ClOrdIDs that are remembered, the last ones */

struct fix_echo_id {
	uint16_t len; /* 0: none */
	uint8_t bytes[FIX_CL_ORD_ID_MAX];
};

/* All zero: none came yet. */
struct fix_echo {
	struct fix_echo_id ids[FIX_ECHO_IDS];
	uint32_t next; /* place of the next one */
};

/*
 * Send it back: what the peer said of its route turned round, its body by
 * ascending tags (as it came where it has repeating groups, whose order means
 * something). One that says PossResend and whose ClOrdID is known is taken in
 * silence; one that can't be kept, since it is too long, is refused.
 */
void fix_echo_send(struct fix_echo *echo, struct fix_session *session,
		   const struct fix_message *message);

#endif
