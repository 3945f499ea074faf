/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/socket.h"
#include "net/socket_setting.h"

/* IP_MULTICAST_IF reads back as an address, not as an index. */
static int multicast_interface(int fd, const struct interface *interface)
{
	struct ip_mreqn request = { .imr_address = interface->address,
				    .imr_ifindex = (int)interface->index };
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr = interface->address };
	struct in_addr found;
	socklen_t len = sizeof(found);
	int err = 0;

	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		return socket_fault("bind", &own);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request,
		       sizeof(request)) < 0 ||
	    getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &found, &len) < 0)
		err = -errno;
	else if (found.s_addr != interface->address.s_addr)
		err = -ERANGE;
	if (err)
		log_error("can't send multicast through %s: "
			  "IP_MULTICAST_IF: %s",
			  interface->name, log_strerror(err));
	return err;
}

int socket_multicast_sender(const struct sockaddr_in *group,
			    const struct interface *interface, unsigned int ttl)
{
	const struct socket_setting settings[] = {
		{ IPPROTO_IP, IP_MULTICAST_TTL, (int)ttl, "IP_MULTICAST_TTL" },
		{ IPPROTO_IP, IP_MULTICAST_LOOP, 1, "IP_MULTICAST_LOOP" },
	};
	int fd, err;

	fd = socket_open(SOCK_DGRAM | SOCK_NONBLOCK);
	if (fd < 0)
		return fd;
	err = socket_settings_apply(fd, settings, ARRAY_SIZE(settings));
	if (err)
		goto close_fd;
	if (interface) {
		err = multicast_interface(fd, interface);
		if (err)
			goto close_fd;
	}
	if (connect(fd, (const struct sockaddr *)group, sizeof(*group)) < 0) {
		err = socket_fault("send to", group);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return err;
}

static const struct socket_setting group_settings[] = {
	{ SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR" },
	{ IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL" },
};

static int join_fault(const struct sockaddr_in *group,
		      const struct interface *interface)
{
	char text[ADDRESS_TEXT_MAX];
	int err = -errno;

	log_error("can't join %s on %s: %s", address_format(group, text),
		  interface->name, log_strerror(err));
	return err;
}

static int group_join(int fd, const struct sockaddr_in *group,
		      const struct interface *interface)
{
	struct ip_mreqn request = { .imr_multiaddr = group->sin_addr,
				    .imr_ifindex = (int)interface->index };

	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
		       sizeof(request)) < 0)
		return join_fault(group, interface);
	return 0;
}

/* option: MCAST_JOIN_SOURCE_GROUP, MCAST_BLOCK_SOURCE. */
static int group_source(int fd, int option, struct in_addr source,
			const struct sockaddr_in *group,
			const struct interface *interface)
{
	const struct sockaddr_in from = { .sin_family = AF_INET,
					  .sin_addr = source };
	struct group_source_req request = { .gsr_interface = interface->index };

	memcpy(&request.gsr_group, group, sizeof(*group));
	memcpy(&request.gsr_source, &from, sizeof(from));
	if (setsockopt(fd, IPPROTO_IP, option, &request, sizeof(request)) < 0)
		return join_fault(group, interface);
	return 0;
}

int socket_multicast_receiver_of(struct in_addr source,
				 const struct sockaddr_in *group,
				 const struct interface *interface,
				 unsigned int *buffer_bytes)
{
	int fd, err;

	fd = socket_open(SOCK_DGRAM);
	if (fd < 0)
		return fd;
	err = socket_settings_apply(fd, group_settings,
				    ARRAY_SIZE(group_settings));
	if (err)
		goto close_fd;
	/* Before the first datagram can come. */
	err = socket_receive_buffer(fd, buffer_bytes);
	if (err)
		goto close_fd;
	if (bind(fd, (const struct sockaddr *)group, sizeof(*group)) < 0) {
		err = socket_fault("bind", group);
		goto close_fd;
	}
	err = source.s_addr == INADDR_ANY
		      ? group_join(fd, group, interface)
		      : group_source(fd, MCAST_JOIN_SOURCE_GROUP, source, group,
				     interface);
	if (err)
		goto close_fd;
	return fd;
close_fd:
	close(fd);
	return err;
}

int socket_multicast_receiver(const struct sockaddr_in *group,
			      const struct interface *interface,
			      unsigned int *buffer_bytes)
{
	const struct in_addr anyone = { .s_addr = INADDR_ANY };

	return socket_multicast_receiver_of(anyone, group, interface,
					    buffer_bytes);
}

int socket_multicast_strangers(struct in_addr source,
			       const struct sockaddr_in *group,
			       const struct interface *interface)
{
	struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog filter = { ARRAY_SIZE(nothing), nothing };
	int fd, err;

	fd = socket_open(SOCK_DGRAM);
	if (fd < 0)
		return fd;
	err = socket_settings_apply(fd, group_settings,
				    ARRAY_SIZE(group_settings));
	if (!err && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			       sizeof(filter)) < 0)
		err = socket_fault("count strangers to", group);
	if (!err)
		err = group_join(fd, group, interface);
	if (!err)
		err = group_source(fd, MCAST_BLOCK_SOURCE, source, group,
				   interface);
	/* Last: until then the source's would count as a stranger's. */
	if (!err &&
	    bind(fd, (const struct sockaddr *)group, sizeof(*group)) < 0)
		err = socket_fault("bind", group);
	if (!err)
		return fd;
	close(fd);
	return err;
}
