/* SPDX-License-Identifier: MIT */
/* One send(2) an order. */
#include <errno.h>
#include <sys/socket.h>

#include "channel/transport_ops.h"

static int send_send(struct transport *transport, const uint8_t *bytes,
		     size_t len)
{
	while (len > 0) {
		ssize_t sent = send(transport->fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0) {
			/* Half an order can't be left behind. */
			if (errno == EINTR)
				continue;
			return -errno;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

const struct transport_ops transport_send_ops = {
	.name = "send",
	.help = "send(2) on the connected socket",
	.size = sizeof(struct transport),
	.send = send_send,
};
