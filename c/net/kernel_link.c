/* SPDX-License-Identifier: MIT */
#include "net/kernel_link.h"

#include <errno.h>
#include <string.h>

static void address_fill(const struct follower *follower,
			 struct frame_port_address *address)
{
	*address = (struct frame_port_address){
		.mtu = follower->interface.mtu,
		.reachable = follower->running && follower->neighbour_known,
		.source = follower->source,
		.next_hop = follower->next_hop,
	};
	memcpy(address->ethernet, follower->interface.ethernet,
	       sizeof(address->ethernet));
	memcpy(address->next_hop_ethernet, follower->neighbour,
	       sizeof(address->next_hop_ethernet));
}

static int follow(struct kernel_link *link, const char *interface,
		  struct in_addr peer)
{
	struct follower *follower = &link->follower;

	if (follower->fd >= 0 && follower->peer.s_addr == peer.s_addr)
		return follower_follow(follower);
	kernel_link_close(link);
	return follower_open(follower, interface, peer);
}

int kernel_link_address(struct kernel_link *link, const char *interface,
			struct in_addr peer, struct frame_port_address *address)
{
	int err = follow(link, interface, peer);

	if (err < 0)
		return err;
	address_fill(&link->follower, address);
	if (link->known)
		return 0;
	if (!link->follower.routed)
		return -EADDRNOTAVAIL;
	link->known = link->follower.neighbour_known;
	if (link->known)
		return 0;
	/* The kernel knows its neighbours; it is made to ask for one by a
	 * datagram that nobody takes. */
	follower_solicit(&link->follower);
	return -EAGAIN;
}

void kernel_link_close(struct kernel_link *link)
{
	follower_close(&link->follower);
	*link = KERNEL_LINK_NONE;
}
