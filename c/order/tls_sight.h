/* SPDX-License-Identifier: MIT */
/* The TLS channel as the oracle has it: what a trader sent, read from a capture
 * by a key log. */
#ifndef ORDER_TLS_SIGHT_H
#define ORDER_TLS_SIGHT_H

#include "order/channel.h"
#include "wire/tls_reader.h"

struct tls_sight {
	struct tls_keylog log;
	struct tls_reader reader;
	struct tls_piece piece; /* what of it is left */
};

/* With the key log in that file; "": none. 0, or -EINVAL, -ENOMEM or the file's
 * error, logged. */
int tls_sight_open(const char *keylog, struct tls_sight **sight);
void tls_sight_close(struct tls_sight *sight); /* NULL is allowed */

/* Bytes of the application, of in's records: 1 with *bytes and *len, of which
 * tls_sight_take() takes what is done with; 0 when there are none; -EPIPE at
 * the trader's close_notify; -EPROTO with *why. */
int tls_sight_next(struct tls_sight *sight, struct channel_buffer *in,
		   const uint8_t **bytes, size_t *len, const char **why);
void tls_sight_take(struct tls_sight *sight, size_t len);

#endif
