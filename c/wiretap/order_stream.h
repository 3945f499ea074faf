/* SPDX-License-Identifier: MIT */
/*
 * The orders that captured TCP segments carry to the exchange, in the order
 * in which its application read them. Retransmissions are dropped, segments
 * out of order wait for the ones before them; what the capture never saw is
 * given up once the exchange has acknowledged it: the orders that lay in the
 * hole are lost to the analysis while those behind it are not, if the channel
 * tells where its messages begin. The channel's codec takes the orders out, as
 * the exchange's end. No I/O. RFC 9293.
 *
 * A connection begins with its handshake, of which a half will do, and ends
 * with FIN or RST of its own; a SYN or RST that does not belong to it does
 * nothing. Where the capture lacks the handshake, the connection's orders
 * begin at a segment that is made of whole ones; bytes before it are lost.
 */
#ifndef WIRETAP_ORDER_STREAM_H
#define WIRETAP_ORDER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "order/channel.h"
#include "wire/frame.h"
#include "wire/order.h"

#define ORDER_STREAM_HELD_MAX	    16 /* segments out of order */
#define ORDER_STREAM_CONNECTION_MAX 16 /* the one needed least makes room */

struct order_stream_segment {
	uint32_t sequence;
	uint32_t len;
	uint64_t stamp_ns;
	uint8_t *bytes;
};

struct order_stream_connection {
	uint64_t number; /* from 1, in order of their first frame; 0: unused */
	uint32_t client, server; /* addresses */
	uint16_t client_port;
	uint64_t syn_ns;  /* of the client's first SYN; 0: it was not seen */
	bool syn_seen;	  /* syn_sequence is known */
	bool established; /* the exchange has taken it */
	bool start_known; /* from the handshake */
	bool synchronous; /* where orders begin is known, or guessed */
	bool fin_seen;	  /* the client's: fin_sequence is known */
	bool server_fin_seen;
	bool reset; /* by either end */
	bool acknowledged_known;
	bool server_known;   /* server_next is known */
	bool syn_again_seen; /* a SYN of its ports: another connection's? */
	bool hint_known;
	struct channel *channel; /* NULL until there are bytes */
	bool shaken;		 /* the channel's handshake is over */
	bool holed;		 /* the order in the making lacks bytes */
	bool lost_track; /* where the next message begins is not known */
	bool unreadable; /* the channel does not understand it */
	bool over;	 /* the client has logged out */
	bool served;	 /* its session has begun: who judges says so */
	uint32_t syn_sequence, fin_sequence, syn_again_sequence;
	uint32_t acknowledged; /* by the exchange, the furthest */
	uint32_t server_next;  /* the exchange's own numbers */
	uint32_t hint;	       /* where a segment without bytes stood */
	uint32_t next;	       /* the first byte that was not yet seen */
	uint64_t lost_bytes;
	uint64_t last_used;
	uint32_t held_count;
	struct order_stream_segment held[ORDER_STREAM_HELD_MAX]; /* sorted */
};

struct order_stream_config {
	uint16_t port;	     /* the exchange's */
	const char *channel; /* "NAME[:key=value,...]"; NULL: raw */
	/* stamp_ns: of the frame that carried the order's last byte. 0, or a
	 * negative errno that order_stream_frame() returns. */
	int (*each)(void *context,
		    const struct order_stream_connection *connection,
		    const struct order *order, uint64_t stamp_ns);
	/* A connection was seen to its end, or makes room. */
	void (*gone)(void *context,
		     const struct order_stream_connection *connection);
	void *context;
};

struct order_stream {
	struct order_stream_config config;
	struct order_stream_connection connections[ORDER_STREAM_CONNECTION_MAX];
	uint64_t frames;	  /* for or from the port */
	uint64_t numbers;	  /* connections so far */
	uint64_t connects;	  /* SYNs, each connection's once */
	uint64_t retransmissions; /* segments seen before, in part or whole */
	uint64_t out_of_order;	  /* segments that had to wait */
	uint64_t lost_bytes;	  /* that the capture never saw */
	uint64_t partial_orders;  /* cut off by a connection's end */
	uint64_t shared_segments; /* that end several orders, with one stamp */
};

void order_stream_open(struct order_stream *stream,
		       const struct order_stream_config *config);
void order_stream_close(struct order_stream *stream);

/* One TCP frame in either direction; those of other ports are passed over. 0
 * or each()'s negative errno. */
int order_stream_frame(struct order_stream *stream, const struct frame *frame,
		       uint64_t stamp_ns);

/* Of an order, or of another message, that is not whole. */
size_t order_stream_partial_len(
	const struct order_stream_connection *connection);

/* By either end's FIN or RST. */
bool order_stream_ended(const struct order_stream_connection *connection);

/* NULL: it is not known any more. */
struct order_stream_connection *order_stream_find(struct order_stream *stream,
						  uint64_t number);

/* The first connection after that number that the exchange has taken and that
 * has not ended, or NULL. */
struct order_stream_connection *order_stream_established(
	struct order_stream *stream, uint64_t after);

/* The end of the capture, and of all connections. 0 or each()'s negative
 * errno. */
int order_stream_end(struct order_stream *stream);

#endif
