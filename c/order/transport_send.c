/* SPDX-License-Identifier: MIT */
/* One send(2) an order. */
#include <errno.h>

#include "base/syscall.h"
#include "net/socket_options.h"
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

const struct transport_ops transport_send_ops = {
	.entry.name = "send",
	.entry.help = "send(2) on the connected socket",
	.entry.size = sizeof(struct transport_plain),
	.entry.options = options,
	.kernel_tls = true,
	.open = send_open,
	.send = send_send,
};
