/* SPDX-License-Identifier: MIT */
/* Those that are called for and wait, in a ring; equal ones are found by a
 * hash. */
#ifndef WIRETAP_PAIRING_WAITING_H
#define WIRETAP_PAIRING_WAITING_H

#include <string.h>

#include "wiretap/pairing_state.h"

static inline bool pairing_same(const struct order *one,
				const struct order *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

/* By its number. */
static inline struct pairing_waiting *pairing_waiting_find(
	const struct pairing *pairing, uint64_t number)
{
	return &pairing->waiting[number & (pairing->capacity - 1)];
}

/* By its place, from the oldest on. */
static inline struct pairing_trigger *pairing_waiting_at(
	const struct pairing *pairing, size_t i)
{
	return &pairing_waiting_find(pairing, pairing->first + i)->trigger;
}

/* An order can't answer what came after it. */
static inline bool pairing_was_there(const struct pairing *pairing,
				     const struct pairing_seen *seen,
				     uint64_t number)
{
	return pairing_waiting_find(pairing, number)->trigger.stamp_ns <=
	       seen->stamp_ns;
}

/* Room for so many, a power of two. 0 or -ENOMEM. */
int pairing_waiting_resize(struct pairing *pairing, size_t capacity);

/* The newest; there is room. */
void pairing_waiting_add(struct pairing *pairing,
			 const struct pairing_trigger *trigger);

/* So many of the oldest go. */
void pairing_waiting_drop(struct pairing *pairing, size_t count);

/* The oldest equal one's number, or the next newer equal one behind one of
 * these; *steps are taken of PAIRING_SEARCH_MAX. PAIRING_NONE: there is none,
 * or it is too far. */
uint64_t pairing_waiting_equal(struct pairing *pairing,
			       const struct order *order, unsigned int *steps);
uint64_t pairing_waiting_next(struct pairing *pairing, uint64_t number,
			      const struct order *order, unsigned int *steps);

/* The order of that number, one behind the last one that was asked for: does it
 * end PAIRING_RUN_MIN in a row that triggers in a row call for? The last one of
 * those, of several the oldest, or PAIRING_NONE. */
uint64_t pairing_waiting_run(struct pairing *pairing,
			     const struct pairing_seen *seen, uint64_t order);

/* FNV-1a over the order, going on from hash. */
#define PAIRING_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t pairing_hash(uint64_t hash, const struct order *order);

#endif
