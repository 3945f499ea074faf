/* SPDX-License-Identifier: MIT */
/*
 * The Ethernet beneath a stream over a frame port: which address of ours goes
 * to which next hop, and both ends' Ethernet addresses; followed as they
 * change. RFC 826.
 */
#ifndef NET_FRAME_LINK_H
#define NET_FRAME_LINK_H

#include <netinet/in.h>
#include <stdint.h>

#include "net/frame_port.h"

#define FRAME_LINK_HEADER_LEN 14

enum frame_link_changes {
	FRAME_LINK_MTU = 1,
	FRAME_LINK_SOURCE = 2,	  /* that a new connection would have */
	FRAME_LINK_NEXT_HOP = 4,  /* its Ethernet address */
	FRAME_LINK_REACHABLE = 8, /* again */
};

struct frame_link {
	struct frame_port *port;
	struct in_addr peer;
	struct in_addr source;		       /* of ours, as it was at first */
	struct frame_port_address address;     /* as of the last call */
	uint8_t header[FRAME_LINK_HEADER_LEN]; /* of each frame that leaves */
	uint64_t asked_ns; /* for the next hop, by our own request */
};

/* Find the way to the peer; waits for the next hop's answer until deadline_ns
 * (monotonic) or until *stop is set (stop may be NULL). 0, -EINTR, -ENODEV,
 * -EADDRNOTAVAIL (no address to send from), -EHOSTUNREACH (no answer);
 * silent. */
int frame_link_open(struct frame_link *link, struct frame_port *port,
		    struct in_addr peer, uint64_t deadline_ns,
		    const volatile int *stop);

/* What has changed (enum frame_link_changes); the header is right again. A
 * negative errno, silent: of the port's `address`. */
int frame_link_follow(struct frame_link *link);

/* The next hop does not answer: ask all on the link who has its address, at
 * most 10 times a second. The port hears the answer, and we follow it. */
void frame_link_ask(struct frame_link *link);

#endif
