/* SPDX-License-Identifier: MIT */
/*
 * The trader's end of the order connection: a channel's bytes over a transport.
 * HOT code encodes and sends by itself (order_connection_send()); what is said
 * beside orders (the handshake, answers, heartbeats, a logout) is looked
 * after here, now and then.
 */
#ifndef ORDER_ORDER_CONNECTION_H
#define ORDER_ORDER_CONNECTION_H

#include "order/channel_ops.h"
#include "order/transport_ops.h"

struct order_connection {
	struct channel *channel;
	struct transport *transport;
	uint64_t bytes; /* of all orders that went out */
};

/* The handshake, at most timeout_ms. 0; -EINTR, silent, when *stop was
 * set (stop may be NULL); or another negative errno, logged: -ETIMEDOUT of a
 * peer that does not answer, -EPIPE of one that has gone, -EPROTO and whatever
 * else the codec makes of the answer. */
int order_connection_handshake(struct order_connection *connection,
			       unsigned int timeout_ms,
			       const volatile int *stop);

/* To be called now and then: takes what the exchange has said, and sends what
 * is due. 0; -EPIPE when it has closed the connection or has logged out,
 * or another negative errno; silent, channel_reason() says why. */
int order_connection_look(struct order_connection *connection, uint64_t now_ns);

/* The logout message, as far as there is room for it. */
void order_connection_logout(struct order_connection *connection);

/* HOT. Encode and send an order: as transport_send(), with nothing left behind
 * when none of it has gone out. -EAGAIN, too, where what the channel has to say
 * beside orders waits before it. -ENOSPC: the codec takes no order. */
static inline int order_connection_send(struct order_connection *connection,
					const struct order *order)
{
	struct channel *channel = connection->channel;
	const size_t before = channel_buffer_len(&channel->out);
	const uint8_t *bytes;
	size_t len;
	int err = channel_encode(channel, order);

	if (__builtin_expect(err < 0, 0))
		return err == -ENOSPC && before > 0 ? -EAGAIN : err;
	bytes = channel_waiting(channel, &len);
	err = transport_send(connection->transport, bytes, len);
	if (__builtin_expect(err < 0, 0)) {
		channel->out.end = channel->out.begin + before;
		if (channel->ops->retract)
			channel->ops->retract(channel);
		return err;
	}
	channel_sent(channel, len);
	connection->bytes += len;
	return 0;
}

#endif
