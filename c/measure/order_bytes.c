/* SPDX-License-Identifier: MIT */
#include "measure/order_bytes.h"

#include <stdlib.h>
#include <string.h>

/* Bytes next in line. */
static int take(struct order_stream *stream,
		struct order_stream_connection *connection,
		const uint8_t *bytes, size_t len, uint64_t stamp_ns)
{
	unsigned int ends = 0;
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
		stream->shared_segments += ++ends == 2;
		connection->partial_len = 0;
		connection->holed = false;
		if (!whole)
			continue;
		order = order_read(connection->partial);
		rc = stream->config.each(stream->config.context, connection,
					 &order, stamp_ns);
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
	connection->lost_bytes += len;
	connection->next += len;
	connection->partial_len =
		(connection->partial_len + len % ORDER_LEN) % ORDER_LEN;
	connection->holed = connection->partial_len > 0;
}

static int take_segment(struct order_stream *stream,
			struct order_stream_connection *connection,
			const struct order_stream_segment *segment)
{
	int32_t seen =
		order_bytes_distance(segment->sequence, connection->next);

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
	       order_bytes_distance(held[0].sequence, connection->next) >= 0) {
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

	while (i > 0 && order_bytes_distance(segment->sequence,
					     held[i - 1].sequence) > 0)
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

int order_bytes_acknowledged(struct order_stream *stream,
			     struct order_stream_connection *connection)
{
	int rc = 0;

	while (rc == 0 && connection->held_count > 0 &&
	       connection->acknowledged_known &&
	       order_bytes_distance(connection->held[0].sequence,
				    connection->acknowledged) > 0)
		rc = give_up_hole(stream, connection);
	return rc;
}

int order_bytes_settle(struct order_stream *stream,
		       struct order_stream_connection *connection)
{
	int32_t behind;
	int rc = 0;

	while (rc == 0 && connection->held_count > 0)
		rc = give_up_hole(stream, connection);
	if (!connection->synchronous)
		return rc;
	/* A FIN takes a number, too. */
	behind = order_bytes_distance(connection->next,
				      connection->acknowledged);
	if (connection->fin_seen)
		behind = order_bytes_distance(connection->next,
					      connection->fin_sequence);
	else if (!connection->acknowledged_known ||
		 (behind == 1 && order_stream_ended(connection)))
		behind = 0;
	if (rc == 0 && behind > 0 && behind < ORDER_BYTES_WINDOW_MAX)
		skip(stream, connection, (uint32_t)behind);
	return rc;
}

/* Is it made of whole orders that an exchange would take? */
static bool is_orders(const struct order_stream_segment *segment)
{
	struct order order;

	if (segment->len == 0 || segment->len % ORDER_LEN != 0)
		return false;
	for (uint32_t at = 0; at < segment->len; at += ORDER_LEN) {
		order = order_read(segment->bytes + at);
		if (order_fault(&order) || order.price <= 0)
			return false;
	}
	return true;
}

/* Where do orders begin, in a connection whose handshake was not seen? True
 * when they do here. */
static bool synchronise(struct order_stream *stream,
			struct order_stream_connection *connection,
			const struct order_stream_segment *segment)
{
	bool hinted =
		connection->hint_known && connection->hint == segment->sequence;

	if (is_orders(segment) || (hinted && segment->len > 1)) {
		connection->synchronous = true;
		connection->next = segment->sequence;
		return true;
	}
	/* A single byte asks whether the other end lives: RFC 9293, 3.8.4. */
	if (segment->len > 1) {
		stream->lost_bytes += segment->len;
		connection->lost_bytes += segment->len;
	}
	return false;
}

int order_bytes_take(struct order_stream *stream,
		     struct order_stream_connection *connection,
		     const struct order_stream_segment *segment)
{
	int32_t ahead;
	int rc;

	if (!connection->synchronous &&
	    !synchronise(stream, connection, segment))
		return 0;
	ahead = order_bytes_distance(connection->next, segment->sequence);
	if (ahead > 0 && connection->held_count == ORDER_STREAM_HELD_MAX) {
		rc = give_up_hole(stream, connection);
		if (rc < 0)
			return rc;
		ahead = order_bytes_distance(connection->next,
					     segment->sequence);
	}
	if (ahead > 0) {
		hold(stream, connection, segment);
		return order_bytes_acknowledged(stream, connection);
	}
	rc = take_segment(stream, connection, segment);
	return rc < 0 ? rc : take_held(stream, connection);
}
