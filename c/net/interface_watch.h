/* SPDX-License-Identifier: MIT */
/*
 * Whether an interface is still there, for those whom one that was made anew
 * does not serve: what they have opened is bound to the first. A follower
 * (net/follower.h) is held, so that looking is one receive and nothing else.
 */
#ifndef NET_INTERFACE_WATCH_H
#define NET_INTERFACE_WATCH_H

#include <stdbool.h>

#include "net/follower.h"

struct interface_watch {
	struct follower follower; /* fd -1: nothing is watched */
	bool gone;
};

/* Watch the interface of that name. 0, -ENODEV, or another negative errno;
 * silent. On failure watch->follower.fd is -1. */
int interface_watch_open(struct interface_watch *watch, const char *name);
void interface_watch_close(struct interface_watch *watch);

/* 0 while the interface is there; -ENODEV once it is gone (removed, or moved
 * to another namespace), also when one of its name was made anew. Never
 * blocks. */
int interface_watch_look(struct interface_watch *watch);

#endif
