/* SPDX-License-Identifier: MIT */
/*
 * The socket that a driver of DPDK's has made: it tells nobody of it, and
 * some of what a path owes can only be asked of the socket itself.
 */
#ifndef NET_DPDK_SOCKETS_H
#define NET_DPDK_SOCKETS_H

#include <stdint.h>

#define DPDK_SOCKETS_MAX 4096 /* descriptors above are not looked at */

/* The descriptors of this process that are sockets of one family, a bit
 * each. */
struct dpdk_sockets {
	uint64_t bits[DPDK_SOCKETS_MAX / 64];
};

void dpdk_sockets_note(struct dpdk_sockets *sockets, int family);

/* The one that has come since; -1: none has. */
int dpdk_sockets_new(const struct dpdk_sockets *before, int family);

#endif
