/* SPDX-License-Identifier: MIT */
/* AF_XDP: the group's frames in memory shared with the driver, past the
 * kernel's stack; all else is left to the kernel. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/privileges.h"
#include "net/xdp_socket.h"
#include "receive/receive_frames.h"
#include "receive/receive_interface.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

_Static_assert(RECEIVE_BURST_MAX <= XDP_SOCKET_BURST_MAX, "a burst fits");

struct receive_xdp {
	struct receive_interface interface;
	struct xdp_socket socket;
	struct receive_frames frames;
	/* Of a burst, what found no room: a merged frame makes more. */
	struct frame_port_frame rest[RECEIVE_BURST_MAX];
	unsigned int rest_next, rest_count;
	uint64_t queue;
	unsigned int mode;
	uint64_t frame_count;
	bool wakeup;
	uint64_t busy_poll;
	bool huge_pages;
};

static const struct option_row xdp_options[] = {
	{ .name = "queue",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 4095,
	  .offset = offsetof(struct receive_xdp, queue),
	  .help = "receive queue; packets on others are not seen" },
	XDP_SOCKET_MODE_ROW(struct receive_xdp, mode),
	{ .name = "frames",
	  .metavar = "N",
	  .def = "8192",
	  .type = OPTION_UNSIGNED,
	  .min = XDP_SOCKET_BURST_MAX,
	  .max = 65536,
	  .offset = offsetof(struct receive_xdp, frame_count),
	  .help = "packets there is room for, 2 KiB each" },
	XDP_SOCKET_WAKEUP_ROW(struct receive_xdp, wakeup),
	{ .name = "busy_poll",
	  .metavar = "US",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 1000000,
	  .offset = offsetof(struct receive_xdp, busy_poll),
	  .help = "SO_BUSY_POLL: run the driver's poll; 0: off" },
	{ .name = "huge_pages",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct receive_xdp, huge_pages),
	  .help = "frames in huge pages that are free, whoever\n"
		  "reserved them" },
	OPTION_END,
};

static int xdp_probe(const char **why)
{
	return xdp_socket_probe(why);
}

static int xdp_open(struct receive *receive)
{
	struct receive_xdp *rx =
		container_of(receive, struct receive_xdp, interface.receive);
	const struct xdp_socket_config config = {
		.who = "--receive xdp",
		.interface = receive->config.interface,
		.flow = { .protocol = IPPROTO_UDP,
			  .destination = receive->config.group,
			  .source.sin_addr = receive->config.source },
		.queue = (unsigned int)rx->queue,
		.mode = rx->mode,
		.frames = (unsigned int)rx->frame_count,
		.busy_poll_us = (unsigned int)rx->busy_poll,
		.need_wakeup = rx->wakeup,
		.huge_pages = rx->huge_pages,
	};
	int err = xdp_socket_open(&rx->socket, &config);

	if (err)
		return err;
	receive->frames = &rx->socket.port;
	return 0;
}

/* The rest of a merged frame and of its burst, before the next burst is taken,
 * which gives the frames back. */
__attribute__((cold, noinline)) static int rest_take(struct receive_xdp *rx,
						     struct packet *packets,
						     unsigned int max)
{
	int count = receive_frames_more(&rx->frames, packets, max);

	while (rx->rest_next < rx->rest_count && count < (int)max) {
		const struct frame_port_frame *frame =
			&rx->rest[rx->rest_next++];

		if (receive_frames_odd(&rx->frames, frame->bytes, frame->len,
				       xdp_socket_merged(&rx->socket, frame),
				       &packets[count]))
			count++;
		count += receive_frames_more(&rx->frames, packets + count,
					     max - (unsigned int)count);
	}
	return count;
}

static bool rest_waits(const struct receive_xdp *rx)
{
	return rx->frames.left || rx->rest_next < rx->rest_count;
}

/* HOT. The datagram of a frame; false: it is for rest_take(). */
static inline bool plain_take(const struct receive_xdp *rx,
			      const struct frame_port_frame *frame,
			      struct packet *packet)
{
	packet->kernel_ns = 0;
	return !xdp_socket_merged(&rx->socket, frame) &&
	       receive_frames_plain(frame->bytes, frame->len, packet);
}

static int xdp_poll(struct receive *receive, struct packet *packets,
		    unsigned int max)
{
	struct receive_xdp *rx =
		container_of(receive, struct receive_xdp, interface.receive);
	struct frame_port_frame frames[RECEIVE_BURST_MAX];
	int n, i;

	if (__builtin_expect(rest_waits(rx), 0))
		return rest_take(rx, packets, max);
	n = xdp_socket_take(&rx->socket, frames, max);
	for (i = 0; i < n; i++)
		if (__builtin_expect(!plain_take(rx, &frames[i], &packets[i]),
				     0))
			break;
	if (__builtin_expect(i >= n, 1))
		return n;
	rx->rest_next = 0;
	rx->rest_count = (unsigned int)(n - i);
	memcpy(rx->rest, &frames[i], rx->rest_count * sizeof(*frames));
	return i + rest_take(rx, packets + i, max - (unsigned int)i);
}

static int xdp_descriptor(struct receive *receive)
{
	struct receive_xdp *rx =
		container_of(receive, struct receive_xdp, interface.receive);

	/* What a scan has put aside is no longer the kernel's to tell of. */
	if (rest_waits(rx) || rx->socket.aside_count)
		return -EAGAIN;
	return rx->socket.fd;
}

static uint64_t xdp_drops(struct receive *receive)
{
	struct receive_xdp *rx =
		container_of(receive, struct receive_xdp, interface.receive);

	return xdp_socket_lost(&rx->socket) + receive_frames_drops(&rx->frames);
}

static void xdp_close(struct receive *receive)
{
	struct receive_xdp *rx =
		container_of(receive, struct receive_xdp, interface.receive);

	receive_frames_tell(&rx->frames, "--receive xdp");
	xdp_socket_close(&rx->socket);
}

#endif

const struct receive_ops receive_xdp_ops = {
	.entry.name = "xdp",
	.entry.help = "AF_XDP: frames, bypassing the kernel's stack; "
		      "occupies one CPU",
	.caps = RECEIVE_BYPASS | RECEIVE_EXCLUSIVE | RECEIVE_FRAMES,
	.privileges = PRIVILEGES_FRAMES,
#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)
	.entry.size = sizeof(struct receive_xdp),
	.entry.options = xdp_options,
	.entry.probe = xdp_probe,
	.open = xdp_open,
	.join = receive_interface_join,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = xdp_poll,
	.descriptor = xdp_descriptor,
	.drops = xdp_drops,
	.close = xdp_close,
#else
	.entry.unavailable_reason = "built without libxdp and libbpf",
#endif
};
