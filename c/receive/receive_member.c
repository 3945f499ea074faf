/* SPDX-License-Identifier: MIT */
#include "receive/receive_member.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* Bound to no port: nothing arrives here. */
int receive_member_open(const struct receive *receive,
			const struct interface *interface)
{
	struct ip_mreqn member = {
		.imr_multiaddr = receive->config.group.sin_addr,
		.imr_ifindex = (int)interface->index,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member,
				  sizeof(member)) == 0)
		return fd;
	err = -errno;
	log_error("--receive %s: %s: the group can't be joined: %s",
		  receive->ops->entry.name, interface->name, log_reason(err));
	if (fd >= 0)
		close(fd);
	return err;
}
