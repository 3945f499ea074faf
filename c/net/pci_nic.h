/* SPDX-License-Identifier: MIT */
/*
 * A NIC that the kernel has given to a program's driver, and the interface
 * that stands in for it: one end of a veth pair that has its name, its Ethernet
 * address and its IP addresses, and whose alias says which NIC that is and what
 * the other end is called: "nic 0000:01:00.0 lab0.nic".
 *
 * https://docs.kernel.org/ABI/testing/sysfs-bus-pci, sysfs-class-net.
 */
#ifndef NET_PCI_NIC_H
#define NET_PCI_NIC_H

#include <net/if.h>
#include <stdbool.h>

struct pci_nic {
	char address[sizeof("0000:00:00.0")];
	char other_end[IFNAMSIZ]; /* of the veth pair: the program's */
	char driver[32];	  /* "vfio-pci" */
	bool physical; /* no IOMMU: the driver gives it physical addresses */
};

/* What an interface stands in for. sys: "/sys", or a description of one. 0; or
 * silent with *why: -ENODEV no such interface, -ENOENT it stands in for none,
 * -EPROTO its alias is odd, -ENXIO no such NIC, -EBUSY no driver for programs
 * has it. */
int pci_nic_find(const char *sys, const char *interface, struct pci_nic *nic,
		 const char **why);

/* Does that driver have it still? Some system calls. */
bool pci_nic_is_held(const char *sys, const struct pci_nic *nic);

#endif
