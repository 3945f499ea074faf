/* SPDX-License-Identifier: MIT */
/*
 * Sends that the kernel does not copy: MSG_ZEROCOPY, whose end is told on the
 * socket's error queue, or io_uring's SEND_ZC, which completes twice: sent,
 * then done with the bytes.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/zerocopy.h"
#include "order/transport_ops.h"

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

static ssize_t zerocopy_send_all(struct transport *transport,
				 const uint8_t *bytes, size_t len)
{
	ssize_t sent = zerocopy_send(&zerocopy_self(transport)->zerocopy, bytes,
				     len, MSG_NOSIGNAL | MSG_DONTWAIT);

	switch (sent) {
	case -EAGAIN:
	case -EINTR:
	case -ENOBUFS:
		return 0;
	}
	return sent;
}

/* A send that is done with gives back its slot and its room alike. */
static int zerocopy_wait_transport(struct transport *transport,
				   unsigned int timeout_ms)
{
	struct zerocopy *zerocopy = &zerocopy_self(transport)->zerocopy;
	struct pollfd room = { .fd = transport->fd, .events = POLLOUT };

	if (zerocopy->under_way)
		return zerocopy_wait(zerocopy, (int)timeout_ms);
	poll(&room, 1, (int)timeout_ms);
	return 0;
}

static void zerocopy_close_transport(struct transport *transport)
{
	zerocopy_close(&zerocopy_self(transport)->zerocopy);
}

const struct transport_ops transport_zerocopy_ops = {
	.entry.name = "zerocopy",
	.entry.help =
		"MSG_ZEROCOPY or SEND_ZC: from pages that the kernel sends "
		"without a copy",
	.entry.size = sizeof(struct transport_zerocopy),
	.entry.options = zerocopy_options,
	.open = zerocopy_open_transport,
	.send = zerocopy_send_all,
	.wait = zerocopy_wait_transport,
	.close = zerocopy_close_transport,
};
