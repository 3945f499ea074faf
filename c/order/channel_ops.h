/* SPDX-License-Identifier: MIT */
/*
 * Channel codecs, for those who write one: one file, one const table, last
 * and its only global symbol; then its two lines in channel.c. The smallest is
 * channel_raw.c; channel_login.c has all that a protocol may need.
 *
 * An operation takes what it understands from the front of channel->in and
 * appends what is to be sent to channel->out. What is not whole yet stays in
 * channel->in and is there again the next time.
 */
#ifndef ORDER_CHANNEL_OPS_H
#define ORDER_CHANNEL_OPS_H

#include <errno.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/option.h"
#include "base/registry.h"
#include "order/channel.h"

struct tls_direction;

/* Let a kernel seal with these keys: 0, or a negative errno with *why. */
typedef int channel_take_fn(void *owner, const struct tls_direction *seals,
			    const char **why);

struct channel_ops {
	struct registry_entry entry; /* first */

	/* Of the buffers: the longest message either way, and room for what
	 * one receive takes at once. */
	size_t in_size, out_size;

	/* Each message is so long, from the connection's first byte on: behind
	 * a hole in a capture it is known where the next one begins. 0: it is
	 * not. */
	size_t unit;

	/* Own state, after the options were parsed and the buffers made. 0 or a
	 * negative errno, logged. Optional. */
	int (*open)(struct channel *channel);

	/* Build whatever does not depend on the tick. Optional. */
	int (*prepare)(struct channel *channel, uint32_t quantity);

	/* The handshake: called once at the start, and whenever bytes
	 * have come. 1 when it is over, 0 when more has to come, or a negative
	 * errno, with channel->why: what is in channel->out is still sent.
	 * NULL: there is none. */
	int (*handshake)(struct channel *channel, uint64_t now_ns);

	/* The handshake is over, and all of it has gone: a kernel may seal what
	 * is sent from now on, if that is wanted and `take` goes well. 0, also
	 * when all stays as it was; a negative errno, with channel->why, where
	 * it was wanted and can't be. The trader's end alone. Optional. */
	int (*hand_over)(struct channel *channel, channel_take_fn *take,
			 void *owner);

	/* HOT. Append an order to channel->out: 0; with nothing changed,
	 * -ENOSPC, or -EAGAIN while something else has to go first. No system
	 * call, no allocation. */
	int (*encode)(struct channel *channel, const struct order *order);

	/* Append a message of any length, for who measures with an echo: as
	 * encode(). The one that comes back is what decode() finds, as
	 * channel->message. Optional: NULL where messages are orders;
	 * channel->writes tells. */
	int (*write)(struct channel *channel, const uint8_t *bytes, size_t len);

	/* HOT. What encode() has appended last was not sent, and won't be: its
	 * bytes are taken out of channel->out. Optional. */
	void (*retract)(struct channel *channel);

	/* HOT. Take from channel->in until an order is found, or what there is
	 * is no whole message. 1 with an order (not judged: order_fault()), 0
	 * when none is there, -EPIPE when the peer has logged out, or
	 * another negative errno, with channel->why, when the stream can't be
	 * understood any more. The trader's end finds no orders, but those
	 * that an echo sends back. */
	int (*decode)(struct channel *channel, struct order *order);

	/* HOT. What is to be set once the order that decode() has found last is
	 * logged. Optional: nothing is. */
	struct channel_mark (*mark)(struct channel *channel);

	/* The order that decode() has found last is taken, or is not, for this
	 * reason: the exchange's answer. Optional. */
	void (*answer)(struct channel *channel, const char *fault);

	/* channel->due_ns has come: heartbeats, and whether the peer has been
	 * silent for too long (-ETIMEDOUT). 0 or a negative errno, with
	 * channel->why. Optional. */
	int (*tick)(struct channel *channel, uint64_t now_ns);

	/* The peer's stream has ended. What is wrong with that, in words; NULL:
	 * nothing. Optional. */
	const char *(*cut)(struct channel *channel);

	/* Append the logout message. Optional. */
	void (*logout)(struct channel *channel);

	/* Give back what open() took. Optional. */
	void (*close)(struct channel *channel);
};

/* The row of an echo: for outside suites, and t2t-echo. at: of a bool. */
#define CHANNEL_ECHO_OPTION(at)                                               \
	{                                                                     \
		.name = "echo", .metavar = "on|off", .def = "off",            \
		.type = OPTION_FLAG, .offset = (at),                          \
		.help = "the exchange sends each message back, and takes no " \
			"orders; the trader looks at what comes back"         \
	}

/* channel->why of an exchange that can't send any more back: -EPROTO. */
#define CHANNEL_ECHO_UNREAD "the answers to its messages are not read"

/* Other sizes than the table's, from open(): what was there is gone. 0 or
 * -ENOMEM, logged. */
int channel_buffers_make(struct channel *channel, size_t in_size,
			 size_t out_size);

/* HOT. Append to channel->out: where to; NULL: no room. */
static inline uint8_t *channel_append(struct channel *channel, size_t len)
{
	struct channel_buffer *out = &channel->out;
	uint8_t *at;

	if (__builtin_expect(channel_buffer_room(out) < len, 0))
		return NULL;
	at = out->bytes + out->end;
	out->end += len;
	return at;
}

/* 1 when the handshake is over or there is none; else as the table's. */
static inline int channel_handshake(struct channel *channel, uint64_t now_ns)
{
	return channel->ops->handshake
		       ? channel->ops->handshake(channel, now_ns)
		       : 1;
}

/* HOT. As the table's. */
static inline int channel_encode(struct channel *channel,
				 const struct order *order)
{
	return channel->ops->encode(channel, order);
}

/* HOT. As the table's. */
static inline int channel_decode(struct channel *channel, struct order *order)
{
	return channel->ops->decode(channel, order);
}

/* The peer's stream has ended: -EPIPE; with channel->why and -ECONNABORTED
 * where it had not said so. */
static inline int channel_cut(struct channel *channel)
{
	const char *why = channel->ops->cut ? channel->ops->cut(channel) : NULL;

	if (!why)
		return -EPIPE;
	channel->why = why;
	return -ECONNABORTED;
}

/* 0 where nothing is due; else as the table's. */
static inline int channel_tick(struct channel *channel, uint64_t now_ns)
{
	return now_ns >= channel->due_ns ? channel->ops->tick(channel, now_ns)
					 : 0;
}

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
