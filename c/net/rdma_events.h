/* SPDX-License-Identifier: MIT */
/* What librdmacm says of a connection or a group, one event after the other.
 * rdma_get_cm_event(3). */
#ifndef NET_RDMA_EVENTS_H
#define NET_RDMA_EVENTS_H

#include <netinet/in.h>

#ifdef HAVE_RDMA

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/rdma_library.h"

#define RDMA_EVENT_SAID_MAX 196 /* of private data, of a reply */

/* A copy: librdmacm has its own back. */
struct rdma_event {
	enum rdma_cm_event_type type;
	int status;
	struct rdma_cm_id *id; /* of a connection that is asked for: the new
				  one, whose owner is who took the event */
	size_t said_len;
	uint8_t said[RDMA_EVENT_SAID_MAX];
	/* Of a group that was joined: */
	struct ibv_ah_attr way;
	uint32_t qp_num, qkey;
};

/* A channel of them, without waiting. NULL, with errno. */
struct rdma_event_channel *rdma_events_open(const struct rdma_library *rdma);

/* The next one: 1; 0: there is none now; or a negative errno. */
int rdma_events_next(const struct rdma_library *rdma,
		     struct rdma_event_channel *channel,
		     struct rdma_event *event);

/* The next one, waited for until the deadline (monotonic), or until *stop (may
 * be NULL). 0; -EINTR; -ETIMEDOUT; or another negative errno; silent. */
int rdma_events_wait(const struct rdma_library *rdma,
		     struct rdma_event_channel *channel,
		     struct rdma_event *event, uint64_t deadline_ns,
		     const volatile int *stop);

/* The address that a packet to that one has here; 0.0.0.0: there is no way. */
struct in_addr rdma_events_address_towards(const struct sockaddr_in *to);

/* Why RDMA does not go by the interface of this address: one line, logged. */
int rdma_events_no_device(const char *who, struct in_addr own);

#endif

#endif
