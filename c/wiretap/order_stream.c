/* SPDX-License-Identifier: MIT */
#include "wiretap/order_stream.h"

#include <stdlib.h>

#include "wiretap/order_bytes.h"

size_t order_stream_partial_len(
	const struct order_stream_connection *connection)
{
	/* Behind a goodbye is no order: an outer channel's own. */
	return connection->channel && !connection->over
		       ? channel_buffer_len(&connection->channel->in)
		       : 0;
}

bool order_stream_ended(const struct order_stream_connection *connection)
{
	return connection->fin_seen || connection->server_fin_seen ||
	       connection->reset;
}

/* All of a connection was seen; its place is free. */
static int end(struct order_stream *stream,
	       struct order_stream_connection *connection)
{
	int rc;

	if (!connection->number)
		return 0;
	rc = order_bytes_settle(stream, connection);
	if (order_stream_partial_len(connection) > 0)
		stream->partial_orders++;
	if (stream->config.gone)
		stream->config.gone(stream->config.context, connection);
	for (uint32_t i = 0; i < connection->held_count; i++)
		free(connection->held[i].bytes);
	channel_close(connection->channel);
	*connection = (struct order_stream_connection){ 0 };
	return rc;
}

static struct order_stream_connection *find(struct order_stream *stream,
					    uint32_t client,
					    uint16_t client_port,
					    uint32_t server)
{
	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX; i++) {
		struct order_stream_connection *connection =
			&stream->connections[i];

		if (connection->number && connection->client == client &&
		    connection->client_port == client_port &&
		    connection->server == server) {
			connection->last_used = stream->frames;
			return connection;
		}
	}
	return NULL;
}

/* How much a connection's place is needed. */
static unsigned int need(const struct order_stream_connection *connection)
{
	if (!connection->number)
		return 0;
	if (!connection->established)
		return 1;
	return order_stream_ended(connection) ? 2 : 3;
}

static struct order_stream_connection *room(struct order_stream *stream)
{
	struct order_stream_connection *least = &stream->connections[0];

	for (size_t i = 1; i < ORDER_STREAM_CONNECTION_MAX; i++) {
		struct order_stream_connection *other = &stream->connections[i];

		if (need(other) < need(least) ||
		    (need(other) == need(least) &&
		     other->last_used < least->last_used))
			least = other;
	}
	return least;
}

/* Begin a connection in the place of *old or of the one needed least. */
static int begin(struct order_stream *stream, uint32_t client,
		 uint16_t client_port, uint32_t server,
		 struct order_stream_connection **old)
{
	struct order_stream_connection *connection = *old ? *old : room(stream);
	int rc = end(stream, connection);

	*connection = (struct order_stream_connection){
		.number = ++stream->numbers,
		.client = client,
		.server = server,
		.client_port = client_port,
		.last_used = stream->frames,
	};
	*old = connection;
	return rc;
}

static void start_at(struct order_stream_connection *connection, uint32_t next)
{
	connection->next = next;
	connection->start_known = true;
	connection->synchronous = true;
}

static int begin_by_syn(struct order_stream *stream, const struct frame *frame,
			uint32_t sequence,
			struct order_stream_connection **connection)
{
	int rc = begin(stream, frame->source, frame->source_port,
		       frame->destination, connection);

	start_at(*connection, sequence + 1);
	(*connection)->syn_seen = true;
	(*connection)->syn_sequence = sequence;
	stream->connects++;
	return rc;
}

/* SYN, or whatever comes after one that was doubted. */
static int syn(struct order_stream *stream, const struct frame *frame,
	       struct order_stream_connection **found)
{
	struct order_stream_connection *connection = *found;

	if (connection && connection->syn_seen &&
	    connection->syn_sequence == frame->tcp_sequence)
		return 0;
	if (!connection || order_stream_ended(connection) ||
	    !connection->established)
		return begin_by_syn(stream, frame, frame->tcp_sequence, found);
	/* The connection lives: what the exchange says to it will tell. */
	connection->syn_again_seen = true;
	connection->syn_again_sequence = frame->tcp_sequence;
	return 0;
}

/* Does a SYN/ACK answer the connection's SYN, and data with it (RFC 7413)? */
static bool answers(const struct order_stream_connection *connection,
		    uint32_t acknowledgment)
{
	int32_t taken =
		order_bytes_distance(connection->syn_sequence, acknowledgment);

	return connection->syn_seen && taken > 0 && taken <= UINT16_MAX;
}

static int syn_answered(struct order_stream *stream, const struct frame *frame,
			struct order_stream_connection *connection)
{
	uint32_t begun = frame->tcp_acknowledgment;
	int rc = 0;

	if (connection && connection->syn_again_seen &&
	    begun == connection->syn_again_sequence + 1) {
		rc = begin(stream, frame->destination, frame->destination_port,
			   frame->source, &connection);
		connection->syn_seen = true;
		connection->syn_sequence = begun - 1;
		start_at(connection, begun);
		stream->connects++;
	} else if (!connection || (!answers(connection, begun) &&
				   (!connection->syn_seen ||
				    order_stream_ended(connection)))) {
		rc = begin(stream, frame->destination, frame->destination_port,
			   frame->source, &connection);
		connection->syn_seen = true;
		connection->syn_sequence = begun - 1;
		start_at(connection, begun);
	} else if (!answers(connection, begun)) {
		return 0;
	}
	connection->established = true;
	connection->server_known = true;
	connection->server_next = frame->tcp_sequence + 1;
	return rc;
}

/* What the exchange has acknowledged and the capture lacks never comes. */
static int from_exchange(struct order_stream *stream, const struct frame *frame)
{
	struct order_stream_connection *connection =
		find(stream, frame->destination, frame->destination_port,
		     frame->source);
	bool ack = frame->tcp_flags & FRAME_TCP_ACK;

	if (frame->tcp_flags & FRAME_TCP_SYN)
		return ack ? syn_answered(stream, frame, connection) : 0;
	if (!connection)
		return 0;
	if (frame->tcp_flags & FRAME_TCP_RST) {
		if (!connection->established) {
			if (connection->syn_seen)
				return end(stream, connection);
		} else if (!connection->server_known ||
			   frame->tcp_sequence == connection->server_next) {
			connection->reset = true;
		}
		return 0;
	}
	connection->server_known = true;
	connection->server_next = frame->tcp_sequence +
				  (uint32_t)frame->payload_len +
				  !!(frame->tcp_flags & FRAME_TCP_FIN);
	if (frame->tcp_flags & FRAME_TCP_FIN)
		connection->server_fin_seen = true;
	if (!ack)
		return 0;
	if (!connection->acknowledged_known ||
	    order_bytes_distance(connection->acknowledged,
				 frame->tcp_acknowledgment) > 0)
		connection->acknowledged = frame->tcp_acknowledgment;
	connection->acknowledged_known = true;
	return order_bytes_acknowledged(stream, connection);
}

/* Does the segment belong to another connection of these ports, whose SYN was
 * not seen? */
static bool is_of_another(const struct order_stream_connection *connection,
			  uint32_t sequence)
{
	int32_t ahead = order_bytes_distance(connection->next, sequence);

	if (!connection->synchronous)
		return false;
	if (ahead > ORDER_BYTES_WINDOW_MAX || ahead < -ORDER_BYTES_WINDOW_MAX)
		return true;
	if (connection->fin_seen)
		return order_bytes_distance(connection->fin_sequence,
					    sequence) > 0;
	return order_stream_ended(connection) && ahead > UINT16_MAX;
}

/* Does it show that the SYN seen again did begin another connection? */
static bool goes_on_behind_syn(const struct order_stream_connection *connection,
			       const struct order_stream_segment *segment)
{
	int32_t ahead = order_bytes_distance(connection->syn_again_sequence + 1,
					     segment->sequence);

	if (!connection->syn_again_seen)
		return false;
	return ahead == 0 || (ahead > 0 && ahead < ORDER_BYTES_WINDOW_MAX &&
			      is_of_another(connection, segment->sequence));
}

/* The client's FIN or RST. */
static void ends(struct order_stream_connection *connection,
		 const struct frame *frame, uint32_t sequence)
{
	int32_t ahead = order_bytes_distance(connection->next, sequence);

	if (frame->tcp_flags & FRAME_TCP_FIN) {
		connection->fin_seen = true;
		connection->fin_sequence =
			sequence + (uint32_t)frame->payload_len;
	} else if (!connection->synchronous ||
		   (ahead >= 0 && ahead <= UINT16_MAX)) {
		connection->reset = true;
	}
}

static int to_exchange(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns)
{
	bool opens = frame->tcp_flags & FRAME_TCP_SYN;
	struct order_stream_segment segment = {
		.sequence = frame->tcp_sequence + opens,
		.len = (uint32_t)frame->payload_len,
		.stamp_ns = stamp_ns,
		.bytes = (uint8_t *)(uintptr_t)frame->payload,
	};
	struct order_stream_connection *connection = find(
		stream, frame->source, frame->source_port, frame->destination);
	int rc = 0;

	if (opens)
		rc = syn(stream, frame, &connection);
	else if (connection && goes_on_behind_syn(connection, &segment))
		rc = begin_by_syn(stream, frame, connection->syn_again_sequence,
				  &connection);
	else if (!connection || (segment.len > 0 &&
				 is_of_another(connection, segment.sequence)))
		rc = begin(stream, frame->source, frame->source_port,
			   frame->destination, &connection);
	if (rc < 0 || (opens && !connection->syn_seen))
		return rc;
	if (opens && !connection->syn_ns && !connection->syn_again_seen &&
	    !connection->established)
		connection->syn_ns = stamp_ns;
	if (!opens && (segment.len > 0 || !connection->syn_seen ||
		       segment.sequence == connection->syn_sequence + 1))
		connection->established |= !(frame->tcp_flags & FRAME_TCP_RST);
	if (segment.len == 0) {
		connection->hint = segment.sequence;
		connection->hint_known = true;
	} else {
		/* It goes on: the RST was none of its own. */
		if (segment.sequence == connection->next)
			connection->reset = false;
		rc = order_bytes_take(stream, connection, &segment);
	}
	if (frame->tcp_flags & (FRAME_TCP_FIN | FRAME_TCP_RST))
		ends(connection, frame, segment.sequence);
	return rc;
}

void order_stream_open(struct order_stream *stream,
		       const struct order_stream_config *config)
{
	*stream = (struct order_stream){ .config = *config };
	if (!stream->config.channel)
		stream->config.channel = CHANNEL_DEFAULT;
}

void order_stream_close(struct order_stream *stream)
{
	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX; i++) {
		struct order_stream_connection *connection =
			&stream->connections[i];

		for (uint32_t k = 0; k < connection->held_count; k++)
			free(connection->held[k].bytes);
		connection->held_count = 0;
		channel_close(connection->channel);
		connection->channel = NULL;
	}
}

int order_stream_frame(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns)
{
	if (frame->destination_port == stream->config.port) {
		stream->frames++;
		return to_exchange(stream, frame, stamp_ns);
	}
	if (frame->source_port == stream->config.port) {
		stream->frames++;
		return from_exchange(stream, frame);
	}
	return 0;
}

struct order_stream_connection *order_stream_find(struct order_stream *stream,
						  uint64_t number)
{
	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX; i++)
		if (number && stream->connections[i].number == number)
			return &stream->connections[i];
	return NULL;
}

struct order_stream_connection *order_stream_established(
	struct order_stream *stream, uint64_t after)
{
	struct order_stream_connection *first = NULL;

	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX; i++) {
		struct order_stream_connection *connection =
			&stream->connections[i];

		if (connection->number > after && connection->established &&
		    !order_stream_ended(connection) &&
		    (!first || connection->number < first->number))
			first = connection;
	}
	return first;
}

int order_stream_end(struct order_stream *stream)
{
	int rc = 0;

	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX && rc == 0; i++)
		rc = end(stream, &stream->connections[i]);
	return rc;
}
