/* SPDX-License-Identifier: MIT */
/* What the kernel tells of a network device beyond netdevice(7), by its
 * generic netlink family "netdev": Documentation/netlink/specs/netdev.yaml. */
#ifndef NET_NETDEV_H
#define NET_NETDEV_H

#include <stdbool.h>

/* Does its driver tell an XDP program a frame's VLAN (xdp-rx-metadata-features,
 * Linux 6.8)? False where the kernel does not know; silent. */
bool netdev_tells_vlan(unsigned int interface_index);

#endif
