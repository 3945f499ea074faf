/* SPDX-License-Identifier: MIT */
/* Bare TCP: messages one behind the other. */
#include <errno.h>

#include "echo/echo_link.h"
#include "echo/echo_message.h"

static int stream_open(struct echo_link *link)
{
	const struct echo_config *config = link->config;
	const struct transport_config connection = {
		.peer = config->address,
		.timeout_ms = config->timeout_ms,
		.stop = config->stop,
	};
	int err = transport_connect(config->transport, &connection,
				    &link->connection.transport);

	if (!err)
		link->fd = link->connection.transport->fd;
	return err;
}

static int stream_send(struct echo_link *link)
{
	ssize_t n;

	if (link->sent == 0)
		echo_message_write(link->out, link->size, link->sending,
				   ECHO_ASKS);
	n = echo_link_put(link, link->out + link->sent,
			  link->size - link->sent);
	if (n < 0)
		return (int)n;
	link->sent += (size_t)n;
	if (link->sent < link->size)
		return 0;
	link->sent = 0;
	return 1;
}

static int stream_receive(struct echo_link *link, uint64_t now_ns,
			  uint64_t *number)
{
	ssize_t n = echo_link_get(link, link->in + link->came,
				  link->size - link->came);

	(void)now_ns;
	if (n <= 0)
		return (int)n;
	link->came += (size_t)n;
	if (link->came < link->size)
		return 0;
	link->came = 0;
	if (!echo_message_read(link->in, link->size, ECHO_ASKS, number) ||
	    *number != link->coming++) {
		link->why = "what came back is not what was sent";
		return -EBADMSG;
	}
	return 1;
}

static void stream_close(struct echo_link *link)
{
	transport_close(link->connection.transport);
}

const struct echo_link_ops echo_stream_ops = {
	.open = stream_open,
	.send = stream_send,
	.receive = stream_receive,
	.close = stream_close,
};
