/* SPDX-License-Identifier: MIT */
/* Whole frames by one sendmmsg(2) on a packet socket. packet(7). */
#include <errno.h>
#include <sys/socket.h>

#include "base/privileges.h"
#include "send/send_packet.h"

struct send_packet_plain {
	struct send_packet packet;
	struct iovec frames[SEND_PATH_BURST_MAX];
	struct mmsghdr messages[SEND_PATH_BURST_MAX];
	uint8_t bytes[SEND_PATH_BURST_MAX][SEND_PACKET_FRAME_MAX];
};

static const struct option_row packet_options[] = {
	SEND_PACKET_ROWS,
	OPTION_END,
};

static struct send_packet_plain *packet_self(struct send_path *path)
{
	return container_of(path, struct send_packet_plain, packet.path);
}

static int packet_open(struct send_path *path)
{
	struct send_packet_plain *self = packet_self(path);
	int err = send_packet_open(&self->packet, "--send packet");

	if (err)
		return err;
	err = send_packet_bind(&self->packet, "--send packet");
	if (err) {
		send_packet_close(&self->packet);
		return err;
	}
	for (unsigned int i = 0; i < SEND_PATH_BURST_MAX; i++) {
		self->frames[i].iov_base = self->bytes[i];
		self->messages[i].msg_hdr.msg_iov = &self->frames[i];
		self->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static int packet_send(struct send_path *path, const struct iovec *datagrams,
		       unsigned int count)
{
	struct send_packet_plain *self = packet_self(path);
	int n;

	for (unsigned int i = 0; i < count; i++) {
		int len = send_packet_build(&self->packet, &datagrams[i],
					    self->bytes[i],
					    SEND_PACKET_FRAME_MAX);

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

static void packet_close(struct send_path *path)
{
	send_packet_close(&packet_self(path)->packet);
}

const struct send_path_ops send_packet_ops = {
	.entry.name = "packet",
	.privileges = PRIVILEGES_FRAMES,
	.entry.help =
		"whole frames by sendmmsg(2) on a packet socket, past UDP and "
		"IP",
	.entry.size = sizeof(struct send_packet_plain),
	.entry.options = packet_options,
	.open = packet_open,
	.send = packet_send,
	.close = packet_close,
};
