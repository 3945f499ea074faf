/* SPDX-License-Identifier: MIT */
/*
 * Order channels: what an order looks like on its connection. A codec is
 * sans I/O: bytes in, bytes consumed, bytes out; it never sees a descriptor.
 * The same codec serves the trader (encode), the exchange (decode), the
 * fuzzers and the benches.
 */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/registry.h"
#include "wire/order.h"

struct channel_ops;

struct channel {
	const struct channel_ops *ops;
	char *text; /* the options' text, which strings point into */
};

/* Open "NAME[:key=value,...]". 0, or -EINVAL or -EOPNOTSUPP, logged. */
int channel_open(const char *text, struct channel **channel);
void channel_close(struct channel *channel); /* NULL is allowed */

const char *channel_name(const struct channel *channel);

/* All codecs, built or not: "--channel help". */
extern const struct registry channels;

#endif
