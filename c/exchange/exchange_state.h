/* SPDX-License-Identifier: MIT */
/* The exchange's state machine: pure. */
#ifndef EXCHANGE_EXCHANGE_STATE_H
#define EXCHANGE_EXCHANGE_STATE_H

enum exchange_state {
	EXCHANGE_INIT,	    /* waits for an order connection */
	EXCHANGE_HANDSHAKE, /* publishes snapshot lines */
	EXCHANGE_TRANSMIT,  /* publishes, and takes orders */
};

enum exchange_event {
	EXCHANGE_CONNECTED,    /* the order connection stands */
	EXCHANGE_LIVE_LINE,    /* a line whose snapshot field is not true */
	EXCHANGE_END_OF_FEED,  /* the last line was read */
	EXCHANGE_FEED_FAILED,  /* it can't be opened or read on */
	EXCHANGE_DISCONNECTED, /* however the order connection ended */
};

enum exchange_state exchange_state_next(enum exchange_state state,
					enum exchange_event event);

/* "INIT", "HANDSHAKE", "TRANSMIT". */
const char *exchange_state_name(enum exchange_state state);

#endif
