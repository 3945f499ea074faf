/* SPDX-License-Identifier: MIT */
/*
 * Sends that the kernel does not copy: MSG_ZEROCOPY, whose end is told on the
 * socket's error queue, or io_uring's SEND_ZC, which completes twice: sent,
 * then done with the bytes.
 */
#include <errno.h>
#include <sys/socket.h>

#include "channel/transport_ops.h"
#include "net/zerocopy.h"

#define WAIT_MS 100

struct transport_zerocopy {
	struct transport transport;
	struct zerocopy_choice choice;
	struct zerocopy zerocopy;
};

static const struct option_row zerocopy_options[] = {
	ZEROCOPY_ROWS(struct transport_zerocopy, choice),
	OPTION_END,
};

static struct transport_zerocopy *zerocopy_self(struct transport *transport)
{
	return container_of(transport, struct transport_zerocopy, transport);
}

static int zerocopy_open_transport(struct transport *transport)
{
	struct transport_zerocopy *self = zerocopy_self(transport);

	return zerocopy_open(&self->zerocopy, transport->fd, &self->choice,
			     "--transport zerocopy");
}

static ssize_t piece_send(struct zerocopy *zerocopy, const uint8_t *bytes,
			  size_t len)
{
	ssize_t sent = zerocopy_send(zerocopy, bytes, len, MSG_NOSIGNAL);

	if (sent != -ENOBUFS)
		return sent == -EINTR ? 0 : sent;
	return zerocopy_wait(zerocopy, WAIT_MS);
}

static int zerocopy_send_all(struct transport *transport, const uint8_t *bytes,
			     size_t len)
{
	struct transport_zerocopy *self = zerocopy_self(transport);

	while (len > 0) {
		ssize_t sent = piece_send(&self->zerocopy, bytes, len);

		if (sent < 0)
			return (int)sent;
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

static void zerocopy_close_transport(struct transport *transport)
{
	zerocopy_close(&zerocopy_self(transport)->zerocopy);
}

const struct transport_ops transport_zerocopy_ops = {
	.name = "zerocopy",
	.help = "MSG_ZEROCOPY or SEND_ZC: from pages that the kernel sends "
		"without a copy",
	.size = sizeof(struct transport_zerocopy),
	.options = zerocopy_options,
	.open = zerocopy_open_transport,
	.send = zerocopy_send_all,
	.close = zerocopy_close_transport,
};
