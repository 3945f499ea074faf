/* SPDX-License-Identifier: MIT */
/* Both ends of the tls channel in memory, where OpenSSL is there. */
#ifndef TESTS_SUPPORT_TLS_ENDS_H
#define TESTS_SUPPORT_TLS_ENDS_H

#include "order/channel_ops.h"

/* All that one has to say, to the other. */
void tls_ends_carry(struct channel *from, struct channel *to);

/* "tls:folder=...,OPTIONS" at both, once they have shaken hands. */
void tls_ends_open(const char *options, struct channel **trader,
		   struct channel **exchange);

#endif
