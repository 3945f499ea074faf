/* SPDX-License-Identifier: MIT */
/*
 * Transports: how the bytes of an order leave, on a connected stream socket
 * or on a connection of the transport's own.
 */
#ifndef CHANNEL_TRANSPORT_H
#define CHANNEL_TRANSPORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct transport_ops;
struct xdp_socket;

struct transport {
	const struct transport_ops *ops;
	int fd; /* the connection; -1: there is none, or not the kernel's */
	bool connected; /* by transport_connect(): closes with it */
	char *text;
};

/* The connection that is wanted. */
struct transport_config {
	struct sockaddr_in peer;
	unsigned int timeout_ms;  /* how long to try while it refuses */
	const volatile int *stop; /* set by a signal: give up; may be NULL */
	struct xdp_socket *xdp;	  /* of the receive path; NULL: it has none */
};

/* Open "NAME[:key=value,...]" on a connected, blocking stream socket, which
 * stays the caller's. 0, or -EINVAL or -EOPNOTSUPP, logged; the latter too for
 * a kind that makes its connection itself. */
int transport_open(const char *text, int fd, struct transport **transport);

/* Connect, then open. 0, or as transport_open() and socket_connect(): -EINTR,
 * silent, when *stop was set. The connection is closed with the transport. */
int transport_connect(const char *text, const struct transport_config *config,
		      struct transport **transport);

/* Has the peer ended the connection? 0; -EPIPE when it closed it, or another
 * negative errno; silent. Bytes that it sends are dropped. */
int transport_alive(struct transport *transport);

/* Our end's port, host order; 0: there is no connection. */
uint16_t transport_port(const struct transport *transport);

void transport_close(struct transport *transport); /* NULL is allowed */

const char *transport_name(const struct transport *transport);
void transport_print_list(FILE *out);
const struct transport_ops *transport_kind(unsigned int i);

#endif
