/* SPDX-License-Identifier: MIT */
/*
 * For net/dpdk_port alone. In front of net_af_xdp's socket: our program instead of libxdp's, which
 * takes each frame from the kernel, ARP and all, knows of no VLAN tag that
 * lies beside one, and stays when the process is killed.
 */
#ifndef NET_DPDK_PORT_XDP_H
#define NET_DPDK_PORT_XDP_H

#include "net/dpdk_port.h"

/* The driver gives the kernel 2048 frames to fill, half of what its ring holds,
 * and that of 22.11 does not count what finds no room in a smaller one. */
#define DPDK_PORT_XDP_RING 4096

/* Before the driver is asked: 0; -EBUSY, logged: another program is there. */
int dpdk_port_xdp_prepare(const struct dpdk_port *dp);

/* And after it: 0, or a negative errno, logged. */
int dpdk_port_xdp_open(struct dpdk_port *dp,
		       const struct frame_port_flow *flow);
void dpdk_port_xdp_close(struct dpdk_port *dp);

#endif
