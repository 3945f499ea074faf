/* SPDX-License-Identifier: MIT */
/*
 * The server: what comes goes back to who sent it. Whoever sends what it does
 * not understand is refused with a reason, and nobody ends it.
 */
#ifndef ECHO_ECHO_SERVER_H
#define ECHO_ECHO_SERVER_H

#include <netinet/in.h>
#include <poll.h>

#include "base/log.h"
#include "echo/echo.h"
#include "echo/echo_datagram.h"
#include "order/channel.h"
#include "order/order_end.h"
#include "order/transport.h"

#define ECHO_CLIENTS_MAX 64

struct echo_client {
	struct order_end *end;
	bool met;		      /* order_end_greet() is over */
	struct channel *channel;      /* NULL: a bare stream */
	struct channel_buffer buffer; /* of a bare stream */
	uint64_t deadline_ns;	      /* of the handshake; 0: it is over */
};

struct echo_server {
	const struct echo_config *config;
	int ending;		    /* of base/ending */
	struct transport *listener; /* NULL: datagrams */
	struct echo_datagram_sockets sockets;
	struct echo_client clients[ECHO_CLIENTS_MAX];
	unsigned int count;
	unsigned int turns; /* so far */
	struct log_repeats refusals;
};

/* 0 or a negative errno, logged. Signals are looked for from now on: see
 * base/ending. The config must outlive it. */
int echo_server_open(struct echo_server *server,
		     const struct echo_config *config);

/* Until a signal: 0; or a negative errno, logged. */
int echo_server_run(struct echo_server *server);

void echo_server_close(struct echo_server *server);

#endif
