/* SPDX-License-Identifier: MIT */
/* Those who are connected and have no session: in the channel's opening
 * exchange, or waiting for their turn. For exchange/order_entry_server alone.
 */
#ifndef EXCHANGE_ORDER_ENTRY_WAITING_H
#define EXCHANGE_ORDER_ENTRY_WAITING_H

#include <stdint.h>

#include "exchange/order_entry_server.h"

/* Accept somebody, who gets the last place, and begin the handshake.
 * Where all are taken, the address with the most of them gives up its oldest.
 * 1, 0 when nobody is there, or a negative errno, logged. */
int order_entry_waiting_add(struct order_entry_server *server);

/* Whose turn it is; -1: nobody's. */
int order_entry_waiting_turn(const struct order_entry_server *server);

/* Number at leaves the list, and is the caller's; or is closed. */
struct order_entry_waiting order_entry_waiting_remove(
	struct order_entry_server *server, unsigned int at);
void order_entry_waiting_close(struct order_entry_server *server,
			       unsigned int at);

/* Has somebody something to say of which poll(2) does not tell? */
bool order_entry_waiting_is_behind(const struct order_entry_server *server);

/* What time has made due, and when it will have. */
void order_entry_waiting_tick(struct order_entry_server *server,
			      uint64_t now_ns);
uint64_t order_entry_waiting_due_ns(const struct order_entry_server *server);

#endif
