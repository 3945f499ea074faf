/* SPDX-License-Identifier: MIT */
/*
 * The trader's loop where datagrams wait for their turn: two lines of market
 * data, or one that asks for what is missing. For trader/trader alone.
 */
#ifndef TRADER_TRADER_RECOVERY_H
#define TRADER_TRADER_RECOVERY_H

#include "trader/trader.h"

/* 0 or -ENOMEM, logged. */
int trader_recovery_open(struct trader *trader);
void trader_recovery_close(struct trader *trader);

/* Behind the order connection, which says whose session it is and from where
 * to ask. 0 or a negative errno, logged. */
int trader_recovery_begin(struct trader *trader, uint16_t tag);

/* HOT. As trader_loop(). */
int trader_recovery_loop(struct trader *trader);

#endif
