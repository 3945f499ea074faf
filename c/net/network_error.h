/* SPDX-License-Identifier: MIT */
/*
 * What an error of a send or a receive says about the network: the one list of
 * those that pass, for every program. errno(3), ip(7), udp(7), packet(7).
 */
#ifndef NET_NETWORK_ERROR_H
#define NET_NETWORK_ERROR_H

#include <stdbool.h>

enum network_error {
	NETWORK_STANDS, /* it will be the same the next time */
	NETWORK_BUSY,	/* no room just now, or a signal: again in a moment */
	NETWORK_DOWN,	/* the link or a route; the same descriptor serves when
			   it is up again */
	NETWORK_GONE,	/* the interface or its address: what is bound to it
			   has to be opened anew once it is back */
};

/* Of a negative errno. */
enum network_error network_error(int err);

/* The three that pass. */
static inline bool network_error_passes(int err)
{
	return network_error(err) != NETWORK_STANDS;
}

#endif
