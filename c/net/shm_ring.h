/* SPDX-License-Identifier: MIT */
/*
 * A ring of messages in memory that processes of one host share: one writes,
 * any number read, each by itself, and none can write but the owner. A message
 * stands in a slot of its own, beside the number of its turn, so that up to
 * SHM_RING_LINE_MAX bytes cross between two CPUs as one cache line. The writer
 * waits for nobody: a reader that is a whole ring behind has lost messages,
 * as of a socket's buffer, and counts them.
 *
 * The memory is a memfd without a name, sealed: it can't shrink under a reader
 * (no SIGBUS), and nobody else can map it to write (memfd_create(2), fcntl(2),
 * F_SEAL_FUTURE_WRITE, Linux 5.1). A reader believes nothing of it: it copies a
 * slot, then looks whether it is the one that it was, then checks the length;
 * places are of its own counting.
 *
 * Or it is an area of memory that machines share (net/shm_region.h), which none
 * can seal: what else is written there is found out or does no harm. No two
 * rings in a place have a message of one number, so what an earlier one has
 * left there is never taken for the later one's.
 *
 *	writer: shm_writer_open(); shm_writer_put() ...; shm_writer_close()
 *	reader: shm_reader_open(fd); shm_reader_take() ...; shm_reader_close()
 */
#ifndef NET_SHM_RING_H
#define NET_SHM_RING_H

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SHM_RING_MESSAGE_MAX 2048 /* bytes */
#define SHM_RING_SLOTS_MIN   2
#define SHM_RING_SLOTS_MAX   65536 /* a power of two, like all between */

/* turn: 0 while its writer is at it (and before the first lap), else the number
 * of the message from 1 on. Lines of slots are spread over all sets of a cache:
 * an odd number of them. */
struct shm_ring_slot {
	alignas(64) _Atomic uint64_t turn;
	uint64_t stamp_ns; /* CLOCK_REALTIME, right before the turn was set; 0:
			      its writer does not stamp */
	uint32_t len;
	uint32_t reserved;
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
};

#define SHM_RING_LINE_MAX (64 - (int)offsetof(struct shm_ring_slot, bytes))

_Static_assert(sizeof(struct shm_ring_slot) == 33 * 64, "an odd number");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "no lock in shared memory");

/* At the memory's begin; slots follow at SHM_RING_SLOTS_AT. Each part that
 * changes has a line of its own. */
struct shm_ring_head {
	uint64_t magic;
	uint32_t version;
	uint32_t slots;
	uint32_t slot_size;
	uint32_t reserved;
	uint64_t first; /* number of its first message, from 0: in a region, of
			   when it was made; it tells rings apart there */
	/* Of who may sleep: turns with each message, futex(2). */
	alignas(64) _Atomic uint32_t bell;
	/* Of one end of a stream (net/shm_stream.h), what it says of the other
	 * end's ring: messages that it has taken; turns before it sleeps. */
	alignas(64) _Atomic uint64_t taken;
	alignas(64) _Atomic uint32_t asks;
};

#define SHM_RING_MAGIC	  UINT64_C(0x676e69722d743274) /* "t2t-ring" */
#define SHM_RING_VERSION  3
#define SHM_RING_SLOTS_AT 4096

struct shm_region;

struct shm_writer {
	struct shm_ring_head *head;
	struct shm_ring_slot *slots;
	uint64_t mask;
	_Atomic uint64_t next; /* of its messages; other threads may look */
	size_t size;
	int fd; /* to be handed to readers; -1: it is in a region */
	struct shm_region *region;
	unsigned int area; /* enum shm_area; of memory of its own none */
};

struct shm_reader {
	const struct shm_ring_head *head;
	const struct shm_ring_slot *slots;
	uint64_t mask;
	uint64_t next; /* of the messages that were taken or lost */
	uint64_t lost;
	uint64_t first; /* of the ring's */
	size_t size;	/* of what was mapped; 0: it is in a region */
};

/* As struct registry_entry's probe(): can this kernel seal memory so? */
int shm_ring_probe(const char **reason);

/* slots: a power of two. All memory is there on return. 0 or a negative errno,
 * silent. */
int shm_writer_open(struct shm_writer *writer, uint32_t slots);

/* In an area that nobody else writes (shm_region_take()); what stood there is
 * gone. 0 or a negative errno, logged: -ENOSPC: it has no room for them, or its
 * file system has not. region must outlive it. */
int shm_writer_open_in(struct shm_writer *writer, uint32_t slots,
		       struct shm_region *region, unsigned int area);
void shm_writer_close(struct shm_writer *writer);

/* gcc's thread sanitizer knows no fence between threads. Where it is used, on
 * x86, the compiler alone could change the order. */
static inline void shm_fence(memory_order order)
{
#ifdef __SANITIZE_THREAD__
	atomic_signal_fence(order);
#else
	atomic_thread_fence(order);
#endif
}

/* HOT. Publish a message of at most SHM_RING_MESSAGE_MAX bytes. now: gives the
 * stamp; NULL: none is wanted. */
static inline void shm_writer_put(struct shm_writer *writer, const void *bytes,
				  size_t len, uint64_t (*now)(void))
{
	const uint64_t number =
		atomic_load_explicit(&writer->next, memory_order_relaxed);
	struct shm_ring_slot *slot = &writer->slots[number & writer->mask];

	/* Before its bytes change nobody may think it is whole. */
	atomic_store_explicit(&slot->turn, 0, memory_order_relaxed);
	shm_fence(memory_order_release);
	slot->len = (uint32_t)len;
	memcpy(slot->bytes, bytes, len);
	slot->stamp_ns = now ? now() : 0;
	atomic_store_explicit(&slot->turn, number + 1, memory_order_release);
	atomic_store_explicit(&writer->next, number + 1, memory_order_relaxed);
	/* Its page and line, a lap old, are had before they are wanted. */
	__builtin_prefetch(&writer->slots[(number + 1) & writer->mask], 1);
}

/* HOT. Wake those that wait in shm_reader_wait(): a system call. */
void shm_writer_ring(struct shm_writer *writer);

/*
 * Map what another process has handed over: the caller keeps fd. Its first
 * message is number `next`, from 0. 0, or a negative errno, silent: -EPERM: it
 * could shrink, or be written by others (F_GET_SEALS); -EBADMSG: not such a
 * ring, or cut; -EPROTO: another version.
 */
int shm_reader_open(struct shm_reader *reader, int fd, uint64_t next);

/* The same of a ring in a region, by the number of its first message. -ESTALE:
 * that ring is not there. -EBADMSG, too: there is no such area. region must
 * outlive it. */
int shm_reader_open_in(struct shm_reader *reader,
		       const struct shm_region *region, unsigned int area,
		       uint64_t first, uint64_t next);
void shm_reader_close(struct shm_reader *reader);

/* Of a ring in a region: has another one taken its place? What was not read by
 * then is gone, and nobody knows how much that was. */
bool shm_reader_is_replaced(const struct shm_reader *reader);

/* For who reads at -EBADMSG of open: why, in words. */
const char *shm_reader_fault(int err);

/* HOT. All of the first line, whose size the compiler knows, then the rest. */
static inline void shm_message_copy(uint8_t *to, const uint8_t *from,
				    uint32_t len)
{
	memcpy(to, from, SHM_RING_LINE_MAX);
	if (len > SHM_RING_LINE_MAX)
		memcpy(to + SHM_RING_LINE_MAX, from + SHM_RING_LINE_MAX,
		       len - SHM_RING_LINE_MAX);
}

/* HOT. What shm_reader_take() meets where the next message is not there.
 * -ESTALE: another ring has taken the place of this one. */
int shm_reader_astray(struct shm_reader *reader, uint64_t turn);

/*
 * HOT. Copy the next message to bytes. 1; 0: there is none yet; -EBADMSG: the
 * writer has broken the ring; -ESTALE: it is another one's now. Messages that
 * were overwritten are left out, and counted as lost.
 */
static inline int shm_reader_take(struct shm_reader *reader,
				  uint8_t bytes[static SHM_RING_MESSAGE_MAX],
				  uint32_t *len, uint64_t *stamp_ns)
{
	const struct shm_ring_slot *slot =
		&reader->slots[reader->next & reader->mask];
	const uint64_t turn =
		atomic_load_explicit(&slot->turn, memory_order_acquire);
	uint32_t found;

	if (turn != reader->next + 1)
		return shm_reader_astray(reader, turn);
	/* Once: whoever writes there may write anything, at any time. */
	found = *(const volatile uint32_t *)&slot->len;
	*stamp_ns = *(const volatile uint64_t *)&slot->stamp_ns;
	if (__builtin_expect(found > SHM_RING_MESSAGE_MAX, 0))
		found = SHM_RING_MESSAGE_MAX + 1;
	else
		shm_message_copy(bytes, slot->bytes, found);
	shm_fence(memory_order_acquire);
	if (__builtin_expect(atomic_load_explicit(&slot->turn,
						  memory_order_relaxed) != turn,
			     0))
		return shm_reader_astray(
			reader, atomic_load_explicit(&slot->turn,
						     memory_order_acquire));
	if (__builtin_expect(found > SHM_RING_MESSAGE_MAX, 0))
		return -EBADMSG;
	*len = found;
	reader->next++;
	__builtin_prefetch(&reader->slots[reader->next & reader->mask]);
	return 1;
}

/* Back to the first message, or as far as the ring keeps them. */
static inline void shm_reader_rewind(struct shm_reader *reader)
{
	const uint64_t half = (reader->mask + 1) / 2;

	reader->next = reader->next - reader->first > half ? reader->next - half
							   : reader->first;
}

/* Is there anything that shm_reader_take() would find? */
static inline bool shm_reader_has(const struct shm_reader *reader)
{
	return atomic_load_explicit(
		       &reader->slots[reader->next & reader->mask].turn,
		       memory_order_acquire) > reader->next;
}

/* Sleep until shm_writer_ring(), at most timeout_ms; at once when a message is
 * there; a signal ends it. */
void shm_reader_wait(const struct shm_reader *reader, unsigned int timeout_ms);

#endif
