/* SPDX-License-Identifier: MIT */
/*
 * A tap on rings in a region that machines share (net/shm_region.h). Who writes
 * there has a clock of its own, so its stamps tell nothing: a thread looks at
 * all of these rings, time and again, and stamps what it finds by this
 * machine's CLOCK_REALTIME, as the kernel stamps frames. Each message goes on,
 * with that stamp, to a ring of ours, which is read at leisure
 * (wiretap/wiretap_rings.h).
 *
 * A look finds what came since the last one, so when it came is known to be
 * between the two. Market data is stamped by when the last look began, when it
 * was not there yet, and an order by when it was found: so wire to wire is
 * never shorter than it was, and longer by two looks at most. The words of a
 * trader before its session's first datagram are stamped before that.
 */
#ifndef WIRETAP_WIRETAP_REGION_H
#define WIRETAP_WIRETAP_REGION_H

#include <stdint.h>

struct shm_hello;
struct shm_reader;
struct wiretap_region;

#define WIRETAP_REGION_RINGS 16

/* name: as shm_region_open() has it; pause_us: between two looks that find
 * nothing; 0: none, which takes a CPU. 0 or a negative errno, logged. name must
 * outlive it. */
int wiretap_region_open(struct wiretap_region **region, const char *name,
			unsigned int pause_us);
/* NULL is allowed. Says how often it looked. */
void wiretap_region_close(struct wiretap_region *region);

/* Follow the ring that a hello tells of, from its first message on; what is
 * found comes out of *reader. Its number, for the others here; or a negative
 * errno, silent (shm_hello_fault()); -ENOSPC: too many at once. */
int wiretap_region_follow(struct wiretap_region *region,
			  const struct shm_hello *hello,
			  struct shm_reader *reader);

/* Its writer is gone: look once more, and no more. May be called again. */
void wiretap_region_finish(struct wiretap_region *region, int number);

/* Why it is not followed any more: a negative errno, or 0. */
int wiretap_region_fault(const struct wiretap_region *region, int number);

/* Give it up, and close the reader. *lost: what its writer overwrote before it
 * was seen, added to; one where another ring has taken its place. */
void wiretap_region_leave(struct wiretap_region *region, int number,
			  struct shm_reader *reader, uint64_t *lost);

#endif
