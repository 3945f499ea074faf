/* SPDX-License-Identifier: MIT */
#include "wiretap/rdma_view.h"

#include <errno.h>
#include <netinet/in.h>

#include "wire/order.h"
#include "wire/roce.h"

/* One who is acknowledged further ahead was another connection's. */
#define LOST_MAX (1 << 16)

bool rdma_view_is(const struct frame *frame)
{
	return frame->protocol == FRAME_UDP &&
	       frame->destination_port == ROCE_UDP_PORT;
}

/*
 * Connections.
 */

static struct rdma_view_connection *use(struct rdma_view *view,
					struct rdma_view_connection *found)
{
	found->last_used = view->frames;
	return found;
}

/* By who asked for it. */
static struct rdma_view_connection *find(struct rdma_view *view,
					 uint32_t client, uint32_t client_id,
					 uint32_t server)
{
	for (unsigned int i = 0; i < RDMA_VIEW_CONNECTIONS_MAX; i++) {
		struct rdma_view_connection *one = &view->connections[i];

		if (one->used && one->client == client &&
		    one->client_id == client_id && one->server == server)
			return use(view, one);
	}
	return NULL;
}

/* By the queue pair that a packet is for. */
static struct rdma_view_connection *find_qp(struct rdma_view *view,
					    const struct frame *frame,
					    uint32_t qp, bool *to_server)
{
	struct rdma_view_connection *last = NULL;

	for (unsigned int i = 0; i < RDMA_VIEW_CONNECTIONS_MAX; i++) {
		struct rdma_view_connection *one = &view->connections[i];
		const bool there = one->replied && one->to_server.qp == qp &&
				   one->server == frame->destination &&
				   one->client == frame->source;
		const bool back = one->used && one->to_client.qp == qp &&
				  one->client == frame->destination &&
				  one->server == frame->source;

		/* A queue pair's number is used again. */
		if ((!there && !back) ||
		    (last && last->last_used > one->last_used))
			continue;
		last = one;
		*to_server = there;
	}
	return last ? use(view, last) : NULL;
}

static struct rdma_view_connection *room(struct rdma_view *view)
{
	struct rdma_view_connection *least = &view->connections[0];

	for (unsigned int i = 1; i < RDMA_VIEW_CONNECTIONS_MAX; i++)
		if (view->connections[i].last_used < least->last_used)
			least = &view->connections[i];
	return least;
}

/* A segment of one way, without payload. */
static void segment(const struct rdma_view_connection *connection,
		    bool to_server, uint8_t flags, struct frame *made)
{
	made->protocol = FRAME_TCP;
	made->source_port =
		to_server ? connection->client_port : connection->server_port;
	made->destination_port =
		to_server ? connection->server_port : connection->client_port;
	made->tcp_flags = flags;
	made->tcp_sequence = to_server ? connection->to_server.sequence
				       : connection->to_client.sequence;
	made->tcp_acknowledgment = to_server ? connection->to_client.sequence
					     : connection->to_server.sequence;
	made->payload = NULL;
	made->payload_len = 0;
}

static int request(struct rdma_view *view, const struct frame *frame,
		   const struct roce_connection *said, struct frame *made)
{
	struct rdma_view_connection *connection =
		find(view, frame->source, said->local_id, frame->destination);

	if (!connection) {
		connection = room(view);
		*connection = (struct rdma_view_connection){
			.used = true,
			.client = frame->source,
			.server = frame->destination,
			.client_port = said->client_port,
			.server_port = said->server_port,
			.client_id = said->local_id,
			.to_server.sequence = said->local_id + 1,
			.to_server.last_len = ORDER_LEN,
			.to_client.qp = said->qp,
			.to_client.psn = said->psn,
			.last_used = view->frames,
		};
	}
	segment(connection, true, FRAME_TCP_SYN, made);
	made->tcp_sequence = connection->client_id;
	return 1;
}

static int reply(struct rdma_view *view, const struct frame *frame,
		 const struct roce_connection *said, struct frame *made)
{
	struct rdma_view_connection *connection =
		find(view, frame->destination, said->remote_id, frame->source);

	if (!connection)
		return 0;
	if (!connection->replied) {
		connection->replied = true;
		connection->server_id = said->local_id;
		connection->to_server.qp = said->qp;
		connection->to_server.psn = said->psn;
		connection->to_client.sequence = said->local_id + 1;
		connection->to_client.last_len = ORDER_LEN;
	} else if (connection->server_id != said->local_id) {
		return 0;
	}
	segment(connection, false, FRAME_TCP_SYN | FRAME_TCP_ACK, made);
	made->tcp_sequence = connection->server_id;
	made->tcp_acknowledgment = connection->client_id + 1;
	return 1;
}

/* It was turned away, or has ended. */
static int ends(struct rdma_view *view, const struct frame *frame,
		const struct roce_connection *said, struct frame *made)
{
	const bool rejects = said->kind == ROCE_CONNECT_REJECT;
	struct rdma_view_connection *connection =
		find(view, frame->source, said->local_id, frame->destination);
	const bool to_server = connection && !rejects;

	if (!to_server)
		connection = find(view, frame->destination, said->remote_id,
				  frame->source);
	if (!connection)
		return 0;
	segment(connection, to_server,
		(rejects ? FRAME_TCP_RST : FRAME_TCP_FIN) | FRAME_TCP_ACK,
		made);
	return 1;
}

static int managed(struct rdma_view *view, const struct frame *frame,
		   const struct roce_packet *packet, struct frame *made)
{
	struct roce_connection said;
	const int err = roce_connection_decode(packet->payload,
					       packet->payload_len, &said);

	if (err)
		return err == -ENOENT ? 0 : err;
	switch (said.kind) {
	case ROCE_CONNECT_REQUEST:
		return request(view, frame, &said, made);
	case ROCE_CONNECT_REPLY:
		return reply(view, frame, &said, made);
	case ROCE_CONNECT_REJECT:
	case ROCE_DISCONNECT_REQUEST:
		return ends(view, frame, &said, made);
	case ROCE_CONNECT_READY:
	case ROCE_DISCONNECT_REPLY:
		break;
	}
	return 0;
}

/*
 * What goes over a connection.
 */

/* Who acknowledged packets that we did not see has taken them. */
static int acknowledged(struct rdma_view_connection *connection, bool to_server,
			const struct roce_packet *packet, struct frame *made)
{
	struct rdma_view_way *way =
		to_server ? &connection->to_client : &connection->to_server;
	const int32_t lost = roce_psn_distance(way->psn, packet->psn) + 1;

	if (!roce_is_acknowledged(packet) || lost < 0 || lost > LOST_MAX)
		return 0;
	way->psn = roce_psn_next(way->psn, (uint32_t)lost);
	way->sequence += (uint32_t)lost * way->last_len;
	segment(connection, to_server, FRAME_TCP_ACK, made);
	return 1;
}

static int requested(struct rdma_view_connection *connection, bool to_server,
		     const struct roce_packet *packet, struct frame *made)
{
	struct rdma_view_way *way =
		to_server ? &connection->to_server : &connection->to_client;
	const int32_t ahead = roce_psn_distance(way->psn, packet->psn);
	const bool message = roce_is_message(packet) && packet->payload_len;
	const uint32_t len = (uint32_t)packet->payload_len;

	if (ahead > 0 || (ahead < 0 && !message))
		return 0;
	if (ahead == 0)
		way->psn = roce_psn_next(way->psn, 1);
	if (!message)
		return 0;
	/* The exchange acknowledges by packets of their own. */
	segment(connection, to_server,
		FRAME_TCP_PSH | (to_server ? FRAME_TCP_ACK : 0), made);
	made->payload = packet->payload;
	made->payload_len = packet->payload_len;
	if (ahead < 0) {
		made->tcp_sequence -= len;
		return 1;
	}
	way->sequence += len;
	way->last_len = len;
	return 1;
}

static int connected(struct rdma_view *view, const struct frame *frame,
		     const struct roce_packet *packet, struct frame *made)
{
	bool to_server = false;
	struct rdma_view_connection *connection =
		find_qp(view, frame, packet->qp, &to_server);

	if (!connection)
		return 0;
	if (packet->operation == ROCE_ACKNOWLEDGE)
		return acknowledged(connection, to_server, packet, made);
	/* What else there is this program never says. */
	return roce_is_request(packet)
		       ? requested(connection, to_server, packet, made)
		       : 0;
}

static int group_datagram(const struct frame *frame,
			  const struct roce_packet *packet, struct frame *made)
{
	if (!IN_MULTICAST(frame->destination) || !packet->has_immediate ||
	    packet->immediate == 0 || packet->immediate > UINT16_MAX)
		return 0;
	made->source_port = made->destination_port =
		(uint16_t)packet->immediate;
	made->payload = packet->payload;
	made->payload_len = packet->payload_len;
	return 1;
}

int rdma_view_frame(struct rdma_view *view, const struct frame *frame,
		    struct frame *made)
{
	struct roce_packet packet;
	const int err =
		roce_decode(frame->payload, frame->payload_len, &packet);

	view->frames++;
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	*made = *frame;
	if (packet.operation == ROCE_DATAGRAM ||
	    packet.operation == ROCE_DATAGRAM_IMMEDIATE) {
		if (packet.qp == ROCE_QP_GROUP)
			return group_datagram(frame, &packet, made);
		return packet.qp == ROCE_QP_MANAGED
			       ? managed(view, frame, &packet, made)
			       : 0;
	}
	return connected(view, frame, &packet, made);
}
