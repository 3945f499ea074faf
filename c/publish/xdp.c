/* SPDX-License-Identifier: MIT */
/* AF_XDP: whole frames from memory shared with the driver, past the kernel's
 * stack. Documentation/networking/af_xdp.rst. */
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/privileges.h"
#include "net/xdp_socket.h"
#include "publish/publish_frame.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#define WHAT "--send xdp"

struct send_xdp {
	struct publish_frame packet; /* for its frames alone */
	struct xdp_socket socket;
	uint64_t queue;
	unsigned int mode;
	bool wakeup;
};

static const struct option_row xdp_options[] = {
	{ .name = "queue",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 4095,
	  .offset = offsetof(struct send_xdp, queue),
	  .help = "transmit queue" },
	XDP_SOCKET_MODE_ROW(struct send_xdp, mode),
	XDP_SOCKET_WAKEUP_ROW(struct send_xdp, wakeup),
	OPTION_END,
};

static struct send_xdp *xdp_self(struct publish_path *path)
{
	return container_of(path, struct send_xdp, packet.path);
}

static int xdp_open(struct publish_path *path)
{
	struct send_xdp *self = xdp_self(path);
	int err = publish_frame_prepare(&self->packet, WHAT);

	if (err)
		return err;
	const struct xdp_socket_config config = {
		.who = WHAT,
		.interface = path->config.interface->name,
		.queue = (unsigned int)self->queue,
		.mode = self->mode,
		.frames = XDP_SOCKET_BURST_MAX,
		.need_wakeup = self->wakeup,
	};

	err = xdp_socket_open(&self->socket, &config);
	if (err)
		close(self->packet.port);
	else
		path->fd = self->socket.fd;
	return err;
}

/* The path's errors: of a frame that the driver drops the sender may try again,
 * for the link's other end may be down or full. */
static int refusal(int err)
{
	return err == -EBUSY ? -ENOBUFS : err;
}

/* One kick a datagram, so that each is known to have left. What an interface
 * that goes down leaves queued (one frame) goes out first when it is up. */
static int xdp_send(struct publish_path *path, const struct iovec *datagrams,
		    unsigned int count)
{
	struct send_xdp *self = xdp_self(path);
	int err = xdp_socket_flush(&self->socket);

	for (unsigned int i = 0; i < count && !err; i++) {
		uint8_t *bytes = xdp_socket_frame(&self->socket);
		int len;

		if (!bytes)
			return i ? (int)i : -ENOBUFS;
		len = publish_frame_build(&self->packet, &datagrams[i], bytes,
					  XDP_SOCKET_FRAME_MAX);
		if (len < 0)
			return i ? (int)i : len;
		err = xdp_socket_send(&self->socket, (uint32_t)len);
		if (err)
			return i ? (int)i : refusal(err);
		if (self->socket.queued)
			return (int)i + 1;
	}
	return err ? refusal(err) : (int)count;
}

static void xdp_close(struct publish_path *path)
{
	struct send_xdp *self = xdp_self(path);

	xdp_socket_close(&self->socket);
	close(self->packet.port);
}

#endif

const struct publish_path_ops publish_xdp_ops = {
	.entry.name = "xdp",
	.privileges = PRIVILEGES_FRAMES,
	.entry.help = "AF_XDP: whole frames, bypassing the kernel's stack",
#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)
	.entry.size = sizeof(struct send_xdp),
	.entry.options = xdp_options,
	.entry.probe = xdp_socket_probe,
	.open = xdp_open,
	.send = xdp_send,
	.close = xdp_close,
#else
	.entry.unavailable_reason = "built without libxdp and libbpf",
#endif
};
