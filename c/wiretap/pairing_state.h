/* SPDX-License-Identifier: MIT */
/* What wiretap/pairing has in memory, for it and its parts. */
#ifndef WIRETAP_PAIRING_STATE_H
#define WIRETAP_PAIRING_STATE_H

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
/* That many orders alike in a row are no chance. */
#define PAIRING_RUN_MIN 8
/* Of more, half are explained, by so many of the oldest triggers. */
#define PAIRING_OPEN_MAX	  256
#define PAIRING_OPEN_TRIGGERS_MAX 1024
#define PAIRING_TAKEN_MAX	  64 /* no longer wait, but are remembered */
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
	/* So many orders in a row, up to that one of those that were ever open,
	 * are called for by triggers in a row up to this one; and what it was
	 * up to the order before, if that was the last. */
	uint64_t run_order;
	unsigned int run, run_before;
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
	struct pairing_seen open[PAIRING_OPEN_MAX]; /* compared, unexplained */
	size_t open_count;
	uint64_t opened;  /* ever, and one each time that none was open */
	uint64_t data_ns; /* the last datagram's stamp, of the session */
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

#endif
