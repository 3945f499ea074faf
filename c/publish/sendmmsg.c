/* SPDX-License-Identifier: MIT */
/* One sendmmsg(2) for all that is due. */
#include <errno.h>
#include <sys/socket.h>

#include "publish/publish_socket.h"

struct send_sendmmsg {
	struct publish_path path;
	struct mmsghdr messages[PUBLISH_PATH_BURST_MAX];
};

static int sendmmsg_send(struct publish_path *path,
			 const struct iovec *datagrams, unsigned int count)
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

const struct publish_path_ops publish_sendmmsg_ops = {
	.entry.name = "sendmmsg",
	.entry.help = "one sendmmsg(2) for all that is due",
	.entry.size = sizeof(struct send_sendmmsg),
	.open = publish_socket_open,
	.send = sendmmsg_send,
	.close = publish_socket_close,
};
