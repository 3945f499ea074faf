/* SPDX-License-Identifier: MIT */
#include "base/spsc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Before each record stands its length; SPSC_WRAP in its place says that the
 * rest of the ring up to its end is unused. */
#define SPSC_PREFIX 8
#define SPSC_WRAP   UINT64_MAX

static size_t record_size(size_t len)
{
	return SPSC_PREFIX + ((len + 7) & ~(size_t)7);
}

int spsc_open(struct spsc *ring, size_t size)
{
	size_t rounded = 4096;

	while (rounded < size)
		rounded *= 2;
	memset(ring, 0, sizeof(*ring));
	ring->data = aligned_alloc(64, rounded);
	if (!ring->data)
		return -ENOMEM;
	ring->size = rounded;
	return 0;
}

void spsc_close(struct spsc *ring)
{
	free(ring->data);
	memset(ring, 0, sizeof(*ring));
}

void *spsc_reserve(struct spsc *ring, size_t len)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t at = head & (ring->size - 1);
	size_t room = ring->size - at;
	size_t needed = record_size(len);
	size_t skip = needed > room ? room : 0;

	if (len > ring->size / 4)
		return NULL;
	if (head + skip + needed - ring->tail_seen > ring->size) {
		ring->tail_seen =
			atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head + skip + needed - ring->tail_seen > ring->size)
			return NULL;
	}
	if (skip) {
		/* The consumer reads this only once a later head is out. */
		memcpy(ring->data + at, &(uint64_t){ SPSC_WRAP }, SPSC_PREFIX);
		at = 0;
	}
	ring->reserved = head + skip;
	return ring->data + at + SPSC_PREFIX;
}

void spsc_commit(struct spsc *ring, size_t len)
{
	size_t at = ring->reserved & (ring->size - 1);
	uint64_t prefix = len;

	memcpy(ring->data + at, &prefix, SPSC_PREFIX);
	atomic_store_explicit(&ring->head, ring->reserved + record_size(len),
			      memory_order_release);
}

void *spsc_next(struct spsc *ring, uint64_t *at, size_t *len)
{
	uint64_t prefix;
	size_t offset;

	if (*at == ring->head_seen) {
		ring->head_seen =
			atomic_load_explicit(&ring->head, memory_order_acquire);
		if (*at == ring->head_seen)
			return NULL;
	}
	offset = *at & (ring->size - 1);
	memcpy(&prefix, ring->data + offset, SPSC_PREFIX);
	if (prefix == SPSC_WRAP) {
		*at += ring->size - offset;
		offset = 0;
		memcpy(&prefix, ring->data, SPSC_PREFIX);
	}
	*len = (size_t)prefix;
	*at += record_size(*len);
	return ring->data + offset + SPSC_PREFIX;
}

void spsc_release(struct spsc *ring, uint64_t at)
{
	atomic_store_explicit(&ring->tail, at, memory_order_release);
}
