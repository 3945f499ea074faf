/* SPDX-License-Identifier: MIT */
/*
 * A port of DPDK's as a frame port. On an interface of the kernel's: by the
 * poll mode drivers net_af_packet and net_af_xdp, which need neither a NIC of
 * their own nor huge pages; the kernel keeps the interface, and with it the
 * link, the addresses, ARP and IGMP. Or on a NIC that the kernel has given away
 * (net/pci_nic.h), by DPDK's own driver for it: the interface that stands in
 * for it has the addresses, and the kernel does ARP, IGMP and its sockets by
 * it as ever, whose frames the port carries from the one to the other.
 *
 * One port an interface and process: af_packet's sockets of one process share
 * its frames among themselves (PACKET_FANOUT), AF_XDP has one a queue.
 */
#ifndef NET_DPDK_PORT_H
#define NET_DPDK_PORT_H

#include "net/dpdk_device.h"
#include "net/frame_flow.h"
#include "net/frame_port.h"
#include "net/interface.h"
#include "net/kernel_link.h"
#include "net/pci_nic.h"
#include "net/xdp_socket.h"

/* What a scan has put aside; the oldest go first. */
#define DPDK_PORT_ASIDE_MAX 1024

#define DPDK_PORT_ETHERNET_MOST (14 + 4) /* beside the MTU: header, tag */

enum dpdk_port_device { DPDK_AF_PACKET, DPDK_AF_XDP, DPDK_PCI };

/* "af_packet", "af_xdp", "pci"; NULL-terminated: an option's choices. */
extern const char *const dpdk_port_device_names[];

struct dpdk_port_config {
	const char *who; /* begins each log line: "--receive dpdk" */
	const char *interface;
	struct frame_port_flow flow; /* the first */
	unsigned int device;	     /* enum dpdk_port_device */
	unsigned int descriptors;
	bool promiscuous;
	bool huge_pages;
	/* Of DPDK_AF_XDP alone; 0 with another. */
	unsigned int queue;
	unsigned int budget; /* frames of a busy poll, by a look that finds
				nothing; 0: it is not polled */
	bool zero_copy;	     /* else the kernel copies */
};

struct dpdk_port_driver;

struct dpdk_port {
	struct frame_port port;
	const struct dpdk_device_ops *ops;
	struct dpdk_device *device;
	struct dpdk_device *kernel; /* of DPDK_PCI: to and from the kernel */
	struct frame_flow_set flows;
	void *held[FRAME_PORT_BURST_MAX]; /* of the last take */
	unsigned int held_count;
	unsigned int aside_first, aside_count;
	unsigned int turns; /* calls, taken modulo */
	int error;
	uint64_t aside_lost;
	uint64_t cut;	 /* of the flows, longer than DPDK_FRAME_MAX: lost */
	uint64_t before; /* what the driver had lost when it was opened */
	uint64_t missed; /* of it, as af_packet's socket counts it */
	struct dpdk_frame aside[DPDK_PORT_ASIDE_MAX];

	const char *who;
	enum dpdk_port_device kind;
	const struct dpdk_port_driver *driver;
	int fd; /* the driver's socket, its own to close; -1: it has none */
	int promiscuous_fd;
	struct interface interface;
	struct kernel_link kernel_link;
	struct pci_nic nic; /* of DPDK_PCI */
#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)
	struct xdp_socket xdp; /* of which the program alone is used */
#endif
};

/* Can this build do it? 0, or a negative errno with *why; silent. */
int dpdk_port_probe(const char **why);

/*
 * Start EAL, where this is the first, and open the port; logs one line. 0, or
 * a negative errno, logged, everything given back: -EINVAL an option that the
 * driver has not; -ENODEV no such interface; -ENETDOWN it is down; -EBUSY this
 * process has one there, or another has its queue; -EMSGSIZE its MTU is too
 * large; -EOPNOTSUPP no zero-copy or busy polling there; -EPERM; -ENOMEM no
 * huge pages are free; of DPDK_PCI also as pci_nic_find().
 */
int dpdk_port_open(struct dpdk_port *dp, const struct dpdk_port_config *config);
void dpdk_port_close(struct dpdk_port *dp);

/* HOT. As frame_port_ops.take. */
int dpdk_port_take(struct dpdk_port *dp, struct frame_port_frame *frames,
		   unsigned int max);

/* Frames that there was no room for. */
uint64_t dpdk_port_lost(struct dpdk_port *dp);

#endif
