/* SPDX-License-Identifier: MIT */
/* A pairing, fed step by step: orders that differ in their price alone. */
#ifndef TESTS_SUPPORT_PAIRING_STEPS_H
#define TESTS_SUPPORT_PAIRING_STEPS_H

#include "wiretap/pairing.h"

/* Open: what comes behind it is to tell. */
enum pairing_seen_as {
	PAIRING_MATCHED,
	PAIRING_WRONG,
	PAIRING_EXTRA,
	PAIRING_IS_OPEN
};

/* Of the test that runs. */
extern struct pairing pairing;

/* Open it; *matched gets it as its context. 0 or -ENOMEM. */
int pairing_steps_open(int (*matched)(void *context,
				      const struct pairing_trigger *trigger,
				      uint64_t order_ns));
/* As a teardown of cmocka's. */
int pairing_steps_close(void **state);

/* A session that was seen whole. */
extern const struct pairing_ending pairing_steps_known;

struct order pairing_steps_order(int64_t price);

/* A datagram calls for the order; its number is its stamp. */
void expect(int64_t price, uint64_t stamp_ns);

/* An order is seen, and time goes on, without a datagram: what it is now. */
enum pairing_seen_as see(int64_t price, uint64_t stamp_ns);
enum pairing_seen_as see_order(const struct order *order, uint64_t stamp_ns);

/* One that may name what it answers. */
enum pairing_seen_as see_as(const struct pairing_seen *seen);

#endif
