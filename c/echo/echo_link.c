/* SPDX-License-Identifier: MIT */
#include "echo/echo_link.h"

#include <errno.h>

int echo_link_open(struct echo_link *link, const struct echo_config *config)
{
	static const struct echo_link_ops *const kinds[] = {
		[ECHO_CHANNEL] = &echo_channel_ops,
		[ECHO_TCP] = &echo_stream_ops,
		[ECHO_UDP] = &echo_datagram_ops,
		[ECHO_MULTICAST] = &echo_datagram_ops,
	};

	/* But for the buffers, which are written before they are read. */
	link->ops = kinds[config->over];
	link->config = config;
	link->size = ECHO_SIZE_MIN;
	link->lossy =
		config->over == ECHO_UDP || config->over == ECHO_MULTICAST;
	link->fd = link->out_fd = -1;
	link->sending = link->coming = 0;
	link->sent = link->came = 0;
	link->bytes_out = link->bytes_in = 0;
	link->connection = (struct order_connection){ .bytes = 0 };
	link->why = NULL;
	return link->ops->open(link);
}

void echo_link_close(struct echo_link *link)
{
	link->ops->close(link);
}

ssize_t echo_link_put(struct echo_link *link, const uint8_t *bytes, size_t len)
{
	struct transport *transport = link->connection.transport;
	ssize_t n;

	/* What was left of the handshake goes first; receiving sends it. */
	if (len == 0 || transport->rest_len > 0)
		return 0;
	if (len > TRANSPORT_BYTES_MAX)
		len = TRANSPORT_BYTES_MAX;
	n = transport->ops->send(transport, bytes, len);
	if (n > 0)
		link->bytes_out += (uint64_t)n;
	return n;
}

ssize_t echo_link_get(struct echo_link *link, uint8_t *bytes, size_t len)
{
	ssize_t n = transport_receive(link->connection.transport, bytes, len);

	if (n > 0)
		link->bytes_in += (uint64_t)n;
	return n;
}
