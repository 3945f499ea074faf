/* SPDX-License-Identifier: MIT */
/*
 * Which order answers which update: the orders that the rule calls for wait
 * in a queue; each order seen takes its own out of it. Pure.
 *
 * An order seen is compared with the oldest of those that wait, which should
 * be its equal. If none waits, the order is extra. Else something is at fault:
 * the order is wrong or extra, or triggers before its own are missing. Which
 * one is told by what comes then: a trader that is late answers the oldest
 * next, one that has lost something the newest. So such an order is open, and
 * those behind it, until PAIRING_RUN_MIN in a row are just those that triggers
 * in a row call for, or PAIRING_OPEN_MAX are open, or the session is over; then
 * the fewest faults that explain them are what is counted
 * (wiretap/pairing_align): the fewest of each such stretch, in sum at times
 * more than the session's fewest. An order can't answer an update that came
 * after it; of two with one stamp nothing tells which came first, so an order
 * is compared when all of its stamp was seen.
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

#include "wiretap/pairing_state.h"

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
