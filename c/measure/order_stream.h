/* SPDX-License-Identifier: MIT */
/*
 * The orders that captured TCP segments carry to the exchange, in the order
 * in which its application read them. Retransmissions are dropped, segments
 * out of order wait for the ones before them; what the capture never saw is
 * given up once the exchange has acknowledged it, and the orders that lay in
 * the hole are lost to the analysis while those behind it are not. Pure. RFC
 * 9293.
 *
 * A connection that the capture sees from its middle is taken to begin at an
 * order's first byte with the first segment seen.
 */
#ifndef MEASURE_ORDER_STREAM_H
#define MEASURE_ORDER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/order.h"

#define ORDER_STREAM_HELD_MAX	    16 /* segments out of order */
#define ORDER_STREAM_CONNECTION_MAX 8  /* the one unused longest makes room */

struct order_stream_segment {
	uint32_t sequence;
	uint32_t len;
	uint64_t stamp_ns;
	uint8_t *bytes;
};

struct order_stream_connection {
	uint32_t client, server; /* addresses */
	uint16_t client_port;
	bool used;
	bool syn_seen;
	uint32_t syn_sequence;
	uint32_t next; /* the first byte that was not yet seen */
	uint64_t last_used;
	uint8_t partial[ORDER_LEN];
	uint32_t partial_len;
	bool holed; /* the order in the making lacks bytes */
	uint32_t held_count;
	struct order_stream_segment held[ORDER_STREAM_HELD_MAX]; /* sorted */
};

struct order_stream_config {
	uint16_t port; /* the exchange's */
	/* stamp_ns: of the frame that carried the order's last byte. 0, or a
	 * negative errno that order_stream_frame() returns. */
	int (*each)(void *context, const struct order *order,
		    uint64_t stamp_ns);
	void *context;
};

struct order_stream {
	struct order_stream_config config;
	struct order_stream_connection connections[ORDER_STREAM_CONNECTION_MAX];
	uint64_t frames;	  /* for or from the port */
	uint64_t connects;	  /* SYNs, each connection's once */
	uint64_t retransmissions; /* segments seen before, in part or whole */
	uint64_t out_of_order;	  /* segments that had to wait */
	uint64_t lost_bytes;	  /* that the capture never saw */
	uint64_t partial_orders;  /* cut off by a connection's end */
};

void order_stream_open(struct order_stream *stream,
		       const struct order_stream_config *config);
void order_stream_close(struct order_stream *stream);

/*
 * One TCP frame in either direction; those of other ports are passed over.
 * 1 when it opens or ends a connection, else 0, or each()'s negative errno.
 */
int order_stream_frame(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns);

/* The end of a session: nothing more will fill the holes. And the end of the
 * capture: all connections end. Both 0 or each()'s negative errno. */
int order_stream_settle(struct order_stream *stream);
int order_stream_end(struct order_stream *stream);

#endif
