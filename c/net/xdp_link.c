/* SPDX-License-Identifier: MIT */
#include "net/xdp_link.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define ASK_AGAIN_NS	(CLOCK_NS_PER_S / 10)
#define FRAME_LEN_LEAST 60 /* Ethernet's, without its checksum */

static void header_make(struct xdp_link *link)
{
	const uint8_t type[] = { ETHERTYPE_IP >> 8, ETHERTYPE_IP & 0xff };

	memcpy(link->header, link->follower.neighbour, ETH_ALEN);
	memcpy(link->header + 6, link->follower.interface.ethernet, ETH_ALEN);
	memcpy(link->header + 12, type, sizeof(type));
}

int xdp_link_follow(struct xdp_link *link)
{
	int changes = follower_follow(&link->follower);

	if (changes > 0)
		header_make(link);
	return changes;
}

/* The kernel knows its neighbours; it is made to ask for one by a datagram
 * that nobody takes. */
static int neighbour_wait(struct xdp_link *link, uint64_t deadline_ns,
			  const volatile int *stop)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int err;

	while (!link->follower.neighbour_known) {
		if (stop && *stop)
			return -EINTR;
		if (clock_monotonic_ns() >= deadline_ns)
			return -EHOSTUNREACH;
		follower_solicit(&link->follower);
		nanosleep(&pause, NULL);
		err = follower_follow(&link->follower);
		if (err < 0)
			return err;
	}
	return 0;
}

int xdp_link_open(struct xdp_link *link, struct xdp_socket *xs,
		  struct in_addr peer, uint64_t deadline_ns,
		  const volatile int *stop)
{
	int err;

	memset(link, 0, sizeof(*link));
	link->xs = xs;
	err = follower_open(&link->follower, xs->interface.name, peer);
	if (err)
		return err;
	err = link->follower.routed ? neighbour_wait(link, deadline_ns, stop)
				    : -EADDRNOTAVAIL;
	if (err) {
		follower_close(&link->follower);
		return err;
	}
	link->source = link->follower.source;
	header_make(link);
	return 0;
}

void xdp_link_close(struct xdp_link *link)
{
	follower_close(&link->follower);
}

void xdp_link_ask(struct xdp_link *link)
{
	const struct follower *follower = &link->follower;
	const struct ether_arp request = {
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
	frame = xdp_socket_frame(link->xs);
	if (!frame)
		return;
	link->asked_ns = now_ns;
	memset(frame, 0, FRAME_LEN_LEAST);
	memset(frame, 0xff, ETH_ALEN);
	memcpy(frame + 6, follower->interface.ethernet, ETH_ALEN);
	frame[12] = ETHERTYPE_ARP >> 8;
	frame[13] = ETHERTYPE_ARP & 0xff;
	memcpy(frame + 14, &request, sizeof(request));
	memcpy(frame + 14 + offsetof(struct ether_arp, arp_sha),
	       follower->interface.ethernet, ETH_ALEN);
	memcpy(frame + 14 + offsetof(struct ether_arp, arp_spa), &link->source,
	       sizeof(link->source));
	memcpy(frame + 14 + offsetof(struct ether_arp, arp_tpa),
	       &follower->next_hop, sizeof(follower->next_hop));
	xdp_socket_send(link->xs, FRAME_LEN_LEAST);
}

#endif
