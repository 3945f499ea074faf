/* SPDX-License-Identifier: MIT */
/*
 * The order entry server: a listener that stays open from start to end (of TCP,
 * or of what a transport has in its place), the one trader that is connected,
 * and those who are not yet: in the middle of the channel's handshake, or
 * waiting for their turn. It takes no decision: the exchange says when it may
 * accept and receive.
 */
#ifndef EXCHANGE_ORDER_ENTRY_SERVER_H
#define EXCHANGE_ORDER_ENTRY_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "exchange/rate_limit.h"
#include "net/address.h"
#include "order/channel.h"
#include "order/order_end.h"
#include "order/transport.h"
#include "wire/order.h"

/* Bytes taken by one receive, so that market data does not wait long; and
 * orders to be had of it before the next. */
#define ORDER_ENTRY_RECEIVE_LEN 2048
#define ORDER_ENTRY_ORDERS_MAX	315

struct order_entry_config {
	struct sockaddr_in listen;
	const char *transport; /* "NAME[:key=value,...]"; NULL: TCP */
	const char *channel;   /* "NAME[:key=value,...]" */
	uint64_t handshake_ms; /* the channel's handshake takes so
				      long at most */
	struct order_end_keepalive keepalive;
	uint64_t orders_per_s; /* more are rejected; 0: any number is taken */
};

/* Who is in the handshake, or waits for a turn. */
#define ORDER_ENTRY_WAITING_MAX 16

struct order_entry_waiting {
	struct order_end *end;
	bool met; /* order_end_greet() is over */
	struct channel *channel;
	uint64_t deadline_ns; /* of the handshake */
	bool ready;	      /* it is over */
};

struct order_entry_server {
	const struct order_entry_config *config;
	struct transport *listener;
	struct log_repeats refusals;
	uint64_t refused; /* connections, since the open */
	struct order_entry_waiting waiting[ORDER_ENTRY_WAITING_MAX];
	unsigned int waiting_count; /* the oldest first */
	struct in_addr last;	    /* whose turn it was */

	/* Of a session: */
	struct order_end *client; /* NULL: nobody is connected */
	char peer[ADDRESS_TEXT_MAX];
	struct channel *channel;
	bool taking;	    /* orders, since order_entry_server_begin() */
	uint64_t early_len; /* bytes that came before they were wanted */
	bool leaving;	    /* no more is taken than: */
	uint64_t last_len;
	uint64_t decoded_len;
	bool unfinished; /* what was received has not all been decoded */
	bool over;	 /* nothing more of the stream is taken */
	bool marks;	 /* some order has a mark */
	struct rate_limit rate;
	/* CLOCK_MONOTONIC: of the last order, or since when they are taken. */
	uint64_t received_ns;
};

struct order_entry {
	struct order order;
	const char *fault; /* NULL for an order that is taken */
	bool early;	   /* it was there before the exchange took orders */
	struct channel_mark mark; /* to be set once it is logged */
};

/* 0 or a negative errno, logged. config must outlive the server. */
int order_entry_server_open(struct order_entry_server *server,
			    const struct order_entry_config *config);
void order_entry_server_close(struct order_entry_server *server);

/* Take the connection whose turn it is: of those whose handshake is
 * over, the oldest from another address than had the last turn, else the
 * oldest. Where there is none, one connection is accepted, and is the one where
 * the channel has no handshake. 1; 0 when nobody is ready; or a negative
 * errno, logged. Nobody may be connected. */
int order_entry_server_accept(struct order_entry_server *server);

/* Is somebody's handshake over? */
bool order_entry_server_has_ready(const struct order_entry_server *server);

/* What to wait for: the first server->waiting_count places are filled in. */
void order_entry_server_poll(const struct order_entry_server *server,
			     struct pollfd fds[static ORDER_ENTRY_WAITING_MAX]);

/* Go on with the handshakes, as poll(2) has found. Whoever does not know
 * the channel, or has gone, is refused with a reason. */
void order_entry_server_woken(
	struct order_entry_server *server,
	const struct pollfd fds[static ORDER_ENTRY_WAITING_MAX]);

/* When order_entry_server_tick() is due: CLOCK_MONOTONIC; UINT64_MAX: never. */
uint64_t order_entry_server_due_ns(const struct order_entry_server *server);

/* What time has made due: heartbeats, and the end of handshakes that
 * take too long. reading: what the trader sends is received now; whom nobody
 * listens to is not silent. 0; or a negative errno of the one who is connected,
 * for whom order_entry_server_reason() says why. */
int order_entry_server_tick(struct order_entry_server *server, uint64_t now_ns,
			    bool reading);

/* In words. */
const char *order_entry_server_reason(const struct order_entry_server *server,
				      int err);

/* Refuse all who wait: somebody else is connected. */
void order_entry_server_refuse_waiting(struct order_entry_server *server);

/* Accept one connection and close it at once, with a log line if there were
 * not too many. As above. */
int order_entry_server_refuse(struct order_entry_server *server);

/* Where the trader connected from. */
struct sockaddr_in order_entry_server_trader(
	const struct order_entry_server *server);

/* Accept one connection and let it wait for its turn, once its handshake
 * is over. Where all places are taken, the address with the most of them gives
 * up its oldest: whoever holds many connections does not keep out who wants
 * one. As above. */
int order_entry_server_queue(struct order_entry_server *server);

/* Orders are taken from here on: what is in the socket already is early. */
void order_entry_server_begin(struct order_entry_server *server);

/* What lies in the socket now, and as much again as it can hold for what is on
 * its way, is all that will be received: whoever goes on sending does not keep
 * the session from ending. */
void order_entry_server_leave(struct order_entry_server *server);

/* What to wait for, of who is connected: its end, and room for what is to be
 * sent (answers, heartbeats). When to look for that, where nothing tells of it;
 * UINT64_MAX: never. */
uint64_t order_entry_server_wait(const struct order_entry_server *server,
				 uint64_t now_ns, struct pollfd *fd);

/* Is there something to be done of which poll(2) does not tell, or does not
 * now? Then it is not waited for. */
bool order_entry_server_is_behind(const struct order_entry_server *server);

/* Send what has had no room. */
void order_entry_server_send(struct order_entry_server *server);

/*
 * Receive once, without blocking; then take the orders by next(). 1 when
 * bytes came, or those of the last time are not all taken; 0 when there are
 * none now, or a negative errno when the stream has ended: -EPIPE when the
 * trader closed it, -ECONNRESET, -ETIMEDOUT ...
 */
int order_entry_server_receive(struct order_entry_server *server);

/* The next order of what was received: 1; 0 when no whole one is left; -EPIPE
 * when the trader has logged out, or another negative errno when the
 * stream can't be understood (order_entry_server_reason()). */
int order_entry_server_next(struct order_entry_server *server,
			    struct order_entry *entry);

/* Why a connection that can't be received from yet has ended (poll(2) says
 * POLLRDHUP, POLLHUP or POLLERR): a negative errno as above. */
int order_entry_server_fault(const struct order_entry_server *server);

/* End the session: says what was left of the stream (a cut order, unread
 * bytes) and closes it. Allowed when nobody is connected. */
void order_entry_server_end(struct order_entry_server *server);

#endif
