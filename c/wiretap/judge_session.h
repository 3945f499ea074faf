/* SPDX-License-Identifier: MIT */
/* Which session a datagram is of, by its tag, its number and the order
 * connections: where one begins and where it ends. */
#ifndef WIRETAP_JUDGE_SESSION_H
#define WIRETAP_JUDGE_SESSION_H

#include "wire/market_data.h"
#include "wiretap/judge_state.h"

/* 0: the datagram is of the running session, which may begin with it; *again:
 * it was seen in it. 1: of another. Or a negative errno. */
int judge_session_find(struct judge *judge,
		       const struct market_data_header *header,
		       uint64_t stamp_ns, bool *again);

/* The running one is over. 0 or a negative errno. */
int judge_session_end(struct judge *judge);

/* As struct order_stream_config's gone(): a connection that was seen to its
 * end; the context is the judge. */
void judge_session_gone(void *context,
			const struct order_stream_connection *connection);

#endif
