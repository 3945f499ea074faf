/* SPDX-License-Identifier: MIT */
/*
 * Whether an interface is still there, as the kernel tells it: one descriptor
 * that is held, so that looking is one receive and nothing else. rtnetlink(7).
 */
#ifndef NET_INTERFACE_WATCH_H
#define NET_INTERFACE_WATCH_H

#include <stdbool.h>

struct interface_watch {
	int fd;		    /* netlink; -1: nothing is watched */
	unsigned int index; /* of the interface */
	bool gone;
};

/* Watch the interface of that name. 0, -ENODEV, or another negative errno;
 * silent. On failure watch->fd is -1. */
int interface_watch_open(struct interface_watch *watch, const char *name);
void interface_watch_close(struct interface_watch *watch);

/* 0 while the interface is there; -ENODEV once it is gone (removed, or moved
 * to another namespace), also when one of its name was made anew. Never
 * blocks. */
int interface_watch_look(struct interface_watch *watch);

#endif
