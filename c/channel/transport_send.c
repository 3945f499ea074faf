/* SPDX-License-Identifier: MIT */
/* One send(2) an order. */
#include <errno.h>

#include "base/syscall.h"
#include "channel/transport_ops.h"
#include "net/socket_options.h"

struct transport_plain {
	struct transport transport;
	struct socket_options tuning;
};

#define TUNING(name, index, unit, about) \
	SOCKET_OPTION(name, struct transport_plain, tuning, index, unit, about)

static const struct option_row options[] = {
	TUNING("nodelay", SOCKET_NODELAY, "on|off",
	       "send at once (TCP_NODELAY); the connection has it on"),
	TUNING("quickack", SOCKET_QUICKACK, "on|off",
	       "acknowledge at once (TCP_QUICKACK); not for good"),
	TUNING("tos", SOCKET_TOS, "N", "type of service on the wire (IP_TOS)"),
	TUNING("priority", SOCKET_PRIORITY, "N",
	       "in the queueing discipline (SO_PRIORITY)"),
	TUNING("sndbuf", SOCKET_SNDBUF, "BYTES", "SO_SNDBUF"),
	TUNING("sndlowat", SOCKET_SNDLOWAT, "BYTES",
	       "SO_SNDLOWAT, which Linux does not let anyone set"),
	TUNING("rcvlowat", SOCKET_RCVLOWAT, "BYTES", "SO_RCVLOWAT"),
	TUNING("notsent_lowat", SOCKET_NOTSENT_LOWAT, "BYTES",
	       "writable below so many unsent bytes (TCP_NOTSENT_LOWAT)"),
	TUNING("busy_poll", SOCKET_BUSY_POLL, "US", "SO_BUSY_POLL"),
	TUNING("incoming_cpu", SOCKET_INCOMING_CPU, "CPU", "SO_INCOMING_CPU"),
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
	.open = send_open,
	.send = send_send,
};
