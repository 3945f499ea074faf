/* SPDX-License-Identifier: MIT */
/*
 * Channel codecs, for those who write one: one file, one const table, last
 * and its only global symbol; then a line in channel.c's list.
 */
#ifndef CHANNEL_CHANNEL_OPS_H
#define CHANNEL_CHANNEL_OPS_H

#include "base/mem.h"
#include "base/option.h"
#include "base/registry.h"
#include "channel/channel.h"

/* Bytes handed to and taken from a codec in one step. */
struct channel_bytes {
	const uint8_t *in;
	size_t in_len;
	size_t consumed; /* set by the codec: how much of in it is done with */
	uint8_t *out;
	size_t out_size;
	size_t out_len; /* set by the codec: what must be sent now */
};

struct channel_ops {
	struct registry_entry entry; /* first */

	/* Own state, after the options were parsed. Optional. */
	int (*open)(struct channel *channel);

	/* Build whatever does not depend on the tick. Optional. */
	int (*prepare)(struct channel *channel, uint32_t quantity);

	/* HOT. Write one order; returns its length, or -ENOSPC. No system
	 * call, no allocation. */
	ssize_t (*encode)(struct channel *channel, const struct order *order,
			  uint8_t *out, size_t out_size);

	/* HOT. Take at most one order from the front of bytes->in. 1 with an
	 * order (not judged: order_fault()), 0 when no whole one is there, a
	 * negative errno when the stream can't be understood any more; out
	 * carries answers of the protocol. */
	int (*decode)(struct channel *channel, struct channel_bytes *bytes,
		      struct order *order);

	/* The closing words; returns their length. Optional. */
	ssize_t (*bye)(struct channel *channel, uint8_t *out, size_t out_size);

	/* Give back what open() took. Optional. */
	void (*close)(struct channel *channel);
};

/* The table that begins with the entry; NULL for NULL. */
static inline const struct channel_ops *channel_ops_of(
	const struct registry_entry *entry)
{
	return (const struct channel_ops *)entry;
}

/* Number i of the codecs; NULL behind the last one. */
static inline const struct channel_ops *channel_codec(unsigned int i)
{
	return channel_ops_of(registry_at(&channels, i));
}

#endif
