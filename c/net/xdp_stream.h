/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection over an AF_XDP socket: lwIP keeps it, in this process, and
 * its segments leave and arrive in the socket's frames, so that no socket of
 * the kernel is on its way. It has the interface's own address, and a port
 * that the kernel holds for it; the XDP program hands over what belongs to
 * exactly these two ends, so that the kernel never sees it. Should the process
 * die, program and port go, and the kernel's RST tells the peer.
 *
 * The peer, or the gateway that the kernel's route to it has, must be on the
 * interface's own link; neighbour, link and route are followed as the kernel
 * changes them. One thread at a time
 * may use the streams of a process: lwIP is one.
 *
 * RFC 9293; lwIP's raw API, https://www.nongnu.org/lwip/2_1_x/raw_api.html.
 */
#ifndef NET_XDP_STREAM_H
#define NET_XDP_STREAM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

#define XDP_STREAM_SEND_MAX 16384

/* HOT. Send len bytes, at most XDP_STREAM_SEND_MAX of them, which may be reused
 * on return. How many were taken: all of these, or 0 when there is no room for
 * them, since the peer's window is closed; or the negative errno that the
 * connection ended with. Never waits; without room it takes in what the peer
 * has acknowledged, and other flows' frames stay for the next takes, as many
 * as there is room for. lwIP allocates. */
ssize_t xdp_stream_send(struct xdp_stream *stream, const uint8_t *bytes,
			size_t len);

/* The port that the peer sees, host order. */
uint16_t xdp_stream_port(const struct xdp_stream *stream);

/* Wait until there is room again, at most timeout_ms, and leave other flows'
 * frames for the next takes. 0, or as send's. */
int xdp_stream_wait(struct xdp_stream *stream, unsigned int timeout_ms);

/* Bytes that were taken and that the peer has not acknowledged; also when the
 * connection is over. */
uint64_t xdp_stream_unacknowledged(const struct xdp_stream *stream);

/* To be called now and then, 10 times a second or more: follows what the
 * kernel knows of the link and the peer (one system call), since the peer's
 * Ethernet address may change. 0; -EPIPE when the peer has closed it,
 * -ECONNRESET, -ETIMEDOUT. Bytes that it sends are dropped. */
int xdp_stream_alive(struct xdp_stream *stream);

/* Waits until the peer has all (2 s at most, 0.3 s once the *stop of connect
 * is set), then closes. */
void xdp_stream_close(struct xdp_stream *stream);

#endif
