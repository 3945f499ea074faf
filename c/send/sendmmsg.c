/* SPDX-License-Identifier: MIT */
/* One sendmmsg(2) for all that is due. */
#include <errno.h>
#include <sys/socket.h>

#include "send/send_socket.h"

struct send_sendmmsg {
	struct send_path path;
	struct mmsghdr messages[SEND_PATH_BURST_MAX];
};

static int sendmmsg_send(struct send_path *path, const struct iovec *datagrams,
			 unsigned int count)
{
	struct send_sendmmsg *self =
		container_of(path, struct send_sendmmsg, path);
	int n;

	for (unsigned int i = 0; i < count; i++) {
		self->messages[i].msg_hdr.msg_iov =
			(struct iovec *)(uintptr_t)&datagrams[i];
		self->messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(path->fd, self->messages, count, 0);
	return n < 0 ? -errno : n;
}

const struct send_path_ops send_sendmmsg_ops = {
	.entry.name = "sendmmsg",
	.entry.help = "one sendmmsg(2) for all that is due",
	.entry.size = sizeof(struct send_sendmmsg),
	.open = send_socket_open,
	.send = sendmmsg_send,
	.close = send_socket_close,
};
