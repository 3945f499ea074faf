/* SPDX-License-Identifier: MIT */
/*
 * The way to a peer as the kernel knows it, for frame ports on one of its
 * interfaces: what their `address` (net/frame_port.h) answers.
 */
#ifndef NET_KERNEL_LINK_H
#define NET_KERNEL_LINK_H

#include "net/follower.h"
#include "net/frame_port.h"

struct kernel_link {
	struct follower follower; /* of the last peer; fd -1: of none */
	bool known;		  /* the next hop was, once */
};

#define KERNEL_LINK_NONE ((struct kernel_link){ .follower.fd = -1 })

/* As frame_port_ops.address, on the interface of that name; one system call
 * where there is nothing new. */
int kernel_link_address(struct kernel_link *link, const char *interface,
			struct in_addr peer,
			struct frame_port_address *address);

/* Of one that was never asked, too. */
void kernel_link_close(struct kernel_link *link);

#endif
