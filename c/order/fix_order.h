/* SPDX-License-Identifier: MIT */
/* A NewOrderSingle that the exchange takes, and its ExecutionReport. */
#ifndef ORDER_FIX_ORDER_H
#define ORDER_FIX_ORDER_H

#include "order/fix_session_state.h"

#define FIX_CL_ORD_ID_MAX 64

/* The order, and what an answer says of it. */
struct fix_order {
	struct order order;
	uint32_t sequence;
	uint16_t id_len, symbol_len;
	uint8_t id[FIX_CL_ORD_ID_MAX];
	uint8_t symbol[FIX_SYMBOL_MAX];
};

/* HOT. The order of a message that fix_session_take() has called an
 * application's; false: it was refused. */
bool fix_order_take(struct fix_order *taken, struct fix_session *session,
		    const struct fix_message *message);

/* The trader's: one that was not prepared, field by field, with the same
 * values. 0 or -ENOSPC. */
int fix_order_build(struct fix_session *session,
		    const struct order_cause *cause, const struct order *order,
		    const char *symbol);

/* The datagram that the order answers, by its ClOrdID; false: it is not one of
 * ours. */
bool fix_order_cause(const struct fix_order *taken, struct order_cause *cause);

/* It is taken, or is not, for this reason. */
void fix_order_answer(const struct fix_order *taken,
		      struct fix_session *session, const char *fault);

#endif
