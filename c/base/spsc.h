/* SPDX-License-Identifier: MIT */
/*
 * A ring of byte records between one producer thread and one consumer
 * thread: no lock, no system call. A record is contiguous and 8-byte
 * aligned, so the consumer can hand it to the kernel where it lies.
 */
#ifndef BASE_SPSC_H
#define BASE_SPSC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct spsc {
	uint8_t *data;
	size_t size;			    /* bytes, a power of two */
	_Alignas(64) _Atomic uint64_t head; /* written by the producer */
	uint64_t tail_seen;		    /* producer's copy of tail */
	uint64_t reserved; /* where the reserved record starts */
	_Alignas(64) _Atomic uint64_t tail; /* written by the consumer */
	uint64_t head_seen;		    /* consumer's copy of head */
};

/* size: rounded up to a power of two, at least 4096. 0 or -ENOMEM. */
int spsc_open(struct spsc *ring, size_t size);
void spsc_close(struct spsc *ring);

/* Producer: room for a record of len bytes (at most size / 4), or NULL when
 * the ring is full. Nothing is seen by the consumer before the commit. A
 * reserve may be repeated or left; commit takes at most what was reserved. */
void *spsc_reserve(struct spsc *ring, size_t len);
void spsc_commit(struct spsc *ring, size_t len);

/*
 * Consumer: walk records without giving them back, then release all up to a
 * point. Start with `uint64_t at = spsc_begin(ring)`; spsc_next() returns the
 * record at `at` and moves on, or NULL when there is none;
 * spsc_release(ring, at) gives back everything before `at`.
 */
static inline uint64_t spsc_begin(struct spsc *ring)
{
	return atomic_load_explicit(&ring->tail, memory_order_relaxed);
}

void *spsc_next(struct spsc *ring, uint64_t *at, size_t *len);
void spsc_release(struct spsc *ring, uint64_t at);

/* Bytes in use, for either side; a hint, the other side moves on. */
static inline size_t spsc_used(struct spsc *ring)
{
	return (size_t)(atomic_load_explicit(&ring->head,
					     memory_order_acquire) -
			atomic_load_explicit(&ring->tail,
					     memory_order_acquire));
}

#endif
