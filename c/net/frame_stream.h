/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection over a frame port: lwIP keeps it, in this process, and its
 * segments leave and arrive in the port's frames, so that no socket of the
 * kernel is on its way. It has the interface's own address, and a TCP port
 * that the kernel holds for it; the frame port hands over what belongs to
 * exactly these two ends, so that the kernel never sees it. Should the process
 * die, both ports go, and the kernel's RST tells the peer.
 *
 * The peer, or the gateway on the way to it, must be on the interface's own
 * link; the way is followed as it changes. One thread at a time may use the
 * streams of a process: lwIP is one.
 *
 * RFC 9293; lwIP's raw API, https://www.nongnu.org/lwip/2_1_x/raw_api.html.
 */
#ifndef NET_FRAME_STREAM_H
#define NET_FRAME_STREAM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/frame_port.h"

struct frame_stream;

/* NULL, or why this build has none. */
const char *frame_stream_absent(void);

/*
 * Connect; tries again while the peer refuses, until timeout_ms have passed,
 * or until *stop is set (stop may be NULL): then -EINTR, silent. The port
 * must be the caller's alone and outlive the stream. Frames of other flows
 * that arrive meanwhile stay where they are. 0 or a negative errno, logged:
 * -EHOSTUNREACH, -ECONNREFUSED, -ETIMEDOUT.
 */
int frame_stream_connect(struct frame_port *port,
			 const struct sockaddr_in *peer,
			 unsigned int timeout_ms, const volatile int *stop,
			 struct frame_stream **stream);

#define FRAME_STREAM_SEND_MAX 16384

/* HOT. Send len bytes, at most FRAME_STREAM_SEND_MAX of them, which may be
 * reused on return. How many were taken: all of these, or 0 when there is no
 * room for them, since the peer's window is closed; or the negative errno that
 * the connection ended with. Never waits; without room it takes in what the
 * peer has acknowledged, and other flows' frames stay for the next takes, as
 * many as there is room for. lwIP allocates. */
ssize_t frame_stream_send(struct frame_stream *stream, const uint8_t *bytes,
			  size_t len);

/* The port that the peer sees, host order. */
uint16_t frame_stream_port(const struct frame_stream *stream);

/* Wait until there is room again, at most timeout_ms, and leave other flows'
 * frames for the next takes. 0, or as send's. */
int frame_stream_wait(struct frame_stream *stream, unsigned int timeout_ms);

/* Bytes that were taken and that the peer has not acknowledged; also when the
 * connection is over. */
uint64_t frame_stream_unacknowledged(const struct frame_stream *stream);

/* To be called now and then, 10 times a second or more: follows the way to
 * the peer (one system call), since its Ethernet address may change. 0; -EPIPE
 * when the peer has closed it, -ECONNRESET, -ETIMEDOUT. */
int frame_stream_alive(struct frame_stream *stream);

/* What the peer has sent, without waiting for it: how many bytes, at most len;
 * 0 when there are none now; or as frame_stream_alive(), which it does too.
 * Other flows' frames stay for the next takes. */
ssize_t frame_stream_receive(struct frame_stream *stream, uint8_t *bytes,
			     size_t len);

/* Waits until the peer has all (2 s at most, 0.3 s once the *stop of connect
 * is set), then closes. */
void frame_stream_close(struct frame_stream *stream);

#endif
