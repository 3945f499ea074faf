/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection over an AF_XDP socket: lwIP keeps it, in this process, and
 * its segments leave and arrive in the socket's frames, so that no socket of
 * the kernel is on its way. It has the interface's own address, and a port
 * that the kernel holds for it; the XDP program hands over what belongs to
 * exactly these two ends, so that the kernel never sees it. Should the process
 * die, program and port go, and the kernel's RST tells the peer.
 *
 * Only a peer on the interface's own link is reached. One thread at a time
 * may use the streams of a process: lwIP is one.
 *
 * RFC 9293; lwIP's raw API, https://www.nongnu.org/lwip/2_1_x/raw_api.html.
 */
#ifndef NET_XDP_STREAM_H
#define NET_XDP_STREAM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "net/xdp_socket.h"

struct xdp_stream;

/* NULL, or why this build has none. */
const char *xdp_stream_absent(void);

/*
 * Connect; tries again while the peer refuses, until timeout_ms have passed,
 * or until *stop is set (stop may be NULL): then -EINTR, silent. The socket
 * must be the caller's alone and outlive the stream. Frames of other flows
 * that arrive meanwhile stay where they are. 0 or a negative errno, logged:
 * -EHOSTUNREACH, -ECONNREFUSED, -ETIMEDOUT.
 */
int xdp_stream_connect(struct xdp_socket *xs, const struct sockaddr_in *peer,
		       unsigned int timeout_ms, const volatile int *stop,
		       struct xdp_stream **stream);

/* HOT. Send all of bytes, which may be reused on return. While the peer's
 * window is closed it waits, and takes no frame of other flows. 0 or the
 * negative errno that the connection ended with. lwIP allocates. */
int xdp_stream_send(struct xdp_stream *stream, const uint8_t *bytes,
		    size_t len);

/* 0; -EPIPE when the peer has closed it, -ECONNRESET, -ETIMEDOUT. Bytes that
 * it sends are dropped. */
int xdp_stream_alive(const struct xdp_stream *stream);

/* Waits until the peer has all (2 s at most), then closes. */
void xdp_stream_close(struct xdp_stream *stream);

#endif
