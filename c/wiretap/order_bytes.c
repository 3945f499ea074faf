/* SPDX-License-Identifier: MIT */
#include "wiretap/order_bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "order/channel_ops.h"

/* The channel knows where its messages begin, wherever the capture begins. */
static bool is_regular(const struct channel *channel)
{
	return channel->ops->unit > 0 && !channel->ops->handshake;
}

static int channel_make(struct order_stream *stream,
			struct order_stream_connection *connection)
{
	if (connection->channel)
		return 0;
	return channel_open(stream->config.channel, CHANNEL_ORACLE,
			    &connection->channel);
}

/* What the exchange answered is not asked for. */
static void answers_drop(struct channel *channel)
{
	channel_sent(channel, channel_buffer_len(&channel->out));
}

/* The orders that the channel's bytes hold, counted in *ends. 0 or each()'s
 * negative errno. */
static int orders_take(struct order_stream *stream,
		       struct order_stream_connection *connection,
		       uint64_t stamp_ns, unsigned int *ends)
{
	struct channel *channel = connection->channel;
	struct order order;
	int got = 1, rc = 0;

	if (!connection->shaken) {
		got = channel_handshake(channel, 0);
		connection->shaken = got > 0;
	}
	while (got > 0 && rc == 0) {
		got = channel_decode(channel, &order);
		answers_drop(channel);
		if (got <= 0)
			break;
		stream->shared_segments += ++*ends == 2;
		if (connection->holed)
			connection->holed = false;
		else
			rc = stream->config.each(stream->config.context,
						 connection, &order, stamp_ns);
	}
	answers_drop(channel);
	if (got == -EPIPE)
		connection->over = true;
	else if (got < 0)
		connection->unreadable = true;
	return rc;
}

/* Bytes next in line, all of a segment's. */
static int take(struct order_stream *stream,
		struct order_stream_connection *connection,
		const uint8_t *bytes, size_t len, uint64_t stamp_ns)
{
	int rc = channel_make(stream, connection);
	unsigned int ends = 0;

	connection->next += (uint32_t)len;
	if (connection->lost_track) {
		stream->lost_bytes += len;
		connection->lost_bytes += len;
		return rc;
	}
	while (rc == 0 && len > 0 && !connection->over &&
	       !connection->unreadable) {
		size_t n;
		uint8_t *room = channel_room(connection->channel, &n);

		if (n > len)
			n = len;
		if (n == 0) {
			connection->unreadable = true;
			break;
		}
		memcpy(room, bytes, n);
		channel_received(connection->channel, n, 0);
		bytes += n;
		len -= n;
		rc = orders_take(stream, connection, stamp_ns, &ends);
	}
	return rc;
}

/* Bytes that the capture does not have, as far as they complete a message: it
 * is dropped. */
static void pad(struct order_stream_connection *connection, size_t len)
{
	struct channel *channel = connection->channel;
	size_t unit = channel->ops->unit, room;
	size_t partial = channel_buffer_len(&channel->in);
	uint8_t *at;

	len %= unit;
	if (partial + len >= unit) {
		len -= unit - partial;
		channel_buffer_take(&channel->in, partial);
	}
	at = channel_room(channel, &room);
	memset(at, 0, len);
	channel_received(channel, len, 0);
	connection->holed = channel_buffer_len(&channel->in) > 0;
}

/* Go on behind bytes that the capture does not have; where orders begin may
 * still be known. */
static int skip(struct order_stream *stream,
		struct order_stream_connection *connection, uint32_t len)
{
	int rc = channel_make(stream, connection);

	stream->lost_bytes += len;
	connection->lost_bytes += len;
	connection->next += len;
	if (rc == 0 && is_regular(connection->channel))
		pad(connection, len);
	else
		connection->lost_track = true;
	return rc;
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
	int rc = skip(stream, connection,
		      connection->held[0].sequence - connection->next);

	return rc < 0 ? rc : take_held(stream, connection);
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
		rc = skip(stream, connection, (uint32_t)behind);
	return rc;
}

/* Is it made of whole orders that an exchange would take? 1, 0 or a negative
 * errno. */
static int is_orders(struct order_stream *stream,
		     struct order_stream_connection *connection,
		     const struct order_stream_segment *segment)
{
	int rc = channel_make(stream, connection);
	struct channel *channel = connection->channel;
	const uint8_t *bytes = segment->bytes;
	size_t len = segment->len, room;
	struct order order;
	bool taken = true;
	uint8_t *at;

	if (rc < 0)
		return rc;
	if (!is_regular(channel) || len == 0 || len % channel->ops->unit != 0)
		return 0;
	while (len > 0 && taken) {
		at = channel_room(channel, &room);
		room -= room % channel->ops->unit;
		room = room < len ? room : len;
		memcpy(at, bytes, room);
		channel_received(channel, room, 0);
		bytes += room;
		len -= room;
		while (taken && channel_decode(channel, &order) > 0)
			taken = !order_fault(&order) && order.price > 0;
	}
	channel_buffer_take(&channel->in, channel_buffer_len(&channel->in));
	return taken;
}

/* Where do orders begin, in a connection whose handshake was not seen? 1 when
 * they do here, 0, or a negative errno. */
static int synchronise(struct order_stream *stream,
		       struct order_stream_connection *connection,
		       const struct order_stream_segment *segment)
{
	bool hinted =
		connection->hint_known && connection->hint == segment->sequence;
	int whole = is_orders(stream, connection, segment);

	if (whole < 0)
		return whole;
	if (is_regular(connection->channel) &&
	    (whole || (hinted && segment->len > 1))) {
		connection->synchronous = true;
		connection->next = segment->sequence;
		return 1;
	}
	/* A single byte asks whether the other end lives: RFC 9293, 3.8.4. */
	if (segment->len > 1) {
		stream->lost_bytes += segment->len;
		connection->lost_bytes += segment->len;
	}
	return 0;
}

int order_bytes_take(struct order_stream *stream,
		     struct order_stream_connection *connection,
		     const struct order_stream_segment *segment)
{
	int32_t ahead;
	int rc = connection->synchronous
			 ? 1
			 : synchronise(stream, connection, segment);

	if (rc <= 0)
		return rc;
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
