/* SPDX-License-Identifier: MIT */
/*
 * The XDP program of an AF_XDP socket: IPv4 flows that are named go to the
 * socket, all else goes on to the kernel; it drops nothing.
 */
#ifndef NET_XDP_PROGRAM_H
#define NET_XDP_PROGRAM_H

#include <stdint.h>

#include "net/frame_port.h"
#include "net/xdp_beside.h"

#define XDP_PROGRAM_FLOWS_MAX 4

struct xdp_program {
	const struct frame_port_flow *flows;
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
