/* SPDX-License-Identifier: MIT */
#include "net/frame_link.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define ASK_AGAIN_NS	(CLOCK_NS_PER_S / 10)
#define FRAME_LEN_LEAST 60 /* Ethernet's, without its checksum */

static void address_take(struct frame_link *link,
			 const struct frame_port_address *address)
{
	const uint8_t type[] = { ETHERTYPE_IP >> 8, ETHERTYPE_IP & 0xff };

	link->address = *address;
	memcpy(link->header, address->next_hop_ethernet, ETH_ALEN);
	memcpy(link->header + 6, address->ethernet, ETH_ALEN);
	memcpy(link->header + 12, type, sizeof(type));
}

int frame_link_follow(struct frame_link *link)
{
	const struct frame_port_address before = link->address;
	struct frame_port_address now;
	int changes = 0;
	int err = link->port->ops->address(link->port, link->peer, &now);

	if (err) {
		link->address.reachable = false;
		return err;
	}
	address_take(link, &now);
	if (now.mtu != before.mtu)
		changes |= FRAME_LINK_MTU;
	if (now.source.s_addr != before.source.s_addr)
		changes |= FRAME_LINK_SOURCE;
	if (memcmp(now.next_hop_ethernet, before.next_hop_ethernet, ETH_ALEN))
		changes |= FRAME_LINK_NEXT_HOP;
	if (now.reachable && !before.reachable)
		changes |= FRAME_LINK_REACHABLE;
	return changes;
}

int frame_link_open(struct frame_link *link, struct frame_port *port,
		    struct in_addr peer, uint64_t deadline_ns,
		    const volatile int *stop)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct frame_port_address address;
	int err;

	*link = (struct frame_link){ .port = port, .peer = peer };
	while ((err = port->ops->address(port, peer, &address)) == -EAGAIN) {
		if (stop && *stop)
			return -EINTR;
		if (clock_monotonic_ns() >= deadline_ns)
			return -EHOSTUNREACH;
		if (port->carries_kernel)
			(void)port->ops->scan(port);
		nanosleep(&pause, NULL);
	}
	if (err)
		return err;
	link->source = address.source;
	address_take(link, &address);
	return 0;
}

void frame_link_ask(struct frame_link *link)
{
	const struct frame_port_address *address = &link->address;
	struct frame_port *port = link->port;
	struct ether_arp request = {
		.ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
			    .ar_pro = htons(ETHERTYPE_IP),
			    .ar_hln = ETH_ALEN,
			    .ar_pln = sizeof(link->source),
			    .ar_op = htons(ARPOP_REQUEST) },
	};
	uint64_t now_ns = clock_monotonic_ns();
	uint8_t *frame;

	if (now_ns - link->asked_ns < ASK_AGAIN_NS)
		return;
	frame = port->ops->frame(port);
	if (!frame)
		return;
	link->asked_ns = now_ns;
	memcpy(request.arp_sha, address->ethernet, ETH_ALEN);
	memcpy(request.arp_spa, &link->source, sizeof(link->source));
	memcpy(request.arp_tpa, &address->next_hop, sizeof(address->next_hop));
	memset(frame, 0, FRAME_LEN_LEAST);
	memset(frame, 0xff, ETH_ALEN);
	memcpy(frame + 6, address->ethernet, ETH_ALEN);
	frame[12] = ETHERTYPE_ARP >> 8;
	frame[13] = ETHERTYPE_ARP & 0xff;
	memcpy(frame + 14, &request, sizeof(request));
	port->ops->send(port, FRAME_LEN_LEAST);
}
