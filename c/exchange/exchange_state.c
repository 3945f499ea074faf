/* SPDX-License-Identifier: MIT */
#include "exchange/exchange_state.h"

static enum exchange_state handshake_next(enum exchange_event event)
{
	switch (event) {
	case EXCHANGE_LIVE_LINE:
	case EXCHANGE_END_OF_FEED:
		return EXCHANGE_TRANSMIT;
	case EXCHANGE_FEED_FAILED:
	case EXCHANGE_DISCONNECTED:
		return EXCHANGE_INIT;
	case EXCHANGE_CONNECTED:
		return EXCHANGE_HANDSHAKE;
	}
	return EXCHANGE_HANDSHAKE;
}

static enum exchange_state transmit_next(enum exchange_event event)
{
	switch (event) {
	case EXCHANGE_FEED_FAILED:
	case EXCHANGE_DISCONNECTED:
		return EXCHANGE_INIT;
	case EXCHANGE_CONNECTED:
	case EXCHANGE_LIVE_LINE:
	case EXCHANGE_END_OF_FEED:
		return EXCHANGE_TRANSMIT;
	}
	return EXCHANGE_TRANSMIT;
}

enum exchange_state exchange_state_next(enum exchange_state state,
					enum exchange_event event)
{
	switch (state) {
	case EXCHANGE_INIT:
		return event == EXCHANGE_CONNECTED ? EXCHANGE_HANDSHAKE : state;
	case EXCHANGE_HANDSHAKE:
		return handshake_next(event);
	case EXCHANGE_TRANSMIT:
		return transmit_next(event);
	}
	return state;
}

const char *exchange_state_name(enum exchange_state state)
{
	switch (state) {
	case EXCHANGE_INIT:
		return "INIT";
	case EXCHANGE_HANDSHAKE:
		return "HANDSHAKE";
	case EXCHANGE_TRANSMIT:
		return "TRANSMIT";
	}
	return "?";
}
