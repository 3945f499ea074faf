/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces without names: one lives as long as a process holds its
 * descriptor or runs in it, so that nothing is left on the host whatever
 * happens, kill -9 included. network_namespaces(7), rtnetlink(7), veth(4).
 *
 * All return 0 or a negative errno and log the cause once. They need root
 * (CAP_SYS_ADMIN), or a user namespace: namespace_become_root().
 */
#ifndef NET_NAMESPACE_H
#define NET_NAMESPACE_H

#include <netinet/in.h>

/* A new namespace with its loopback up; the caller stays where it is. The
 * descriptor is close-on-exec. */
int namespace_open(int *fd);
void namespace_close(int *fd); /* -1 is allowed; sets -1 */

/* Move the calling thread there. */
int namespace_enter(int fd);

/* One end of a veth pair. */
struct namespace_end {
	int fd; /* of the namespace it is to lie in */
	const char *name;
	struct in_addr address;
	unsigned int prefix_len;
};

/* Make a veth pair across two namespaces, give both ends their address and
 * bring them up. A route to 224.0.0.0/4 is not needed: senders and receivers
 * name their interface. */
int namespace_veth(const struct namespace_end *a,
		   const struct namespace_end *b);

/* Take an interface of a namespace down or up. */
int namespace_link(int fd, const char *name, int up);

/* Without root: unshare a user namespace in which this process is root.
 * 0 at once if it has CAP_SYS_ADMIN already. Silent; before any thread. */
int namespace_become_root(void);

/* The same, but it logs which call was refused. */
int namespace_need_root(void);

#endif
