/* SPDX-License-Identifier: MIT */
/*
 * Channel codecs, for those who write one: one file, one const table, last
 * and its only global symbol; then a line in channel.c's list.
 */
#ifndef CHANNEL_CHANNEL_OPS_H
#define CHANNEL_CHANNEL_OPS_H

#include "base/mem.h"
#include "base/option.h"
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
	const char *name;
	const char *help;
	const char *absent; /* as in receive_ops */
	size_t size; /* of the backend's struct, which begins with its member
			`struct channel channel`; container_of */
	const struct option_row *options;

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

#endif
