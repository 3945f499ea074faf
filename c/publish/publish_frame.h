/* SPDX-License-Identifier: MIT */
/*
 * What the paths over a packet socket share: frames of our own making, past
 * UDP and IP. A path's struct begins with a struct publish_frame. Who listens
 * on this very host does not hear them.
 */
#ifndef PUBLISH_PUBLISH_FRAME_H
#define PUBLISH_PUBLISH_FRAME_H

#include <stdbool.h>

#include "publish/publish_path_ops.h"
#include "wire/frame.h"

#define PUBLISH_FRAME_MAX 2048

struct publish_frame {
	struct publish_path path;
	bool qdisc_bypass;
	int port; /* a socket that keeps our source port from others */
	struct frame_header header; /* of each frame */
};

#define PUBLISH_FRAME_ROWS                                                \
	{                                                                 \
		.name = "qdisc_bypass", .metavar = "on|off", .def = "on", \
		.type = OPTION_FLAG,                                      \
		.offset = offsetof(struct publish_frame, qdisc_bypass),   \
		.help = "straight to the driver's queue "                 \
			"(PACKET_QDISC_BYPASS)"                           \
	}

/* Reserve our source port and fill in all of a frame's headers. 0 or a negative
 * errno, logged; gives everything back on failure. */
int publish_frame_prepare(struct publish_frame *self, const char *what);

/* The same, and open a packet socket, not bound yet: path->fd.
 * what: "--send packet". */
int publish_frame_open(struct publish_frame *self, const char *what);

/* Bind it to the interface: from now on it sends. The same. */
int publish_frame_bind(struct publish_frame *self, const char *what);

void publish_frame_close(struct publish_frame *self);

/* HOT. Build the frame of this datagram. Its length; -EMSGSIZE: longer than
 * size or the interface's MTU. */
int publish_frame_build(struct publish_frame *self,
			const struct iovec *datagram, uint8_t *bytes,
			size_t size);

#endif
