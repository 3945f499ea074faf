/* SPDX-License-Identifier: MIT */
/* A datagram after the other, from pages that the kernel does not copy. */
#include <errno.h>

#include "net/zerocopy.h"
#include "publish/publish_socket.h"

struct send_zerocopy {
	struct publish_path path;
	struct zerocopy_choice choice;
	struct zerocopy zerocopy;
};

static const struct option_row zerocopy_options[] = {
	ZEROCOPY_ROWS(struct send_zerocopy, choice),
	OPTION_END,
};

static struct send_zerocopy *zerocopy_self(struct publish_path *path)
{
	return container_of(path, struct send_zerocopy, path);
}

static int zerocopy_open_path(struct publish_path *path)
{
	struct send_zerocopy *self = zerocopy_self(path);
	int err = publish_socket_open(path);

	if (err)
		return err;
	err = zerocopy_open(&self->zerocopy, path->fd, &self->choice,
			    "--send zerocopy");
	if (err)
		publish_socket_close(path);
	return err;
}

static int zerocopy_publish_path(struct publish_path *path,
				 const struct iovec *datagrams,
				 unsigned int count)
{
	struct zerocopy *zerocopy = &zerocopy_self(path)->zerocopy;

	for (unsigned int i = 0; i < count; i++) {
		ssize_t sent =
			datagrams[i].iov_len > ZEROCOPY_SLOT_LEN
				? -EMSGSIZE
				: zerocopy_send(zerocopy, datagrams[i].iov_base,
						datagrams[i].iov_len, 0);

		if (sent < 0)
			return i ? (int)i : (int)sent;
	}
	return (int)count;
}

static void zerocopy_close_path(struct publish_path *path)
{
	zerocopy_close(&zerocopy_self(path)->zerocopy);
	publish_socket_close(path);
}

const struct publish_path_ops publish_zerocopy_ops = {
	.entry.name = "zerocopy",
	.entry.help = "a datagram a call, by MSG_ZEROCOPY or SEND_ZC",
	.entry.size = sizeof(struct send_zerocopy),
	.entry.options = zerocopy_options,
	.open = zerocopy_open_path,
	.send = zerocopy_publish_path,
	.close = zerocopy_close_path,
};
