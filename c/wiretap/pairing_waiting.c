/* SPDX-License-Identifier: MIT */
#include "wiretap/pairing_waiting.h"

#include <errno.h>
#include <stdlib.h>

uint64_t pairing_hash(uint64_t hash, const struct order *order)
{
	const uint8_t *bytes = (const uint8_t *)order;

	for (size_t i = 0; i < sizeof(*order); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static struct pairing_bucket *bucket_find(const struct pairing *pairing,
					  const struct order *order)
{
	uint64_t hash = pairing_hash(PAIRING_HASH_START, order);

	return &pairing->buckets[(hash ^ hash >> 32) & (pairing->capacity - 1)];
}

/* The newest of its bucket. */
static void bucket_add(struct pairing *pairing, uint64_t number)
{
	struct pairing_waiting *waiting = pairing_waiting_find(pairing, number);
	struct pairing_bucket *bucket =
		bucket_find(pairing, &waiting->trigger.order);

	waiting->newer = PAIRING_NONE;
	if (bucket->oldest == PAIRING_NONE)
		bucket->oldest = number;
	else
		pairing_waiting_find(pairing, bucket->newest)->newer = number;
	bucket->newest = number;
}

/* The oldest of all are the oldest of their buckets. */
void pairing_waiting_drop(struct pairing *pairing, size_t count)
{
	pairing->count -= count;
	for (; count > 0; count--, pairing->first++) {
		struct pairing_waiting *waiting =
			pairing_waiting_find(pairing, pairing->first);

		bucket_find(pairing, &waiting->trigger.order)->oldest =
			waiting->newer;
	}
}

int pairing_waiting_resize(struct pairing *pairing, size_t capacity)
{
	struct pairing_waiting *waiting = malloc(capacity * sizeof(*waiting));
	struct pairing_bucket *buckets = malloc(capacity * sizeof(*buckets));
	const struct pairing old = { .waiting = pairing->waiting,
				     .buckets = pairing->buckets,
				     .capacity = pairing->capacity };

	if (!waiting || !buckets) {
		free(waiting);
		free(buckets);
		return -ENOMEM;
	}
	pairing->waiting = waiting;
	pairing->buckets = buckets;
	pairing->capacity = capacity;
	/* PAIRING_NONE, all of them. */
	memset(buckets, 0xff, capacity * sizeof(*buckets));
	for (size_t i = 0; i < pairing->count; i++) {
		const uint64_t number = pairing->first + i;

		*pairing_waiting_find(pairing, number) =
			*pairing_waiting_find(&old, number);
		bucket_add(pairing, number);
	}
	free(old.waiting);
	free(old.buckets);
	return 0;
}

void pairing_waiting_add(struct pairing *pairing,
			 const struct pairing_trigger *trigger)
{
	const uint64_t number = pairing->first + pairing->count;

	*pairing_waiting_find(pairing, number) =
		(struct pairing_waiting){ .trigger = *trigger };
	bucket_add(pairing, number);
	pairing->count++;
}

/* From that number of a bucket on. */
static uint64_t equal_from(struct pairing *pairing, uint64_t number,
			   const struct order *order, unsigned int *steps)
{
	while (number != PAIRING_NONE && *steps < PAIRING_SEARCH_MAX) {
		const struct pairing_waiting *waiting =
			pairing_waiting_find(pairing, number);

		(*steps)++;
		pairing->compared++;
		if (pairing_same(&waiting->trigger.order, order))
			return number;
		number = waiting->newer;
	}
	return PAIRING_NONE;
}

uint64_t pairing_waiting_equal(struct pairing *pairing,
			       const struct order *order, unsigned int *steps)
{
	return equal_from(pairing, bucket_find(pairing, order)->oldest, order,
			  steps);
}

uint64_t pairing_waiting_next(struct pairing *pairing, uint64_t number,
			      const struct order *order, unsigned int *steps)
{
	return equal_from(pairing, pairing_waiting_find(pairing, number)->newer,
			  order, steps);
}

/* How many orders in a row, up to that one, are called for by triggers in a row
 * up to this one, which is equal. */
static unsigned int run_follow(const struct pairing *pairing, uint64_t number,
			       uint64_t order)
{
	struct pairing_waiting *waiting = pairing_waiting_find(pairing, number);
	const struct pairing_waiting *before =
		pairing_waiting_find(pairing, number - 1);
	unsigned int run = 1;

	if (number > pairing->first && before->run_order == order)
		run += before->run_before;
	else if (number > pairing->first && before->run_order + 1 == order)
		run += before->run;
	waiting->run_before =
		waiting->run_order + 1 == order ? waiting->run : 0;
	waiting->run = run;
	waiting->run_order = order;
	return run;
}

uint64_t pairing_waiting_run(struct pairing *pairing,
			     const struct pairing_seen *seen, uint64_t order)
{
	uint64_t number, end = PAIRING_NONE;
	unsigned int steps = 0;

	number = pairing_waiting_equal(pairing, &seen->order, &steps);
	for (;
	     number != PAIRING_NONE && pairing_was_there(pairing, seen, number);
	     number = pairing_waiting_next(pairing, number, &seen->order,
					   &steps))
		if (run_follow(pairing, number, order) >= PAIRING_RUN_MIN &&
		    end == PAIRING_NONE)
			end = number;
	return end;
}
