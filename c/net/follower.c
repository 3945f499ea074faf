/* SPDX-License-Identifier: MIT */
#include "net/follower.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/netlink_message.h"

#define DISCARD_PORT 9
#define BYTES_MAX    32768 /* of one read, as netlink(7) has it */

/* The neighbour's Ethernet address holds, though it may be about to be asked
 * after. */
#define NEIGHBOUR_HOLDS                                                      \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | \
	 NUD_DELAY)

#define ATTRIBUTES_MAX 64 /* types above are of no interest here */

/*
 * Reading messages.
 */

struct attributes {
	struct rtattr *of[ATTRIBUTES_MAX];
};

/* Of a message with so long a body of its type's own; false: it is cut. */
static bool attributes_find(struct nlmsghdr *header, size_t body,
			    struct attributes *found)
{
	struct rtattr *attribute;
	size_t len;

	memset(found, 0, sizeof(*found));
	if (header->nlmsg_len < NLMSG_SPACE(body))
		return false;
	attribute = (void *)((uint8_t *)header + NLMSG_SPACE(body));
	len = header->nlmsg_len - NLMSG_SPACE(body);
	for (; RTA_OK(attribute, len); attribute = RTA_NEXT(attribute, len)) {
		unsigned int type = attribute->rta_type & NLA_TYPE_MASK;

		if (type < ATTRIBUTES_MAX)
			found->of[type] = attribute;
	}
	return true;
}

/* Its value, where it has just this length. */
static bool value_get(const struct attributes *attributes, unsigned int type,
		      void *value, size_t len)
{
	struct rtattr *attribute = attributes->of[type];

	if (!attribute || RTA_PAYLOAD(attribute) != len)
		return false;
	memcpy(value, RTA_DATA(attribute), len);
	return true;
}

static bool is_named(const struct attributes *attributes, const char *name)
{
	struct rtattr *attribute = attributes->of[IFLA_IFNAME];

	return attribute && RTA_PAYLOAD(attribute) == strlen(name) + 1 &&
	       !memcmp(RTA_DATA(attribute), name, strlen(name) + 1);
}

static void link_read(struct follower *follower, struct nlmsghdr *header)
{
	const struct ifinfomsg *link = NLMSG_DATA(header);
	struct interface *interface = &follower->interface;
	struct attributes attributes;
	uint32_t mtu;

	/* A bridge tells of its ports in the same words, and that one left
	 * it. */
	if (!attributes_find(header, sizeof(*link), &attributes) ||
	    link->ifi_family != AF_UNSPEC)
		return;
	if (header->nlmsg_type == RTM_DELLINK) {
		if (link->ifi_index == (int)interface->index)
			follower->present = follower->running = false;
		return;
	}
	if (!follower->present && is_named(&attributes, follower->name)) {
		follower->present = true;
		interface->index = (unsigned int)link->ifi_index;
		follower->stale |= FOLLOWER_ROUTE | FOLLOWER_NEIGHBOUR;
	}
	if (!follower->present || link->ifi_index != (int)interface->index)
		return;
	interface->up = link->ifi_flags & IFF_UP;
	interface->multicast = link->ifi_flags & IFF_MULTICAST;
	follower->running = interface->up && link->ifi_flags & IFF_RUNNING;
	if (value_get(&attributes, IFLA_MTU, &mtu, sizeof(mtu)))
		interface->mtu = mtu;
	value_get(&attributes, IFLA_ADDRESS, interface->ethernet,
		  sizeof(interface->ethernet));
	/* Its routes go and come with it, some of them silently. */
	follower->stale |= FOLLOWER_ROUTE;
}

static void route_read(struct follower *follower, struct nlmsghdr *header)
{
	struct attributes attributes;

	follower->routed = false;
	if (!attributes_find(header, sizeof(struct rtmsg), &attributes) ||
	    !value_get(&attributes, RTA_PREFSRC, &follower->source,
		       sizeof(follower->source)))
		return;
	if (!value_get(&attributes, RTA_GATEWAY, &follower->next_hop,
		       sizeof(follower->next_hop)))
		follower->next_hop = follower->peer;
	follower->routed = true;
}

static void neighbour_read(struct follower *follower, struct nlmsghdr *header)
{
	const struct ndmsg *neighbour = NLMSG_DATA(header);
	struct attributes attributes;
	struct in_addr address;

	if (!attributes_find(header, sizeof(*neighbour), &attributes) ||
	    neighbour->ndm_ifindex != (int)follower->interface.index ||
	    neighbour->ndm_family != AF_INET ||
	    !value_get(&attributes, NDA_DST, &address, sizeof(address)) ||
	    address.s_addr != follower->next_hop.s_addr)
		return;
	follower->neighbour_known =
		header->nlmsg_type == RTM_NEWNEIGH &&
		neighbour->ndm_state & NEIGHBOUR_HOLDS &&
		value_get(&attributes, NDA_LLADDR, follower->neighbour,
			  sizeof(follower->neighbour));
}

/* Is it the answer to the last request? */
static bool is_answer(const struct follower *follower, struct nlmsghdr *header)
{
	return header->nlmsg_pid == follower->port &&
	       header->nlmsg_seq == follower->number;
}

static void message_read(struct follower *follower, struct nlmsghdr *header)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_read(follower, header);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_DELROUTE:
		follower->stale |= FOLLOWER_ROUTE;
		break;
	case RTM_NEWROUTE:
		if (is_answer(follower, header))
			route_read(follower, header);
		else
			follower->stale |= FOLLOWER_ROUTE;
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		neighbour_read(follower, header);
		break;
	}
}

/* Read what is there, up to the answer that is asked for (*result: it, 0 or a
 * negative errno) or to the end. 0 or a negative errno. */
static int messages_read(struct follower *follower, int *result)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[BYTES_MAX];
	struct nlmsghdr *header;
	ssize_t n;

	for (;;) {
		n = recv(follower->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return 0;
		/* Some were lost: nothing is certain any more. */
		if (n < 0 && errno == ENOBUFS)
			follower->stale |= FOLLOWER_LINK | FOLLOWER_ROUTE |
					   FOLLOWER_NEIGHBOUR;
		else if (n < 0 && errno != EINTR)
			return -errno;
		header = (void *)bytes;
		for (; n > 0 && NLMSG_OK(header, (size_t)n);
		     header = NLMSG_NEXT(header, n)) {
			const struct nlmsgerr *error = NLMSG_DATA(header);

			if (result && is_answer(follower, header))
				*result = header->nlmsg_type == NLMSG_ERROR
						  ? error->error
						  : 0;
			message_read(follower, header);
		}
	}
}

/*
 * Asking.
 */

/* The kernel answers before send(2) returns. 0 or a negative errno: its own
 * (-ENOENT ...), or of the way there. */
static int ask(struct follower *follower, struct netlink_message *question)
{
	struct nlmsghdr *header = netlink_header(question);
	int result = -EBADMSG, err;

	header->nlmsg_seq = ++follower->number;
	if (send(follower->fd, question->bytes, header->nlmsg_len, 0) < 0)
		return -errno;
	err = messages_read(follower, &result);
	return err ? err : result;
}

/* index 0: by the name. */
static int link_ask_one(struct follower *follower, unsigned int index)
{
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC,
					.ifi_index = (int)index };
	struct netlink_message question;

	netlink_message_start(&question, RTM_GETLINK, 0, &link, sizeof(link));
	if (!index)
		netlink_attribute(&question, IFLA_IFNAME, follower->name,
				  strlen(follower->name) + 1);
	return ask(follower, &question);
}

static void link_ask(struct follower *follower)
{
	if (follower->present &&
	    link_ask_one(follower, follower->interface.index) == -ENODEV)
		follower->present = follower->running = false;
	if (!follower->present)
		link_ask_one(follower, 0);
}

/* With the interface, since it is the one that the way must begin at. */
static void route_ask(struct follower *follower)
{
	const struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	const uint32_t index = follower->interface.index;
	struct netlink_message question;

	netlink_message_start(&question, RTM_GETROUTE, 0, &route,
			      sizeof(route));
	netlink_attribute(&question, RTA_DST, &follower->peer,
			  sizeof(follower->peer));
	netlink_attribute(&question, RTA_OIF, &index, sizeof(index));
	if (ask(follower, &question) < 0)
		follower->routed = false;
}

static void neighbour_ask(struct follower *follower)
{
	const struct ndmsg neighbour = {
		.ndm_family = AF_INET,
		.ndm_ifindex = (int)follower->interface.index,
	};
	struct netlink_message question;

	netlink_message_start(&question, RTM_GETNEIGH, 0, &neighbour,
			      sizeof(neighbour));
	netlink_attribute(&question, NDA_DST, &follower->next_hop,
			  sizeof(follower->next_hop));
	if (ask(follower, &question) < 0)
		follower->neighbour_known = false;
}

/* Until nothing is stale: while it asks, more may become so. */
static void stale_ask(struct follower *follower)
{
	while (follower->stale) {
		unsigned int stale = follower->stale;
		struct in_addr before = follower->next_hop;

		follower->stale = 0;
		if (stale & FOLLOWER_LINK)
			link_ask(follower);
		if (!follower->peer.s_addr || !follower->present)
			continue;
		if (stale & FOLLOWER_ROUTE)
			route_ask(follower);
		if (stale & FOLLOWER_NEIGHBOUR ||
		    before.s_addr != follower->next_hop.s_addr)
			neighbour_ask(follower);
	}
}

static unsigned int changes_find(const struct follower *before,
				 const struct follower *now)
{
	const struct interface *was = &before->interface, *is = &now->interface;
	unsigned int changes = 0;

	if (was->index != is->index)
		changes |= FOLLOWER_ANEW | FOLLOWER_LINK;
	if (before->present != now->present ||
	    before->running != now->running || was->up != is->up ||
	    was->mtu != is->mtu ||
	    memcmp(was->ethernet, is->ethernet, sizeof(is->ethernet)) != 0)
		changes |= FOLLOWER_LINK;
	if (before->routed != now->routed ||
	    before->source.s_addr != now->source.s_addr ||
	    before->next_hop.s_addr != now->next_hop.s_addr)
		changes |= FOLLOWER_ROUTE;
	if (before->neighbour_known != now->neighbour_known ||
	    memcmp(before->neighbour, now->neighbour, sizeof(now->neighbour)))
		changes |= FOLLOWER_NEIGHBOUR;
	return changes;
}

int follower_follow(struct follower *follower)
{
	struct follower before = *follower;
	int err = messages_read(follower, NULL);

	if (err)
		return err;
	stale_ask(follower);
	if (!follower->present)
		return -ENODEV;
	return (int)changes_find(&before, follower);
}

/*
 * Opening.
 */

static int socket_open(struct follower *follower)
{
	struct sockaddr_nl own = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK,
	};
	socklen_t len = sizeof(own);
	int err;

	if (follower->peer.s_addr)
		own.nl_groups |=
			RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE;
	follower->fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (follower->fd < 0)
		return -errno;
	if (bind(follower->fd, (struct sockaddr *)&own, sizeof(own)) == 0 &&
	    getsockname(follower->fd, (struct sockaddr *)&own, &len) == 0) {
		follower->port = own.nl_pid;
		return 0;
	}
	err = -errno;
	follower_close(follower);
	return err;
}

int follower_open(struct follower *follower, const char *interface,
		  struct in_addr peer)
{
	int err;

	memset(follower, 0, sizeof(*follower));
	follower->peer = peer;
	err = socket_open(follower);
	if (err)
		return err;
	/* Once the socket is open, so that nothing slips in between. */
	err = interface_find(interface, &follower->interface);
	if (!err) {
		strcpy(follower->name, follower->interface.name);
		follower->present = true;
		follower->stale =
			FOLLOWER_LINK | FOLLOWER_ROUTE | FOLLOWER_NEIGHBOUR;
		err = follower_follow(follower);
	}
	if (err < 0) {
		follower_close(follower);
		return err;
	}
	return 0;
}

void follower_close(struct follower *follower)
{
	if (follower->fd >= 0)
		close(follower->fd);
	follower->fd = -1;
}

void follower_solicit(const struct follower *follower)
{
	struct sockaddr_in discard = {
		.sin_family = AF_INET,
		.sin_port = htons(DISCARD_PORT),
		.sin_addr = follower->next_hop,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	/* Through this interface, whatever the routes say. */
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, follower->interface.name,
		   (socklen_t)strlen(follower->interface.name));
	sendto(fd, "", 0, MSG_DONTWAIT | MSG_DONTROUTE,
	       (struct sockaddr *)&discard, sizeof(discard));
	close(fd);
}
