/* SPDX-License-Identifier: MIT */
/*
 * Transports: how the bytes of an order leave a connected stream socket.
 */
#ifndef CHANNEL_TRANSPORT_H
#define CHANNEL_TRANSPORT_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct transport_ops;

struct transport {
	const struct transport_ops *ops;
	int fd; /* the connection; stays the caller's */
	char *text;
};

/* Open "NAME[:key=value,...]" on a connected, blocking stream socket. 0, or
 * -EINVAL or -EOPNOTSUPP, logged. */
int transport_open(const char *text, int fd, struct transport **transport);
void transport_close(struct transport *transport); /* NULL is allowed */

const char *transport_name(const struct transport *transport);
void transport_print_list(FILE *out);
const struct transport_ops *transport_kind(unsigned int i);

#endif
