/* SPDX-License-Identifier: MIT */
#include "order/order_connection.h"

#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/frame_port.h"

#define LOOK_MAX 16 /* receives: whoever talks without end waits */

/* What a kernel that seals is told beside the application's bytes. */
static int apart_send(struct order_connection *connection)
{
	struct channel_buffer *out = &connection->channel->out;
	int err;

	if (out->apart_len == 0)
		return 0;
	err = transport_record(connection->transport, out->apart_type,
			       out->bytes + out->begin, out->apart_len);
	if (!err) {
		channel_buffer_take(out, out->apart_len);
		out->apart_len = 0;
	}
	return err;
}

/* What has no room yet goes the next time. 0 or a negative errno. */
static int waiting_send(struct order_connection *connection)
{
	struct channel *channel = connection->channel;
	const uint8_t *bytes;
	size_t len;
	int err;

	bytes = channel_waiting(channel, &len);
	len -= channel->out.apart_len;
	err = transport_send(connection->transport, bytes, len);
	if (!err) {
		channel_sent(channel, len);
		err = apart_send(connection);
	}
	return err == -EAGAIN ? 0 : err;
}

/* Receive once. How many bytes, or a negative errno. */
static ssize_t some_receive(struct order_connection *connection,
			    uint64_t now_ns)
{
	struct channel *channel = connection->channel;
	size_t room;
	uint8_t *bytes = channel_room(channel, &room);
	ssize_t n;

	if (room == 0)
		return -EMSGSIZE;
	n = transport_receive(connection->transport, bytes, room);
	if (n > 0)
		channel_received(channel, (size_t)n, now_ns);
	/* The end is what it is; what is wrong with it is told. */
	if (n == -EPIPE)
		channel_cut(channel);
	return n;
}

/* A socket wakes us; else the transport's own stack has to run. */
static void some_wait(struct order_connection *connection)
{
	struct pollfd readable = { .fd = connection->transport->fd,
				   .events = POLLIN };

	frame_port_poll(connection->transport->carrier, &readable, 1);
}

/* 1 when it is over, 0 when it goes on, or a negative errno. */
static int handshake_step(struct order_connection *connection, uint64_t now_ns)
{
	struct channel *channel = connection->channel;
	ssize_t n = some_receive(connection, now_ns);
	int over, err;

	if (n == 0)
		return waiting_send(connection);
	/* The refusal may have come with the end. */
	over = n > 0 ? channel_handshake(channel, now_ns) : (int)n;
	err = waiting_send(connection);
	return over < 0 || !err ? over : err;
}

/* As a channel_take_fn. */
static int take(void *owner, const struct tls_direction *seals,
		const char **why)
{
	const struct order_connection *connection = owner;

	*why = "not all of the handshake has gone";
	return channel_buffer_len(&connection->channel->out) > 0
		       ? -EAGAIN
		       : transport_seal(connection->transport, seals, why);
}

/* The handshake is over. 0 or a negative errno, logged. */
static int hand_over(struct order_connection *connection)
{
	struct channel *channel = connection->channel;
	int err = channel->ops->hand_over
			  ? channel->ops->hand_over(channel, take, connection)
			  : 0;

	if (err)
		log_error("--channel %s: %s", channel_name(channel),
			  channel_reason(channel, err));
	return err;
}

int order_connection_handshake(struct order_connection *connection,
			       unsigned int timeout_ms,
			       const volatile int *stop)
{
	struct channel *channel = connection->channel;
	uint64_t now_ns = clock_monotonic_ns();
	const uint64_t deadline_ns = now_ns + timeout_ms * CLOCK_NS_PER_MS;
	int over = channel_handshake(channel, now_ns), err;

	err = waiting_send(connection);
	if (over == 0 && err)
		over = err;
	while (over == 0 && now_ns < deadline_ns && !(stop && *stop)) {
		over = handshake_step(connection, now_ns);
		if (over == 0)
			some_wait(connection);
		now_ns = clock_monotonic_ns();
	}
	if (over > 0)
		return hand_over(connection);
	if (over == 0 && stop && *stop)
		return -EINTR;
	if (over == 0)
		log_error("--channel %s: the exchange has not answered within "
			  "%u ms",
			  channel_name(channel), timeout_ms);
	else
		log_error("--channel %s: %s", channel_name(channel),
			  over == -EPIPE && !channel->why
				  ? "the exchange closed the connection before "
				    "the handshake was over"
				  : channel_reason(channel, over));
	return over ? over : -ETIMEDOUT;
}

int order_connection_look(struct order_connection *connection, uint64_t now_ns)
{
	struct channel *channel = connection->channel;
	struct order order;
	ssize_t n = 1;
	/* What came with the end of the handshake. */
	int err = channel_decode(channel, &order);

	for (int i = 0; i < LOOK_MAX && n > 0 && err >= 0; i++) {
		n = some_receive(connection, now_ns);
		err = n > 0 ? channel_decode(channel, &order) : (int)n;
	}
	if (err >= 0)
		err = channel_tick(channel, now_ns);
	if (err < 0) {
		/* A last answer. */
		waiting_send(connection);
		return err;
	}
	return waiting_send(connection);
}

void order_connection_logout(struct order_connection *connection)
{
	struct channel *channel = connection->channel;

	if (channel->ops->logout) {
		channel->ops->logout(channel);
		waiting_send(connection);
	}
}
