/* SPDX-License-Identifier: MIT */
/* Whole frames by one sendmmsg(2) on a packet socket. packet(7). */
#include <errno.h>
#include <sys/socket.h>

#include "base/privileges.h"
#include "publish/publish_frame.h"

struct publish_frame_plain {
	struct publish_frame packet;
	struct iovec frames[PUBLISH_PATH_BURST_MAX];
	struct mmsghdr messages[PUBLISH_PATH_BURST_MAX];
	uint8_t bytes[PUBLISH_PATH_BURST_MAX][PUBLISH_FRAME_MAX];
};

static const struct option_row packet_options[] = {
	PUBLISH_FRAME_ROWS,
	OPTION_END,
};

static struct publish_frame_plain *packet_self(struct publish_path *path)
{
	return container_of(path, struct publish_frame_plain, packet.path);
}

static int packet_open(struct publish_path *path)
{
	struct publish_frame_plain *self = packet_self(path);
	int err = publish_frame_open(&self->packet, "--send packet");

	if (err)
		return err;
	err = publish_frame_bind(&self->packet, "--send packet");
	if (err) {
		publish_frame_close(&self->packet);
		return err;
	}
	for (unsigned int i = 0; i < PUBLISH_PATH_BURST_MAX; i++) {
		self->frames[i].iov_base = self->bytes[i];
		self->messages[i].msg_hdr.msg_iov = &self->frames[i];
		self->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static int packet_send(struct publish_path *path, const struct iovec *datagrams,
		       unsigned int count)
{
	struct publish_frame_plain *self = packet_self(path);
	int n;

	for (unsigned int i = 0; i < count; i++) {
		int len =
			publish_frame_build(&self->packet, &datagrams[i],
					    self->bytes[i], PUBLISH_FRAME_MAX);

		if (len < 0 && i == 0)
			return len;
		/* Those before it go; the next call meets it again. */
		if (len < 0)
			count = i;
		else
			self->frames[i].iov_len = (size_t)len;
	}
	n = sendmmsg(path->fd, self->messages, count, 0);
	return n < 0 ? -errno : n;
}

static void packet_close(struct publish_path *path)
{
	publish_frame_close(&packet_self(path)->packet);
}

const struct publish_path_ops publish_packet_ops = {
	.entry.name = "packet",
	.privileges = PRIVILEGES_FRAMES,
	.entry.help =
		"whole frames by sendmmsg(2) on a packet socket, past UDP and "
		"IP",
	.entry.size = sizeof(struct publish_frame_plain),
	.entry.options = packet_options,
	.open = packet_open,
	.send = packet_send,
	.close = packet_close,
};
