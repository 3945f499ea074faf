/* SPDX-License-Identifier: MIT */
/*
 * Datagrams of RDMA (UD) to a multicast group, or of one: on the wire they are
 * UDP's to the group's address and port 4791. Such a group has no ports, so the
 * immediate data of each datagram says which one it is for.
 * rdma_join_multicast(3); Annex A17.
 */
#ifndef NET_RDMA_GROUP_H
#define NET_RDMA_GROUP_H

#ifdef HAVE_RDMA

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/rdma_events.h"
#include "net/rdma_queue.h"

#define RDMA_GROUP_SLOTS_MIN 64
#define RDMA_GROUP_SLOTS_MAX 8192

struct rdma_group_config {
	const char *who;	  /* for messages; must outlive the group */
	struct sockaddr_in group; /* with the port */
	struct in_addr own;	  /* the interface's address */
	uint32_t sends, receives; /* slots; one of them may be 0 */
	uint32_t inline_len;
	uint8_t ttl; /* of what is sent */
	bool sleeps; /* poll(2) tells of what has come */
};

struct rdma_group {
	struct rdma_group_config config;
	const struct rdma_library *rdma;
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct rdma_queue queue;
	struct ibv_ah *way;
	uint32_t qp, qkey; /* the group's */
	uint32_t mtu;	   /* the longest datagram */
};

/* Join: what is sent to the group from now on arrives. 0, or a negative errno,
 * logged. */
int rdma_group_open(struct rdma_group *group,
		    const struct rdma_group_config *config);
void rdma_group_close(struct rdma_group *group);

/* HOT. 0; -ENOBUFS: no room now; -EMSGSIZE; or another negative errno. */
int rdma_group_send(struct rdma_group *group, const uint8_t *bytes, size_t len);

enum rdma_datagram {
	RDMA_DATAGRAM_OURS,
	RDMA_DATAGRAM_STRANGERS, /* of another source */
	RDMA_DATAGRAM_OTHER,	 /* of another port, or none of ours */
};

/* HOT. What is that one, which has come? source 0.0.0.0: anybody's. Its bytes
 * are in its slot, behind RDMA_GRH_LEN. */
enum rdma_datagram rdma_group_look(const struct rdma_group *group,
				   const struct ibv_wc *come,
				   struct in_addr source);

/* 0, or -ENODEV: the device or the group is gone. */
int rdma_group_alive(struct rdma_group *group);

#endif

#endif
