/* SPDX-License-Identifier: MIT */
/* What is known of a network interface; read only. netdevice(7). */
#ifndef NET_INTERFACE_H
#define NET_INTERFACE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct interface {
	char name[IFNAMSIZ];
	unsigned int index;
	unsigned int mtu;
	struct in_addr address; /* its first IPv4 address, else 0.0.0.0 */
	uint8_t ethernet[6];
	bool up;
	bool multicast;
	bool loopback;
	uint16_t link_type; /* ARPHRD_ of net/if_arp.h */
};

/* 0, or -ENODEV, or another negative errno; silent. */
int interface_find(const char *name, struct interface *interface);

#endif
