/* SPDX-License-Identifier: MIT */
#include "net/rdma_events.h"

#ifdef HAVE_RDMA

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"

#define SLICE_MS 50 /* of a wait that a signal may end */

struct rdma_event_channel *rdma_events_open(const struct rdma_library *rdma)
{
	struct rdma_event_channel *channel = rdma->create_event_channel();
	int flags;

	if (!channel)
		return NULL;
	/* ib_safe_file_access() of the kernel's include/rdma/ib.h. */
	privileges_hold("the kernel takes RDMA's requests from nobody else "
			"than who has opened the device");
	flags = fcntl(channel->fd, F_GETFL);
	if (flags >= 0 && fcntl(channel->fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return channel;
	rdma->destroy_event_channel(channel);
	return NULL;
}

static void group_copy(struct rdma_event *event,
		       const struct rdma_ud_param *said)
{
	event->way = said->ah_attr;
	event->qp_num = said->qp_num;
	event->qkey = said->qkey;
}

static void said_copy(struct rdma_event *event,
		      const struct rdma_conn_param *said)
{
	size_t len = said->private_data ? said->private_data_len : 0;

	if (len > sizeof(event->said))
		len = sizeof(event->said);
	if (len)
		memcpy(event->said, said->private_data, len);
	event->said_len = len;
}

int rdma_events_next(const struct rdma_library *rdma,
		     struct rdma_event_channel *channel,
		     struct rdma_event *event)
{
	struct rdma_cm_event *next;

	if (rdma->get_cm_event(channel, &next))
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	*event = (struct rdma_event){ .type = next->event,
				      .status = next->status,
				      .id = next->id };
	if (next->event == RDMA_CM_EVENT_MULTICAST_JOIN)
		group_copy(event, &next->param.ud);
	else if (next->event == RDMA_CM_EVENT_CONNECT_REQUEST ||
		 next->event == RDMA_CM_EVENT_ESTABLISHED ||
		 next->event == RDMA_CM_EVENT_REJECTED)
		said_copy(event, &next->param.conn);
	rdma->ack_cm_event(next);
	return 1;
}

int rdma_events_wait(const struct rdma_library *rdma,
		     struct rdma_event_channel *channel,
		     struct rdma_event *event, uint64_t deadline_ns,
		     const volatile int *stop)
{
	struct pollfd readable = { channel->fd, POLLIN, 0 };
	int n;

	for (;;) {
		n = rdma_events_next(rdma, channel, event);
		if (n)
			return n < 0 ? n : 0;
		if (stop && *stop)
			return -EINTR;
		if (clock_monotonic_ns() >= deadline_ns)
			return -ETIMEDOUT;
		poll(&readable, 1, SLICE_MS);
	}
}

struct in_addr rdma_events_address_towards(const struct sockaddr_in *to)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in found = { .sin_family = AF_INET };
	socklen_t len = sizeof(found);

	if (fd < 0)
		return found.sin_addr;
	if (connect(fd, (const void *)to, sizeof(*to)) < 0 ||
	    getsockname(fd, (void *)&found, &len) < 0)
		found.sin_addr.s_addr = 0;
	close(fd);
	return found.sin_addr;
}

static void interface_name(struct in_addr own, char name[static IF_NAMESIZE])
{
	struct ifaddrs *all = NULL;

	snprintf(name, IF_NAMESIZE, "INTERFACE");
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		const struct sockaddr_in *its = (const void *)one->ifa_addr;

		if (its && its->sin_family == AF_INET &&
		    its->sin_addr.s_addr == own.s_addr)
			snprintf(name, IF_NAMESIZE, "%s", one->ifa_name);
	}
	freeifaddrs(all);
}

int rdma_events_no_device(const char *who, struct in_addr own)
{
	char name[IF_NAMESIZE], address[INET_ADDRSTRLEN];

	interface_name(own, name);
	log_error("%s: no RDMA device on %s (%s): of soft-RoCE: rdma link add "
		  "rxe0 type rxe netdev %s",
		  who, name, inet_ntop(AF_INET, &own, address, sizeof(address)),
		  name);
	return -ENODEV;
}

#endif
