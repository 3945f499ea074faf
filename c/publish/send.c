/* SPDX-License-Identifier: MIT */
/* One send(2) a datagram. */
#include <errno.h>
#include <sys/socket.h>

#include "publish/publish_socket.h"

static int send_send(struct publish_path *path, const struct iovec *datagrams,
		     unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (send(path->fd, datagrams[i].iov_base, datagrams[i].iov_len,
			 0) < 0)
			return i ? (int)i : -errno;
	return (int)count;
}

const struct publish_path_ops publish_send_ops = {
	.entry.name = "send",
	.entry.help = "one send(2) a datagram",
	.entry.size = sizeof(struct publish_path),
	.open = publish_socket_open,
	.send = send_send,
	.close = publish_socket_close,
};
