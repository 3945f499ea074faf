/* SPDX-License-Identifier: MIT */
/*
 * What the kernel knows of an interface, and of the way from it to one peer
 * (route, own address, the next hop's Ethernet address): read once, then
 * followed by one netlink socket, for those who go past the kernel and would
 * otherwise trust a copy that has grown old. rtnetlink(7).
 *
 *	err = follower_open(&follower, "eth0", peer);
 *	changes = follower_follow(&follower);	now and then
 *	follower_close(&follower);
 *
 * No privilege is needed. The socket belongs to the namespace that open() was
 * called in.
 */
#ifndef NET_FOLLOWER_H
#define NET_FOLLOWER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/interface.h"

enum follower_changes {
	FOLLOWER_LINK = 1,	/* up, running, the MTU, its own Ethernet
				   address or its name */
	FOLLOWER_ROUTE = 2,	/* source or next hop, or there is none */
	FOLLOWER_NEIGHBOUR = 4, /* the next hop's Ethernet address */
	FOLLOWER_ANEW = 8,	/* gone and made anew: another index */
};

struct follower {
	/* Read only, as of the last call. */
	struct interface interface; /* its address is that of open() */
	bool present;		    /* false: the interface is gone */
	bool running;		    /* up, and its other end as well */
	bool routed;		    /* source and next_hop are known */
	bool neighbour_known;	    /* false: the last one stays */
	struct in_addr source;	    /* whom the kernel would send as */
	struct in_addr next_hop;    /* the peer, or a gateway */
	uint8_t neighbour[6];

	struct in_addr peer;
	char name[IFNAMSIZ];   /* that it was asked for by */
	int fd;		       /* -1: not open */
	uint32_t port, number; /* our netlink address; of the last request */
	unsigned int stale;    /* enum follower_changes: to be asked again */
};

/* peer: 0.0.0.0: the interface alone. 0, or -ENODEV or another negative errno;
 * silent. On failure fd is -1. */
int follower_open(struct follower *follower, const char *interface,
		  struct in_addr peer);
void follower_close(struct follower *follower);

/* What has changed since the last call (enum follower_changes), 0: nothing;
 * -ENODEV while the interface is gone; another negative errno; silent. One
 * system call where there is nothing new; never waits. */
int follower_follow(struct follower *follower);

/* Make the kernel look for a next hop that it does not know: a datagram to its
 * discard port. Follow then. */
void follower_solicit(const struct follower *follower);

#endif
