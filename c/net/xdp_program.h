/* SPDX-License-Identifier: MIT */
/*
 * The XDP program of an AF_XDP socket: IPv4 flows that are named go to the
 * socket, all else goes on to the kernel; it drops nothing. Put together here
 * instruction by instruction, so that no compiler for BPF is needed and the
 * flows are constants in it. Linux: bpf(2),
 * Documentation/bpf/standardization/instruction-set.rst.
 */
#ifndef NET_XDP_PROGRAM_H
#define NET_XDP_PROGRAM_H

#include <netinet/in.h>
#include <stdint.h>

#define XDP_PROGRAM_FLOWS_MAX 4

/*
 * What goes to the socket: an untagged Ethernet frame with an IPv4 header
 * without options, no fragment, of this protocol to this address and port,
 * from the source's address and port where they are set.
 */
struct xdp_program_flow {
	uint8_t protocol; /* IPPROTO_UDP or IPPROTO_TCP */
	struct sockaddr_in destination;
	struct sockaddr_in source; /* 0: anyone's */
};

/*
 * Load it: count flows (at most XDP_PROGRAM_FLOWS_MAX), to the sockets in
 * the map (BPF_MAP_TYPE_XSKMAP, by queue). A queue without a socket leaves
 * them to the kernel. The program's descriptor, or a negative errno, silent:
 * -EPERM without CAP_BPF and CAP_NET_ADMIN.
 */
int xdp_program_load(const struct xdp_program_flow *flows, unsigned int count,
		     int map_fd);

#endif
