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

#define ECHO_CLIENTS_MAX 64

struct echo_client {
	int fd;
	struct sockaddr_in peer;
	struct channel *channel;      /* NULL: bare TCP */
	struct channel_buffer buffer; /* of bare TCP */
	uint64_t deadline_ns;	      /* of the handshake; 0: it is over */
};

struct echo_server {
	const struct echo_config *config;
	int ending;   /* of base/ending */
	int listener; /* -1: datagrams */
	struct echo_datagram_sockets sockets;
	struct echo_client clients[ECHO_CLIENTS_MAX];
	unsigned int count;
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
