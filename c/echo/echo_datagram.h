/* SPDX-License-Identifier: MIT */
/* The sockets of an echo by datagrams, of either end. */
#ifndef ECHO_ECHO_DATAGRAM_H
#define ECHO_ECHO_DATAGRAM_H

#include "echo/echo.h"

struct echo_datagram_sockets {
	int in, out; /* the same where there is no group */
};

/* 0 or a negative errno, logged. */
int echo_datagram_sockets_open(const struct echo_config *config, bool serves,
			       struct echo_datagram_sockets *sockets);
void echo_datagram_sockets_close(struct echo_datagram_sockets *sockets);

#endif
