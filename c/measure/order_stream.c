/* SPDX-License-Identifier: MIT */
#include "measure/order_stream.h"

#include <stdlib.h>
#include <string.h>

/* A number further away than any window belongs to another connection, whose
 * SYN the capture did not see. */
#define WINDOW_MAX (1 << 26)

static int32_t distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

/* Bytes next in line. */
static int take(struct order_stream *stream,
		struct order_stream_connection *connection,
		const uint8_t *bytes, size_t len, uint64_t stamp_ns)
{
	struct order order;
	bool whole;
	size_t n;
	int rc;

	connection->next += (uint32_t)len;
	while (len > 0) {
		n = ORDER_LEN - connection->partial_len;
		if (n > len)
			n = len;
		memcpy(connection->partial + connection->partial_len, bytes, n);
		connection->partial_len += (uint32_t)n;
		bytes += n;
		len -= n;
		if (connection->partial_len < ORDER_LEN)
			break;
		whole = !connection->holed;
		connection->partial_len = 0;
		connection->holed = false;
		if (!whole)
			continue;
		order = order_read(connection->partial);
		rc = stream->config.each(stream->config.context, &order,
					 stamp_ns);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Go on behind bytes that the capture does not have; where orders begin is
 * still known. */
static void skip(struct order_stream *stream,
		 struct order_stream_connection *connection, uint32_t len)
{
	stream->lost_bytes += len;
	connection->next += len;
	connection->partial_len =
		(connection->partial_len + len % ORDER_LEN) % ORDER_LEN;
	connection->holed = connection->partial_len > 0;
}

static int take_segment(struct order_stream *stream,
			struct order_stream_connection *connection,
			const struct order_stream_segment *segment)
{
	int32_t seen = distance(segment->sequence, connection->next);

	if (seen > 0)
		stream->retransmissions++;
	if (seen >= (int32_t)segment->len)
		return 0;
	return take(stream, connection, segment->bytes + seen,
		    segment->len - (uint32_t)seen, segment->stamp_ns);
}

/* What waits and has become next in line. */
static int take_held(struct order_stream *stream,
		     struct order_stream_connection *connection)
{
	struct order_stream_segment *held = connection->held;
	struct order_stream_segment segment;
	int rc = 0;

	while (connection->held_count > 0 && rc == 0 &&
	       distance(held[0].sequence, connection->next) >= 0) {
		segment = held[0];
		connection->held_count--;
		memmove(held, held + 1, connection->held_count * sizeof(*held));
		rc = take_segment(stream, connection, &segment);
		free(segment.bytes);
	}
	return rc;
}

static int give_up_hole(struct order_stream *stream,
			struct order_stream_connection *connection)
{
	skip(stream, connection,
	     connection->held[0].sequence - connection->next);
	return take_held(stream, connection);
}

/* Without memory the segment is a hole like any other. */
static void hold(struct order_stream *stream,
		 struct order_stream_connection *connection,
		 const struct order_stream_segment *segment)
{
	struct order_stream_segment *held = connection->held;
	uint32_t i = connection->held_count;
	uint8_t *bytes;

	while (i > 0 && distance(segment->sequence, held[i - 1].sequence) > 0)
		i--;
	if (i > 0 && held[i - 1].sequence == segment->sequence &&
	    held[i - 1].len >= segment->len) {
		stream->retransmissions++;
		return;
	}
	stream->out_of_order++;
	bytes = malloc(segment->len);
	if (!bytes)
		return;
	memcpy(bytes, segment->bytes, segment->len);
	memmove(held + i + 1, held + i,
		(connection->held_count - i) * sizeof(*held));
	held[i] = *segment;
	held[i].bytes = bytes;
	connection->held_count++;
}

static int settle(struct order_stream *stream,
		  struct order_stream_connection *connection)
{
	int rc = 0;

	while (rc == 0 && connection->held_count > 0)
		rc = give_up_hole(stream, connection);
	return rc;
}

/* All of a connection was seen; its place is free. */
static int end(struct order_stream *stream,
	       struct order_stream_connection *connection)
{
	int rc;

	if (!connection->used)
		return 0;
	rc = settle(stream, connection);
	if (connection->partial_len > 0)
		stream->partial_orders++;
	for (uint32_t i = 0; i < connection->held_count; i++)
		free(connection->held[i].bytes);
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

		if (connection->used && connection->client == client &&
		    connection->client_port == client_port &&
		    connection->server == server) {
			connection->last_used = stream->frames;
			return connection;
		}
	}
	return NULL;
}

/* Begin a connection at a sequence number, in the place of *old or of the one
 * unused longest. */
static int begin(struct order_stream *stream, const struct frame *frame,
		 uint32_t next, struct order_stream_connection **old)
{
	struct order_stream_connection *connection = *old;
	int rc;

	if (!connection) {
		connection = &stream->connections[0];
		for (size_t i = 1; i < ORDER_STREAM_CONNECTION_MAX; i++)
			if (stream->connections[i].last_used <
			    connection->last_used)
				connection = &stream->connections[i];
	}
	rc = end(stream, connection);
	*connection = (struct order_stream_connection){
		.client = frame->source,
		.server = frame->destination,
		.client_port = frame->source_port,
		.used = true,
		.next = next,
		.last_used = stream->frames,
	};
	*old = connection;
	return rc;
}

/* What the exchange has acknowledged and the capture lacks never comes. */
static int from_exchange(struct order_stream *stream, const struct frame *frame)
{
	struct order_stream_connection *connection =
		find(stream, frame->destination, frame->destination_port,
		     frame->source);
	int rc = 0;

	if (!connection || !(frame->tcp_flags & FRAME_TCP_ACK))
		return 0;
	while (rc == 0 && connection->held_count > 0 &&
	       distance(connection->held[0].sequence,
			frame->tcp_acknowledgment) > 0)
		rc = give_up_hole(stream, connection);
	return rc;
}

static int to_exchange(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns)
{
	bool syn = frame->tcp_flags & FRAME_TCP_SYN;
	struct order_stream_segment segment = {
		.sequence = frame->tcp_sequence + syn,
		.len = (uint32_t)frame->payload_len,
		.stamp_ns = stamp_ns,
		.bytes = (uint8_t *)(uintptr_t)frame->payload,
	};
	struct order_stream_connection *connection = find(
		stream, frame->source, frame->source_port, frame->destination);
	bool repeated = connection && connection->syn_seen &&
			connection->syn_sequence == frame->tcp_sequence;
	int32_t ahead =
		connection ? distance(connection->next, segment.sequence) : 0;
	int rc = 0;

	if (syn && !repeated) {
		rc = begin(stream, frame, segment.sequence, &connection);
		connection->syn_seen = true;
		connection->syn_sequence = frame->tcp_sequence;
		stream->connects++;
		ahead = 0;
	} else if (segment.len > 0 &&
		   (!connection || ahead > WINDOW_MAX || ahead < -WINDOW_MAX)) {
		rc = begin(stream, frame, segment.sequence, &connection);
		ahead = 0;
	}
	if (rc < 0 || segment.len == 0)
		return rc;
	if (ahead > 0 && connection->held_count == ORDER_STREAM_HELD_MAX) {
		rc = give_up_hole(stream, connection);
		if (rc < 0)
			return rc;
		ahead = distance(connection->next, segment.sequence);
	}
	if (ahead > 0) {
		hold(stream, connection, &segment);
		return 0;
	}
	rc = take_segment(stream, connection, &segment);
	return rc < 0 ? rc : take_held(stream, connection);
}

void order_stream_open(struct order_stream *stream,
		       const struct order_stream_config *config)
{
	*stream = (struct order_stream){ .config = *config };
}

void order_stream_close(struct order_stream *stream)
{
	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX; i++) {
		struct order_stream_connection *connection =
			&stream->connections[i];

		for (uint32_t k = 0; k < connection->held_count; k++)
			free(connection->held[k].bytes);
		connection->held_count = 0;
	}
}

int order_stream_frame(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns)
{
	int rc;

	if (frame->destination_port == stream->config.port) {
		stream->frames++;
		rc = to_exchange(stream, frame, stamp_ns);
	} else if (frame->source_port == stream->config.port) {
		stream->frames++;
		rc = from_exchange(stream, frame);
	} else {
		return 0;
	}
	if (rc < 0)
		return rc;
	return (frame->tcp_flags &
		(FRAME_TCP_SYN | FRAME_TCP_FIN | FRAME_TCP_RST)) != 0;
}

int order_stream_settle(struct order_stream *stream)
{
	int rc = 0;

	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX && rc == 0; i++)
		rc = settle(stream, &stream->connections[i]);
	return rc;
}

int order_stream_end(struct order_stream *stream)
{
	int rc = 0;

	for (size_t i = 0; i < ORDER_STREAM_CONNECTION_MAX && rc == 0; i++)
		rc = end(stream, &stream->connections[i]);
	return rc;
}
