/* SPDX-License-Identifier: MIT */
/* One send(2) an order; and the exchange's end of all that goes by TCP. */
#include <errno.h>

#include "base/syscall.h"
#include "net/socket.h"
#include "net/socket_options.h"
#include "order/order_end.h"
#include "order/transport_ops.h"

struct transport_plain {
	struct transport transport;
	struct socket_options tuning;
};

#define ROW(...) SOCKET_OPTION(struct transport_plain, tuning, __VA_ARGS__)

static const struct option_row options[] = {
	SOCKET_OPTIONS(ROW),
	OPTION_END,
};

static int send_open(struct transport *transport)
{
	struct transport_plain *self =
		container_of(transport, struct transport_plain, transport);

	return socket_options_apply(transport->fd, &self->tuning,
				    "--transport send");
}

static ssize_t send_send(struct transport *transport, const uint8_t *bytes,
			 size_t len)
{
	ssize_t sent = syscall_send(transport->fd, bytes, len,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

	return sent == -EAGAIN || sent == -EINTR ? 0 : sent;
}

/* Its options are of the trader's end. */
static int send_listen(struct transport *transport,
		       const struct transport_place *place)
{
	transport->fd = socket_listen(&place->address, place->backlog);
	return transport->fd < 0 ? transport->fd : 0;
}

static int send_accept(struct transport *transport, struct order_end **end)
{
	struct sockaddr_in peer;
	int fd = socket_accept(transport->fd, &peer);

	if (fd < 0)
		return fd;
	*end = order_end_socket(fd, &peer);
	return *end ? 0 : -ENOMEM;
}

const struct transport_ops transport_send_ops = {
	.entry.name = "send",
	.entry.help = "send(2) on the connected socket",
	.entry.size = sizeof(struct transport_plain),
	.entry.options = options,
	.kernel_tls = true,
	.socket_calls = true,
	.open = send_open,
	.send = send_send,
	.listen = send_listen,
	.accept = send_accept,
};
