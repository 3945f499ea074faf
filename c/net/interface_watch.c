/* SPDX-License-Identifier: MIT */
#include "net/interface_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/syscall.h"

int interface_watch_open(struct interface_watch *watch, const char *name)
{
	const struct sockaddr_nl links = { .nl_family = AF_NETLINK,
					   .nl_groups = RTMGRP_LINK };
	int err;

	*watch = (struct interface_watch){ .fd = -1 };
	watch->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			   NETLINK_ROUTE);
	if (watch->fd < 0)
		return -errno;
	if (bind(watch->fd, (const struct sockaddr *)&links, sizeof(links)) <
	    0) {
		err = -errno;
		goto close_fd;
	}
	/* After the bind: what goes from now on is told. */
	watch->index = if_nametoindex(name);
	if (watch->index)
		return 0;
	err = -ENODEV;
close_fd:
	interface_watch_close(watch);
	return err;
}

void interface_watch_close(struct interface_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

static bool tells_the_end(const struct interface_watch *watch,
			  struct nlmsghdr *header)
{
	const struct ifinfomsg *link = NLMSG_DATA(header);

	/* A port that leaves its bridge is a link deleted of AF_BRIDGE. */
	return header->nlmsg_type == RTM_DELLINK &&
	       header->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) &&
	       link->ifi_family == AF_UNSPEC &&
	       link->ifi_index == (int)watch->index;
}

int interface_watch_look(struct interface_watch *watch)
{
	/* Of a longer message the rest is cut off: its head says enough. */
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} got;
	char name[IF_NAMESIZE];
	ssize_t n;

	while (!watch->gone && watch->fd >= 0) {
		n = syscall_recv(watch->fd, &got, sizeof(got), MSG_DONTWAIT);
		if (n == -ENOBUFS) {
			/* Some news are lost: ask. */
			watch->gone = !if_indextoname(watch->index, name);
			continue;
		}
		if (n <= 0)
			break;
		for (struct nlmsghdr *header = &got.header; NLMSG_OK(header, n);
		     header = NLMSG_NEXT(header, n))
			watch->gone |= tells_the_end(watch, header);
	}
	return watch->gone ? -ENODEV : 0;
}
