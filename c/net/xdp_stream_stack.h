/* SPDX-License-Identifier: MIT */
/* What a stream is made of: lwIP between its frames and its bytes. For
 * net/xdp_stream alone. */
#ifndef NET_XDP_STREAM_STACK_H
#define NET_XDP_STREAM_STACK_H

#include "net/xdp_link.h"
#include "net/xdp_stream.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF) && defined(HAVE_LWIP)

#include <stdbool.h>
/* After the system's: it takes what they have defined. */
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

struct xdp_stream {
	struct xdp_socket *xs;
	struct tcp_pcb *pcb; /* NULL once lwIP has freed it */
	int error;	     /* what the connection ended with */
	bool connected;
	struct xdp_link link;
	struct xdp_socket_listener listener;
	struct netif netif;
	struct xdp_program_flow flow;
	int port_fd; /* holds the port */
	const volatile int *stop;
	uint64_t sent, acknowledged; /* bytes */
	uint64_t followed_ns;
	uint32_t answered;    /* the peer's last number, as last seen */
	uint64_t answered_ns; /* and when it was the first time */
};

/* An interface of lwIP's on the stream's link and socket, whose listener it
 * becomes. 0 or a negative errno, silent. */
int xdp_stream_stack_open(struct xdp_stream *stream);
void xdp_stream_stack_close(struct xdp_stream *stream);

/* Begin a connection between the two ends of stream->flow. 0 or a negative
 * errno, silent. */
int xdp_stream_stack_connect(struct xdp_stream *stream);

/* Take what the kernel knows of the link by now, and send again what went
 * elsewhere; and ask for who does not answer. A system call. */
void xdp_stream_stack_follow(struct xdp_stream *stream);

/* The same, for loops that wait: 100 times a second. */
void xdp_stream_stack_follow_due(struct xdp_stream *stream);

#endif
#endif
