/* SPDX-License-Identifier: MIT */
/* Transports, for those who write one: one file, one const table, last and
 * its only global symbol; then a line in transport.c's list. */
#ifndef CHANNEL_TRANSPORT_OPS_H
#define CHANNEL_TRANSPORT_OPS_H

#include "base/mem.h"
#include "base/option.h"
#include "channel/transport.h"

struct transport_ops {
	const char *name;
	const char *help;
	const char *absent; /* as in receive_ops */
	size_t size; /* of the backend's struct, which begins with its member
			`struct transport transport`; container_of */
	const struct option_row *options;

	/* Can this host run it? As in receive_ops; NULL: any host can. */
	int (*probe)(const char **why);

	/* Make the connection without a kernel socket: transport->fd stays
	 * -1, and open() is not called. May block. 0, -EINTR when *stop was
	 * set, or a negative errno, logged; gives everything back on failure.
	 * NULL: a socket is connected and handed to open(). */
	int (*connect)(struct transport *transport,
		       const struct transport_config *config);

	/* Set up on transport->fd. Gives everything back on failure.
	 * Optional. */
	int (*open)(struct transport *transport);

	/* HOT. Send all of bytes. 0, or a negative errno: the connection is
	 * of no more use (-EPIPE, -ECONNRESET). Waits while the peer's window
	 * is closed. Never raises SIGPIPE. bytes may be reused on return: what
	 * sends them later keeps a copy. The thread need not be that of
	 * open(); two at once are not allowed. */
	int (*send)(struct transport *transport, const uint8_t *bytes,
		    size_t len);

	/* As transport_alive(). Needed with connect(), else NULL. */
	int (*alive)(struct transport *transport);

	/* As transport_port(). Needed with connect(), else NULL. */
	uint16_t (*port)(const struct transport *transport);

	/* Give back what open() or connect() took. Optional. */
	void (*close)(struct transport *transport);
};

/* HOT. */
static inline int transport_send(struct transport *transport,
				 const uint8_t *bytes, size_t len)
{
	return transport->ops->send(transport, bytes, len);
}

#endif
