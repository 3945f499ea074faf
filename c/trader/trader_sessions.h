/* SPDX-License-Identifier: MIT */
/*
 * Sessions of a trader, one behind the other: an exchange that went away is
 * looked for, and a new session begins with nothing of the last one.
 */
#ifndef TRADER_TRADER_SESSIONS_H
#define TRADER_TRADER_SESSIONS_H

#include "trader/trader.h"

/*
 * Trade until the feed's end or a signal (0), or a fault (a negative errno,
 * logged). The exchange that is gone is one, unless it is back within
 * reconnect_s: counted from when a session with market data of its own was
 * lost, so that an exchange that takes nobody does not go on for ever.
 * -ETIMEDOUT where it is not.
 */
int trader_sessions(struct trader *trader);

#endif
