/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one connection of wiretap/order_stream, put in order: a segment
 * that is seen again is dropped, one out of order waits for what lies before
 * it, and what the capture lacks is a hole that is given up once it is known
 * never to come. Sequence numbers wrap. For wiretap/order_stream alone. RFC
 * 9293.
 */
#ifndef WIRETAP_ORDER_BYTES_H
#define WIRETAP_ORDER_BYTES_H

#include <stdint.h>

#include "wiretap/order_stream.h"

/* A number further away than any window belongs to another connection, whose
 * SYN the capture did not see. */
#define ORDER_BYTES_WINDOW_MAX (1 << 26)

/* < 0: `to` lies before. */
static inline int32_t order_bytes_distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

/* A segment with bytes. Whole orders go to the stream's each(). 0, or each()'s
 * negative errno. */
int order_bytes_take(struct order_stream *stream,
		     struct order_stream_connection *connection,
		     const struct order_stream_segment *segment);

/* Give up the holes that the exchange has acknowledged. As above. */
int order_bytes_acknowledged(struct order_stream *stream,
			     struct order_stream_connection *connection);

/* Nothing more will fill the connection's holes; bytes that were acknowledged
 * but not seen are lost. As above. */
int order_bytes_settle(struct order_stream *stream,
		       struct order_stream_connection *connection);

#endif
