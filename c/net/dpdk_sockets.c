/* SPDX-License-Identifier: MIT */
#include "net/dpdk_sockets.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static bool is_of(int fd, int family)
{
	int its = 0;
	socklen_t len = sizeof(its);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &its, &len) == 0 &&
	       its == family;
}

void dpdk_sockets_note(struct dpdk_sockets *sockets, int family)
{
	memset(sockets, 0, sizeof(*sockets));
	for (int fd = 0; fd < DPDK_SOCKETS_MAX; fd++)
		if (is_of(fd, family))
			sockets->bits[fd / 64] |= UINT64_C(1) << fd % 64;
}

int dpdk_sockets_new(const struct dpdk_sockets *before, int family)
{
	struct dpdk_sockets now;

	dpdk_sockets_note(&now, family);
	for (int fd = 0; fd < DPDK_SOCKETS_MAX; fd++)
		if ((now.bits[fd / 64] & ~before->bits[fd / 64]) >> fd % 64 & 1)
			return fd;
	return -1;
}
