/* SPDX-License-Identifier: MIT */
/* Transports, for those who write one: one file, one const table, last and
 * its only global symbol; then a line in transport.c's list. */
#ifndef ORDER_TRANSPORT_OPS_H
#define ORDER_TRANSPORT_OPS_H

#include <errno.h>

#include "base/mem.h"
#include "base/option.h"
#include "base/registry.h"
#include "order/transport.h"

struct transport_ops {
	struct registry_entry entry; /* first */

	/* What send() does, TLS of the kernel's under the socket does not mind:
	 * it is told nothing but bytes. */
	bool kernel_tls;

	/* It sends by calls on a kernel socket, which a library may take over
	 * (net/onload.h). */
	bool socket_calls;

	/* Make the connection without a kernel socket: transport->fd stays
	 * -1, and open() is not called. May block. 0, -EINTR when *stop was
	 * set, or a negative errno, logged; gives everything back on failure.
	 * NULL: a socket is connected and handed to open(). */
	int (*connect)(struct transport *transport,
		       const struct transport_config *config);

	/* Set up on transport->fd. Gives everything back on failure.
	 * Optional. */
	int (*open)(struct transport *transport);

	/* HOT. Hand over bytes (1..TRANSPORT_BYTES_MAX), without waiting for
	 * the peer. How many went, from the first on: fewer, or 0, when there
	 * is no room for more (its window is closed). A negative errno: the
	 * connection is of no more use (-EPIPE, -ECONNRESET). Never raises
	 * SIGPIPE. bytes may be reused on return: what sends them later keeps
	 * a copy. The thread need not be that of open(); two at once are not
	 * allowed. */
	ssize_t (*send)(struct transport *transport, const uint8_t *bytes,
			size_t len);

	/* Wait for room, at most timeout_ms, which may be 0. 0 or a negative
	 * errno, as send's; earlier than that is allowed. NULL: the
	 * descriptor tells (POLLOUT). */
	int (*wait)(struct transport *transport, unsigned int timeout_ms);

	/* Take at most len bytes (1 and more) of what the peer has sent,
	 * without waiting for it. How many; 0 when there are none now; a
	 * negative errno as transport_receive(). Needed with connect(); NULL:
	 * recv(2) on the descriptor. */
	ssize_t (*receive)(struct transport *transport, uint8_t *bytes,
			   size_t len);

	/* As transport_alive(). Needed with connect(); NULL: the descriptor
	 * tells (POLLRDHUP). */
	int (*alive)(struct transport *transport);

	/* As transport_port(). Needed with connect(), else NULL. */
	uint16_t (*port)(const struct transport *transport);

	/* Of the bytes that send() took, as transport_unacknowledged(). Needed
	 * with connect(), else NULL. */
	uint64_t (*unacknowledged)(const struct transport *transport);

	/* It is the peer's program that acknowledges, when it comes to it, and
	 * no kernel: silence does not say that nobody is there. */
	bool by_program;

	/* As transport_listen() and transport_accept(): transport->fd is the
	 * listener's. Both NULL: there is no such end. */
	int (*listen)(struct transport *transport,
		      const struct transport_place *place);
	int (*accept)(struct transport *transport, struct order_end **end);

	/* Give back what open(), connect() or listen() took, but for
	 * transport->fd. Optional. */
	void (*close)(struct transport *transport);
};

/* Of transport_send(): send() took n of them, fewer than there are. */
int transport_send_late(struct transport *transport, const uint8_t *bytes,
			size_t len, ssize_t n);

/*
 * HOT. Send all of bytes or none. 0; -EAGAIN: none has gone out, since our
 * buffers are full, or the peer's window is closed (transport_is_closed()); a
 * negative errno: the connection is of no more use. -EMSGSIZE: more than
 * TRANSPORT_BYTES_MAX.
 *
 * Waits for room, 0.2 s at most, and no more once the window is closed. Of
 * what has gone out in part the rest is kept, and goes first.
 */
static inline int transport_send(struct transport *transport,
				 const uint8_t *bytes, size_t len)
{
	ssize_t n = 0;

	if (__builtin_expect(len - 1 >= TRANSPORT_BYTES_MAX, 0))
		return len ? -EMSGSIZE : 0;
	if (__builtin_expect(!transport->rest_len && !transport->closed, 1))
		n = transport->ops->send(transport, bytes, len);
	if (__builtin_expect(n != (ssize_t)len, 0))
		return transport_send_late(transport, bytes, len, n);
	transport->taken += len;
	return 0;
}

/* The table that begins with the entry; NULL for NULL. */
static inline const struct transport_ops *transport_ops_of(
	const struct registry_entry *entry)
{
	return (const struct transport_ops *)entry;
}

/* Number i of the transports; NULL behind the last one. */
static inline const struct transport_ops *transport_kind(unsigned int i)
{
	return transport_ops_of(registry_at(&transports, i));
}

#endif
