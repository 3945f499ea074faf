/* SPDX-License-Identifier: MIT */
/*
 * The exchange: owns the order entry server and the market data server and
 * drives the state machine in one loop. A trader connects: HANDSHAKE, the
 * feed is opened and its snapshot lines are published; the first other line:
 * TRANSMIT, orders are taken too; the trader is gone: INIT.
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include <stdint.h>

#include "base/privileges.h"
#include "exchange/marketdata_server.h"
#include "exchange/order_entry_server.h"
#include "exchange/retransmit_server.h"

/* What a second connection meets. */
enum exchange_busy {
	EXCHANGE_REFUSE, /* it is closed at once */
	EXCHANGE_QUEUE,	 /* it waits for its turn */
};

struct exchange_config {
	struct order_entry_config order_entry;
	struct marketdata_config marketdata;
	struct retransmit_config retransmit;
	unsigned int busy;  /* enum exchange_busy */
	uint64_t idle_s;    /* without an order a session ends; 0: never */
	uint64_t settle_ms; /* from the connection to the feed's first line */
	unsigned int privileges; /* enum privileges: once servers are open */
	/* File: a line of JSON as each session ends; NULL: none. See
	 * exchange/session_summary.h. */
	const char *sessions;
	int cpu; /* of the loop, not of the feed's reader; -1: any */
};

/*
 * Run until SIGINT or SIGTERM. States, orders and rejects go to stdout, one
 * a line:
 *
 *	state INIT | state HANDSHAKE | state TRANSMIT
 *	order recv_ns=N quantity=N price=DECIMAL side=buy|sell [early]
 *	reject recv_ns=N reason=TEXT
 *
 * Returns 0, or a negative errno, logged: when a server can't be opened,
 * when stdout refused lines (they are on stderr then), or -ENODATA when a
 * session could not publish the feed to its end, or nothing of it, or lost a
 * snapshot.
 */
int exchange_run(const struct exchange_config *config);

#endif
