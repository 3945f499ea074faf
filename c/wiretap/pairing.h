/* SPDX-License-Identifier: MIT */
/*
 * Which order answers which update: the orders that the rule calls for wait
 * in a queue; each order seen takes its own out of it. Pure.
 *
 * An order seen is compared with those that wait, of which the oldest should
 * be its equal. If an equal one stands further back, the ones before it are
 * missing. If none is equal, the oldest was answered wrongly. If none waits,
 * the order is extra. An order can't answer an update that came after it; of
 * two with one stamp nothing tells which came first, so an order is compared
 * when all of its stamp was seen.
 *
 * An order that names the datagram that it answers is compared with what that
 * one calls for, and with nothing else.
 *
 * Other orders are told apart by what is in them, so where two that are called
 * for are equal and near, pairing may be fooled: an order may answer the other
 * one, and one that is lost beside an extra one looks like none of both. Such
 * are AMBIGUOUS: each order called for to which an equal one was called for
 * while it waited, or within PAIRING_NEAR_NS after it was answered or given up
 * (of the last PAIRING_TAKEN_MAX such); and that other one. They are paired as
 * all others, the oldest first, and counted. Where all of a session's orders
 * name what they answer, nothing is ambiguous.
 *
 * What a session showed as a fault is taken back at its end, and counted
 * apart as not judged, where the capture may be to blame.
 */
#ifndef WIRETAP_PAIRING_H
#define WIRETAP_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/order.h"

/* More than wait at once are not kept: the oldest is missing then. */
#define PAIRING_WAITING_MAX 65536
/* Those that wait are found by a hash. An order is compared with so many of one
 * bucket at most, which bounds the work that a crafted capture can make. */
#define PAIRING_SEARCH_MAX 1024
#define PAIRING_SEEN_MAX   256 /* orders of one stamp */
#define PAIRING_TAKEN_MAX  64  /* that no longer wait, and are remembered */
/* A second order by the same cause, or one that was held up, comes in less. */
#define PAIRING_NEAR_NS UINT64_C(10000000)

/* An order that the rule calls for, and the frame that calls for it. */
struct pairing_trigger {
	struct order order;
	uint32_t sequence;   /* of the datagram */
	uint64_t stamp_ns;   /* of the frame */
	uint64_t message_ns; /* when the deciding message's last byte came */
	bool by_timer;	     /* no frame does: the trader waited no longer */
};

struct pairing_seen {
	struct order order;
	uint64_t stamp_ns;
	uint32_t sequence; /* of the datagram that it answers */
	bool named;	   /* that is known */
};

struct pairing_config {
	/* 0, or a negative errno that comes back. */
	int (*matched)(void *context, const struct pairing_trigger *trigger,
		       uint64_t order_ns);
	/* The trigger was answered wrongly; not at all (seen is NULL); or the
	 * order was not called for (trigger is NULL). Also of sessions that
	 * turn out not to be judged. Optional. */
	void (*fault)(void *context, const struct pairing_trigger *trigger,
		      const struct pairing_seen *seen);
	void *context;
};

/* All of a session, or all of a capture: triggers = matched + missing + wrong
 * + unjudged_triggers + what waits; orders = matched + wrong + extra +
 * unjudged_orders. */
struct pairing_counts {
	uint64_t triggers;
	uint64_t orders;
	uint64_t matched;
	uint64_t missing;
	uint64_t extra;
	uint64_t wrong;
	uint64_t unjudged_triggers;
	uint64_t unjudged_orders;
	uint64_t ambiguous; /* of the triggers */
	/* Of the faults: missing or answered wrongly, those that are
	 * ambiguous; extra, those equal to a near one that is. Which of the
	 * equal ones is at fault can't be known. */
	uint64_t ambiguous_faults;
};

/* One that waits. Numbers are of a session's triggers in their order, and go
 * on from session to session. */
struct pairing_waiting {
	struct pairing_trigger trigger;
	uint64_t newer; /* the next one of its bucket */
	bool ambiguous;
};

/* One that was called for and no longer waits. */
struct pairing_taken {
	struct order order;
	uint64_t until_ns; /* it was answered, or given up */
	bool ambiguous;
	bool fault; /* missing, or answered wrongly */
};

struct pairing_bucket {
	uint64_t oldest, newest; /* oldest: PAIRING_NONE where none waits */
};

#define PAIRING_NONE UINT64_MAX

struct pairing {
	struct pairing_config config;
	struct pairing_waiting *waiting; /* a ring, by number */
	struct pairing_bucket *buckets;	 /* as many, by the order's hash */
	size_t capacity;		 /* a power of two */
	uint64_t first;			 /* the oldest one's number */
	size_t count;
	uint64_t compared; /* with orders, for who asks what they cost */
	struct pairing_seen seen[PAIRING_SEEN_MAX]; /* not yet compared */
	size_t seen_count;
	struct pairing_taken taken[PAIRING_TAKEN_MAX]; /* a ring */
	size_t taken_count;			       /* ever, of a session */
	struct pairing_counts session;
	struct pairing_counts total;	     /* of the sessions before */
	uint64_t extra_since_data;	     /* of the session's */
	uint64_t named;			     /* of the session's orders */
	uint64_t trigger_hash, order_hash;   /* over the session's, in order */
	uint64_t trigger_names, order_names; /* ... over their datagrams */
	uint64_t early_sessions; /* whose orders are right, but for stamps */
};

/* How a session ended. */
struct pairing_ending {
	bool doubtful;	 /* something of it was not seen */
	bool feed_ended; /* its last datagram was seen */
	/* What waits since then may still be answered behind the capture's
	 * end. UINT64_MAX: nothing can follow. */
	uint64_t open_since_ns;
};

/* 0 or -ENOMEM. */
int pairing_open(struct pairing *pairing, const struct pairing_config *config);
void pairing_close(struct pairing *pairing);

/* A datagram was seen, whatever is in it: orders before it are compared. 0 or
 * matched()'s error. */
int pairing_data(struct pairing *pairing, uint64_t stamp_ns);

/* An order is called for by the last datagram. 0 or -ENOMEM. */
int pairing_expect(struct pairing *pairing,
		   const struct pairing_trigger *trigger);

/* An order was seen. 0 or matched()'s error. */
int pairing_order(struct pairing *pairing, const struct pairing_seen *seen);

/* A session is over: what still waits is missing. 0 or matched()'s error. */
int pairing_end(struct pairing *pairing, const struct pairing_ending *ending);

#endif
