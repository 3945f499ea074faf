/* SPDX-License-Identifier: MIT */
/* What is known of a network interface; read only. netdevice(7). */
#ifndef NET_INTERFACE_H
#define NET_INTERFACE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/market_data.h"

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

/* One name or two, "eth0,eth1"; for OPTION_PARSED rows: target is a
 * char[MARKET_DATA_LINES_MAX][IFNAMSIZ], the second empty where there is one.
 * Whether there is such an interface is not asked. 0, or -EINVAL with *why. */
int interface_parse_names(const char *text, void *target, const char **why);

/* 0, or -ENODEV, or another negative errno; silent. */
int interface_find(const char *name, struct interface *interface);

#endif
