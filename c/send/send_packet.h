/* SPDX-License-Identifier: MIT */
/*
 * What the paths over a packet socket share: frames of our own making, past
 * UDP and IP. A path's struct begins with a struct send_packet. Who listens on
 * this very host does not hear them.
 */
#ifndef SEND_SEND_PACKET_H
#define SEND_SEND_PACKET_H

#include <stdbool.h>

#include "send/send_path_ops.h"
#include "wire/frame.h"

#define SEND_PACKET_FRAME_MAX 2048

struct send_packet {
	struct send_path path;
	bool qdisc_bypass;
	int port; /* a socket that keeps our source port from others */
	struct frame_ethernet ethernet;
	struct frame frame; /* all but its payload */
};

#define SEND_PACKET_ROWS                                                    \
	{                                                                   \
		.name = "qdisc_bypass", .value = "on|off", .initial = "on", \
		.type = OPTION_FLAG,                                        \
		.offset = offsetof(struct send_packet, qdisc_bypass),       \
		.help = "straight to the driver's queue "                   \
			"(PACKET_QDISC_BYPASS)"                             \
	}

/* Reserve our source port and fill in all of a frame's headers. 0 or a negative
 * errno, logged; gives everything back on failure. */
int send_packet_prepare(struct send_packet *self, const char *what);

/* The same, and open a packet socket, not bound yet: path->fd.
 * what: "--send packet". */
int send_packet_open(struct send_packet *self, const char *what);

/* Bind it to the interface: from now on it sends. The same. */
int send_packet_bind(struct send_packet *self, const char *what);

void send_packet_close(struct send_packet *self);

/* HOT. Build the frame of this datagram. Its length; -EMSGSIZE: longer than
 * size or the interface's MTU. */
int send_packet_build(struct send_packet *self, const struct iovec *datagram,
		      uint8_t *bytes, size_t size);

#endif
