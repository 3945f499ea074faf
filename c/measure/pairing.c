/* SPDX-License-Identifier: MIT */
#include "measure/pairing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAIRING_WAITING_FIRST 256

static struct pairing_trigger *pairing_at(const struct pairing *pairing,
					  size_t i)
{
	return &pairing->waiting[(pairing->first + i) &
				 (pairing->capacity - 1)];
}

static void pairing_drop(struct pairing *pairing, size_t count)
{
	pairing->first = (pairing->first + count) & (pairing->capacity - 1);
	pairing->count -= count;
}

static int pairing_grow(struct pairing *pairing)
{
	size_t capacity = pairing->capacity * 2;
	struct pairing_trigger *waiting =
		malloc(capacity * sizeof(*pairing->waiting));

	if (!waiting)
		return -ENOMEM;
	for (size_t i = 0; i < pairing->count; i++)
		waiting[i] = *pairing_at(pairing, i);
	free(pairing->waiting);
	pairing->waiting = waiting;
	pairing->capacity = capacity;
	pairing->first = 0;
	return 0;
}

int pairing_open(struct pairing *pairing)
{
	*pairing = (struct pairing){ .capacity = PAIRING_WAITING_FIRST };
	pairing->waiting =
		malloc(pairing->capacity * sizeof(*pairing->waiting));
	return pairing->waiting ? 0 : -ENOMEM;
}

void pairing_close(struct pairing *pairing)
{
	free(pairing->waiting);
	*pairing = (struct pairing){ 0 };
}

int pairing_expect(struct pairing *pairing,
		   const struct pairing_trigger *trigger)
{
	int rc;

	if (pairing->count == PAIRING_WAITING_MAX) {
		pairing_drop(pairing, 1);
		pairing->missing++;
	} else if (pairing->count == pairing->capacity) {
		rc = pairing_grow(pairing);
		if (rc < 0)
			return rc;
	}
	pairing->count++;
	*pairing_at(pairing, pairing->count - 1) = *trigger;
	pairing->triggers++;
	return 0;
}

enum pairing_verdict pairing_order(struct pairing *pairing,
				   const struct order *order, uint64_t stamp_ns,
				   struct pairing_trigger *trigger)
{
	const struct pairing_trigger *waiting;
	size_t i;

	pairing->orders++;
	for (i = 0; i < pairing->count; i++) {
		waiting = pairing_at(pairing, i);
		if (waiting->stamp_ns > stamp_ns)
			break;
		if (memcmp(&waiting->order, order, sizeof(*order)) != 0)
			continue;
		*trigger = *waiting;
		pairing->missing += i;
		pairing->matched++;
		pairing_drop(pairing, i + 1);
		return PAIRING_MATCHED;
	}
	if (i == 0) {
		pairing->extra++;
		return PAIRING_EXTRA;
	}
	*trigger = *pairing_at(pairing, 0);
	pairing_drop(pairing, 1);
	pairing->wrong++;
	return PAIRING_WRONG;
}

void pairing_end(struct pairing *pairing)
{
	pairing->missing += pairing->count;
	pairing_drop(pairing, pairing->count);
}
