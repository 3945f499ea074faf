/* SPDX-License-Identifier: MIT */
/*
 * What the exchange says on stdout: states, orders and rejects, one a line. The
 * loop puts records; a thread makes lines of them and writes. See
 * exchange_run() for the lines.
 */
#ifndef EXCHANGE_ORDER_LOG_H
#define EXCHANGE_ORDER_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/line_once.h"
#include "base/line_writer.h"
#include "exchange/exchange_state.h"
#include "exchange/order_entry_server.h"

struct order_log_record {
	struct order_entry entry;
	uint64_t recv_ns;	   /* CLOCK_REALTIME; 0: a state */
	enum exchange_state state; /* with it */
	uint32_t session;	   /* the log's */
};

struct order_log {
	struct line_writer *out;
	struct line_writer_form form;
	struct line_once once; /* the writer's thread's */
	pthread_mutex_t lock;  /* of the session, for the writer's thread */
	uint32_t session;      /* whose marks are still set */
};

/* 0 or a negative errno. The log stays where it is until it is closed. */
int order_log_open(struct order_log *log);

/* As line_writer_close(). */
int order_log_close(struct order_log *log);

/* Before the channel of a session is closed. With marks, it waits until its
 * orders are written, as long as somebody reads, and sets no more of them. */
void order_log_session_end(struct order_log *log, bool marks);

/* There is room for it: order_log_has_room() says so of one more than it is
 * asked for. */
void order_log_state(struct order_log *log, enum exchange_state state);

/* Their session is filled in. */
void order_log_orders(struct order_log *log, struct order_log_record *records,
		      unsigned int count);

/* Room for so many orders, and for the states that may come between? */
bool order_log_has_room(const struct order_log *log, unsigned int orders);

#endif
