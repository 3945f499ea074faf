/* SPDX-License-Identifier: MIT */
/* What a stream is made of: lwIP between its frames and its bytes. For
 * net/frame_stream alone. */
#ifndef NET_FRAME_STREAM_STACK_H
#define NET_FRAME_STREAM_STACK_H

#include "net/frame_link.h"
#include "net/frame_stream.h"

#if defined(HAVE_LWIP)

#include <stdbool.h>
/* After the system's: it takes what they have defined. */
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

struct frame_stream {
	struct frame_port *port;
	struct tcp_pcb *pcb;   /* NULL once lwIP has freed it */
	struct pbuf *received; /* not yet taken; NULL: nothing */
	int error;	       /* what the connection ended with */
	bool connected;
	struct frame_link link;
	struct frame_port_listener listener;
	struct netif netif;
	struct frame_port_flow flow;
	int port_fd; /* holds the port */
	const volatile int *stop;
	uint64_t sent, acknowledged; /* bytes */
	uint64_t followed_ns;
	uint32_t answered;    /* the peer's last number, as last seen */
	uint64_t answered_ns; /* and when it was the first time */
};

/* An interface of lwIP's on the stream's link and socket, whose listener it
 * becomes. 0 or a negative errno, silent. */
int frame_stream_stack_open(struct frame_stream *stream);
void frame_stream_stack_close(struct frame_stream *stream);

/* Begin a connection between the two ends of stream->flow. 0 or a negative
 * errno, silent. */
int frame_stream_stack_connect(struct frame_stream *stream);

/* Take what the port knows of the way by now, and send again what went
 * elsewhere; and ask for who does not answer. A system call. */
void frame_stream_stack_follow(struct frame_stream *stream);

/* The same, for loops that wait: 100 times a second. */
void frame_stream_stack_follow_due(struct frame_stream *stream);

#endif
#endif
