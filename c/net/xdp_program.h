/* SPDX-License-Identifier: MIT */
/*
 * The XDP program of an AF_XDP socket: IPv4 flows that are named go to the
 * socket, all else goes on to the kernel; it drops nothing.
 */
#ifndef NET_XDP_PROGRAM_H
#define NET_XDP_PROGRAM_H

#include <netinet/in.h>
#include <stdint.h>

#include "net/xdp_beside.h"

#define XDP_PROGRAM_FLOWS_MAX 4

/*
 * What goes to the socket: an Ethernet frame to this host or to a group, of
 * the untagged network (a tag of VLAN 0 is none, and may be there), of this
 * protocol to this IPv4 address and port, from the source's address and port
 * where they are set. Of UDP with IP options too, and the first piece of a
 * fragmented datagram, so that it is counted; of TCP neither.
 */
struct xdp_program_flow {
	uint8_t protocol; /* IPPROTO_UDP or IPPROTO_TCP */
	struct sockaddr_in destination;
	struct sockaddr_in source; /* 0: anyone's */
};

struct xdp_program {
	const struct xdp_program_flow *flows;
	unsigned int count; /* at most XDP_PROGRAM_FLOWS_MAX */
	int sockets;	    /* BPF_MAP_TYPE_XSKMAP, by queue; a queue without a
			       socket leaves the flows to the kernel */
	const uint8_t *ethernet; /* this host's address; 6 bytes */
	const struct xdp_beside *beside;
};

/* The loaded program's descriptor, or a negative errno, silent: -EPERM without
 * CAP_BPF and CAP_NET_ADMIN. */
int xdp_program_load(const struct xdp_program *program);

#endif
