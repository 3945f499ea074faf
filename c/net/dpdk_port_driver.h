/* SPDX-License-Identifier: MIT */
/*
 * What a driver of DPDK's needs beside what DPDK asks of all: for
 * net/dpdk_port alone. A member is one file and one table.
 */
#ifndef NET_DPDK_PORT_DRIVER_H
#define NET_DPDK_PORT_DRIVER_H

#include <stddef.h>

#include "net/dpdk_port.h"

struct dpdk_port_driver {
	const char *name; /* DPDK's, behind "net_" */
	bool pci;	  /* a NIC of its own: no socket, dp->fd is -1 */
	int family;	  /* of the one socket that it opens */
	bool kernel_sees; /* frame_port.kernel_sees */

	/* Is this one that the driver has, on this interface? 0 or a negative
	 * errno, logged. */
	int (*check)(struct dpdk_port *dp,
		     const struct dpdk_port_config *config);

	/* Before DPDK is asked for the device. 0, or a negative errno, logged;
	 * what is made here goes by close. Optional. */
	int (*prepare)(struct dpdk_port *dp,
		       const struct dpdk_port_config *config);

	/* The device's arguments, and how many buffers it takes beside those
	 * of the port. Optional. */
	unsigned int (*arguments)(const struct dpdk_port *dp,
				  const struct dpdk_port_config *config,
				  char *text, size_t size);

	/* The device is there, and dp->fd: the first flow comes from now on. 0
	 * or a negative errno, logged. */
	int (*open)(struct dpdk_port *dp,
		    const struct dpdk_port_config *config);

	/* Before the device is closed, and also where there is none.
	 * Optional. */
	void (*close)(struct dpdk_port *dp);

	/* Frames that there was no room for, since the socket is there. */
	uint64_t (*lost)(struct dpdk_port *dp);

	/* Beside what the kernel says of the interface: 0, or -ENODEV, logged:
	 * the device is no longer ours. Optional. */
	int (*alive)(struct dpdk_port *dp);

	/* As frame_port_ops. Optional: all comes here, and is sorted here. */
	int (*flow_add)(struct dpdk_port *dp,
			const struct frame_port_flow *flow);
	void (*flow_remove)(struct dpdk_port *dp,
			    const struct frame_port_flow *flow);
};

extern const struct dpdk_port_driver dpdk_port_packet_driver;
extern const struct dpdk_port_driver dpdk_port_xdp_driver;
extern const struct dpdk_port_driver dpdk_port_pci_driver;

/* Log who, interface, driver, step, cause and what DPDK has complained of;
 * gives err back. */
int dpdk_port_fault(const struct dpdk_port *dp, const char *step, int err);

#endif
