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

bool order_stream_ended(const struct order_stream_connection *connection)
{
	return connection->fin_seen || connection->server_fin_seen ||
	       connection->reset;
}

/* Holes that the exchange has acknowledged. */
static int give_up_acknowledged(struct order_stream *stream,
				struct order_stream_connection *connection)
{
	int rc = 0;

	while (rc == 0 && connection->held_count > 0 &&
	       connection->acknowledged_known &&
	       distance(connection->held[0].sequence,
			connection->acknowledged) > 0)
		rc = give_up_hole(stream, connection);
	return rc;
}

int order_stream_settle(struct order_stream *stream,
			struct order_stream_connection *connection)
{
	int32_t behind;
	int rc = 0;

	while (rc == 0 && connection->held_count > 0)
		rc = give_up_hole(stream, connection);
	if (!connection->synchronous)
		return rc;
	/* A FIN takes a number, too. */
	behind = distance(connection->next, connection->acknowledged);
	if (connection->fin_seen)
		behind = distance(connection->next, connection->fin_sequence);
	else if (!connection->acknowledged_known ||
		 (behind == 1 && order_stream_ended(connection)))
		behind = 0;
	if (rc == 0 && behind > 0 && behind < WINDOW_MAX)
		skip(stream, connection, (uint32_t)behind);
	return rc;
}

/* All of a connection was seen; its place is free. */
static int end(struct order_stream *stream,
	       struct order_stream_connection *connection)
{
	int rc;

	if (!connection->number)
		return 0;
	rc = order_stream_settle(stream, connection);
	if (connection->partial_len > 0)
		stream->partial_orders++;
	if (stream->config.gone)
		stream->config.gone(stream->config.context, connection);
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
	int32_t taken = distance(connection->syn_sequence, acknowledgment);

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
	    distance(connection->acknowledged, frame->tcp_acknowledgment) > 0)
		connection->acknowledged = frame->tcp_acknowledgment;
	connection->acknowledged_known = true;
	return give_up_acknowledged(stream, connection);
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

static int take_bytes(struct order_stream *stream,
		      struct order_stream_connection *connection,
		      const struct order_stream_segment *segment)
{
	int32_t ahead;
	int rc;

	if (!connection->synchronous &&
	    !synchronise(stream, connection, segment))
		return 0;
	ahead = distance(connection->next, segment->sequence);
	if (ahead > 0 && connection->held_count == ORDER_STREAM_HELD_MAX) {
		rc = give_up_hole(stream, connection);
		if (rc < 0)
			return rc;
		ahead = distance(connection->next, segment->sequence);
	}
	if (ahead > 0) {
		hold(stream, connection, segment);
		return give_up_acknowledged(stream, connection);
	}
	rc = take_segment(stream, connection, segment);
	return rc < 0 ? rc : take_held(stream, connection);
}

/* Does the segment belong to another connection of these ports, whose SYN was
 * not seen? */
static bool is_of_another(const struct order_stream_connection *connection,
			  uint32_t sequence)
{
	int32_t ahead = distance(connection->next, sequence);

	if (!connection->synchronous)
		return false;
	if (ahead > WINDOW_MAX || ahead < -WINDOW_MAX)
		return true;
	if (connection->fin_seen)
		return distance(connection->fin_sequence, sequence) > 0;
	return order_stream_ended(connection) && ahead > UINT16_MAX;
}

/* Does it show that the SYN seen again did begin another connection? */
static bool goes_on_behind_syn(const struct order_stream_connection *connection,
			       const struct order_stream_segment *segment)
{
	int32_t ahead =
		distance(connection->syn_again_sequence + 1, segment->sequence);

	if (!connection->syn_again_seen)
		return false;
	return ahead == 0 || (ahead > 0 && ahead < WINDOW_MAX &&
			      is_of_another(connection, segment->sequence));
}

/* The client's FIN or RST. */
static void ends(struct order_stream_connection *connection,
		 const struct frame *frame, uint32_t sequence)
{
	int32_t ahead = distance(connection->next, sequence);

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
		rc = take_bytes(stream, connection, &segment);
	}
	if (frame->tcp_flags & (FRAME_TCP_FIN | FRAME_TCP_RST))
		ends(connection, frame, segment.sequence);
	return rc;
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
