/* SPDX-License-Identifier: MIT */
/*
 * What the paths on an interface of the kernel's share: the group is joined
 * there, others than the source are counted there, and whether it is still
 * there is asked of the kernel. Such a path's struct begins with a struct
 * receive_interface, and its table names these functions.
 */
#ifndef RECEIVE_RECEIVE_INTERFACE_H
#define RECEIVE_RECEIVE_INTERFACE_H

#include "net/interface_watch.h"
#include "receive/receive_ops.h"

struct receive_interface {
	struct receive receive; /* first */
	struct interface_watch watch;
	int member_fd;	  /* has joined the group; -1: the path has, itself */
	int strangers_fd; /* counts what is not the source's; -1: does not */
};

/* join() of a path whose open() joins the group itself: watch the interface,
 * and count the datagrams of others than the source. Whatever does not go to
 * the path goes on to the kernel's stack, which counts. */
int receive_interface_watch(struct receive *receive);

/* join() of a path that has no socket to join with: the same, and one that
 * receives nothing joins, so that switches and the NIC let the group through.
 */
int receive_interface_join(struct receive *receive);

/* leave(), alive() and strangers() of both. */
void receive_interface_leave(struct receive *receive);
int receive_interface_alive(struct receive *receive);
uint64_t receive_interface_strangers(const struct receive *receive);

#endif
