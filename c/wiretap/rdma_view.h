/* SPDX-License-Identifier: MIT */
/*
 * Captured RDMA (wire/roce) as the TCP segments and UDP datagrams that it would
 * have been, for all that judges those. Pure.
 *
 * A connection's request, reply and end become SYN, SYN/ACK and FIN; a message,
 * sent or written with immediate, becomes a segment. Packets have numbers, not
 * their bytes: one that was seen before is seen again; one that comes too early
 * is left out, since the other device leaves it out and all from the missing
 * one on are sent again (9.7.8). What was acknowledged and not captured becomes
 * bytes that were lost, as many messages as long as the last one.
 *
 * A datagram to a group says in its immediate data which port number it is
 * for.
 */
#ifndef WIRETAP_RDMA_VIEW_H
#define WIRETAP_RDMA_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/frame.h"

#define RDMA_VIEW_CONNECTIONS_MAX 32 /* the one used last but all makes room */

/* What goes one way. */
struct rdma_view_way {
	uint32_t qp;	   /* where to */
	uint32_t psn;	   /* the next one's */
	uint32_t sequence; /* the next byte's, of the segments that we make */
	uint32_t last_len; /* of the last message */
};

struct rdma_view_connection {
	bool used, replied;
	uint32_t client, server; /* addresses */
	uint16_t client_port, server_port;
	uint32_t client_id, server_id;
	struct rdma_view_way to_server, to_client;
	uint64_t last_used;
};

struct rdma_view {
	struct rdma_view_connection connections[RDMA_VIEW_CONNECTIONS_MAX];
	uint64_t frames;
};

/* Is it RDMA's at all? */
bool rdma_view_is(const struct frame *frame);

/* A frame of RDMA that is whole. 1: *view is the frame that it would have been;
 * 0: nothing of ours; -EBADMSG: malformed. */
int rdma_view_frame(struct rdma_view *view, const struct frame *frame,
		    struct frame *made);

#endif
