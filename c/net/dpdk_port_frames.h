/* SPDX-License-Identifier: MIT */
/* The HOT half of a port of DPDK's, for net/dpdk_port alone. */
#ifndef NET_DPDK_PORT_FRAMES_H
#define NET_DPDK_PORT_FRAMES_H

#include "net/dpdk_port.h"

extern const struct frame_port_ops dpdk_port_ops;

/* As frame_port_ops.flow_add and .flow_remove. */
int dpdk_port_flow_add(struct dpdk_port *dp,
		       const struct frame_port_flow *flow);
void dpdk_port_flow_remove(struct dpdk_port *dp,
			   const struct frame_port_flow *flow);

#endif
