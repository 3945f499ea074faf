/* SPDX-License-Identifier: MIT */
/*
 * Which order answers which update: the orders that the rule calls for wait
 * in a queue; each order seen takes its own out of it. Pure.
 *
 * An order seen is compared with those that wait, of which the oldest should
 * be its equal. If an equal one stands further back, the ones before it are
 * missing. If none is equal, the oldest was answered wrongly. If none waits,
 * the order is extra. An order can't answer an update that came after it.
 */
#ifndef MEASURE_PAIRING_H
#define MEASURE_PAIRING_H

#include <stddef.h>
#include <stdint.h>

#include "wire/order.h"

/* More than wait at once are not kept: the oldest is missing then. */
#define PAIRING_WAITING_MAX 65536

/* An order that the rule calls for, and the frame that calls for it. */
struct pairing_trigger {
	struct order order;
	uint32_t sequence;   /* of the datagram */
	uint64_t stamp_ns;   /* of the frame */
	uint64_t message_ns; /* when the deciding message's last byte came */
};

enum pairing_verdict { PAIRING_MATCHED, PAIRING_WRONG, PAIRING_EXTRA };

struct pairing {
	struct pairing_trigger *waiting; /* a ring */
	size_t capacity;		 /* a power of two */
	size_t first;
	size_t count;
	/* triggers = matched + missing + wrong + count;
	 * orders = matched + wrong + extra */
	uint64_t triggers;
	uint64_t orders;
	uint64_t matched;
	uint64_t missing;
	uint64_t extra;
	uint64_t wrong;
};

/* 0 or -ENOMEM. */
int pairing_open(struct pairing *pairing);
void pairing_close(struct pairing *pairing);

/* An order is called for. 0 or -ENOMEM. */
int pairing_expect(struct pairing *pairing,
		   const struct pairing_trigger *trigger);

/* An order was seen. Unless it is extra, *trigger is what it answers. */
enum pairing_verdict pairing_order(struct pairing *pairing,
				   const struct order *order, uint64_t stamp_ns,
				   struct pairing_trigger *trigger);

/* A session is over: what still waits is missing. */
void pairing_end(struct pairing *pairing);

#endif
