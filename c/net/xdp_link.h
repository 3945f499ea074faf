/* SPDX-License-Identifier: MIT */
/*
 * The Ethernet beneath a stream over an AF_XDP socket: which address of ours
 * the kernel would send from, to which next hop, and both ends' Ethernet
 * addresses; followed as they change (net/follower.h). RFC 826.
 */
#ifndef NET_XDP_LINK_H
#define NET_XDP_LINK_H

#include <netinet/in.h>
#include <stdint.h>

#include "net/follower.h"
#include "net/xdp_socket.h"

#define XDP_LINK_HEADER_LEN 14

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

struct xdp_link {
	struct xdp_socket *xs;
	struct in_addr source;		     /* of ours, as the route has it */
	uint8_t header[XDP_LINK_HEADER_LEN]; /* of each frame that leaves */
	struct follower follower;
	uint64_t asked_ns; /* for the next hop, by our own request */
};

/* Find the way to the peer; waits for the next hop's answer until deadline_ns
 * (monotonic) or until *stop is set (stop may be NULL). 0, -EINTR, -ENODEV,
 * -EADDRNOTAVAIL (no address to send from), -EHOSTUNREACH (no answer);
 * silent. */
int xdp_link_open(struct xdp_link *link, struct xdp_socket *xs,
		  struct in_addr peer, uint64_t deadline_ns,
		  const volatile int *stop);
void xdp_link_close(struct xdp_link *link);

/* What has changed (enum follower_changes); the header is right again. As
 * follower_follow(). A system call. */
int xdp_link_follow(struct xdp_link *link);

/* The next hop does not answer: ask all on the link who has its address, at
 * most 10 times a second. The kernel hears the answer, and we follow it. */
void xdp_link_ask(struct xdp_link *link);

#endif
#endif
