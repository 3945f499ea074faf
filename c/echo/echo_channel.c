/* SPDX-License-Identifier: MIT */
/* An order channel with an echo at its other end: a message is one of the
 * channel's, where it has ones of any length, or as many orders as it has room
 * for. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "echo/echo_link.h"
#include "echo/echo_message.h"

static int channel_link_open(struct echo_link *link)
{
	const struct echo_config *config = link->config;
	const struct transport_config peer = {
		.peer = config->address,
		.timeout_ms = config->timeout_ms,
		.stop = config->stop,
	};
	struct order_connection *connection = &link->connection;
	int err = channel_open(config->channel, CHANNEL_TRADER,
			       &connection->channel);

	if (err)
		return err;
	if (connection->channel->ops->prepare)
		err = connection->channel->ops->prepare(connection->channel, 1);
	if (!err)
		err = transport_connect(config->transport, &peer,
					&connection->transport);
	if (err)
		goto close_channel;
	err = order_connection_handshake(connection, config->timeout_ms,
					 config->stop);
	if (err)
		goto close_transport;
	link->fd = connection->transport->fd;
	return 0;
close_transport:
	transport_close(connection->transport);
close_channel:
	channel_close(connection->channel);
	return err;
}

/* What has room. 0 or a negative errno. */
static int waiting_put(struct echo_link *link)
{
	struct channel *channel = link->connection.channel;
	const uint8_t *bytes;
	size_t len;
	ssize_t n;

	bytes = channel_waiting(channel, &len);
	n = echo_link_put(link, bytes, len);
	if (n > 0)
		channel_sent(channel, (size_t)n);
	return n < 0 ? (int)n : 0;
}

/* The next part of the message. 0, or as encode(). */
static int part_append(struct echo_link *link)
{
	struct channel *channel = link->connection.channel;
	struct order order;

	if (channel->writes) {
		echo_message_write(link->out, link->size, link->sending,
				   ECHO_ASKS);
		return channel->ops->write(channel, link->out, link->size);
	}
	order = echo_message_order(link->sending, (uint32_t)link->sent);
	return channel_encode(channel, &order);
}

static int channel_link_send(struct echo_link *link)
{
	struct channel *channel = link->connection.channel;
	const size_t parts =
		channel->writes ? 1 : echo_message_orders(link->size);
	int err = 0;

	while (link->sent < parts && !err) {
		err = part_append(link);
		if (!err)
			link->sent++;
		/* Once there is no room, or all of it is there. */
		if (err == -ENOSPC || err == -EAGAIN || link->sent == parts) {
			bool full = err != 0;

			err = waiting_put(link);
			if (full)
				break;
		}
	}
	if (err || link->sent < parts)
		return err;
	link->sent = 0;
	return 1;
}

/* One has been found: 1 when the message is whole. */
static int part_take(struct echo_link *link, const struct order *order,
		     uint64_t *number)
{
	const struct channel *channel = link->connection.channel;
	size_t parts = 1;
	bool good;

	if (channel->writes) {
		good = channel->message_len == link->size &&
		       echo_message_read(channel->message, link->size,
					 ECHO_ASKS, number) &&
		       *number == link->coming;
	} else {
		parts = echo_message_orders(link->size);
		*number = link->coming;
		good = echo_message_is_order(order, link->coming,
					     (uint32_t)link->came);
	}
	if (!good) {
		link->why = "what came back is not what was sent";
		return -EBADMSG;
	}
	if (++link->came < parts)
		return 0;
	link->came = 0;
	link->coming++;
	return 1;
}

static int channel_link_receive(struct echo_link *link, uint64_t now_ns,
				uint64_t *number)
{
	struct channel *channel = link->connection.channel;
	struct order order;
	uint8_t *bytes;
	size_t room;
	ssize_t n;
	int got;

	for (;;) {
		while ((got = channel_decode(channel, &order)) > 0) {
			got = part_take(link, &order, number);
			if (got)
				return got;
		}
		if (got < 0)
			break;
		bytes = channel_room(channel, &room);
		n = echo_link_get(link, bytes, room);
		if (n <= 0) {
			got = (int)n;
			break;
		}
		channel_received(channel, (size_t)n, now_ns);
	}
	if (got == 0)
		got = channel_tick(channel, now_ns);
	if (got == 0)
		got = waiting_put(link);
	link->why = channel->why;
	return got;
}

static void channel_link_close(struct echo_link *link)
{
	order_connection_logout(&link->connection);
	transport_close(link->connection.transport);
	channel_close(link->connection.channel);
}

const struct echo_link_ops echo_channel_ops = {
	.open = channel_link_open,
	.send = channel_link_send,
	.receive = channel_link_receive,
	.close = channel_link_close,
};
