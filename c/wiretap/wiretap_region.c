/* SPDX-License-Identifier: MIT */
#include "wiretap/wiretap_region.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"

/* What waits for the reader may have to for most of a second. */
#define COPY_SLOTS 16384

/* Whose turn it is with a ring: FREE and DONE are the caller's. */
enum step { STEP_FREE, STEP_LOOK, STEP_LAST, STEP_DONE };

struct followed {
	_Atomic unsigned int step;
	int fault;     /* why it is done before its time */
	bool replaced; /* by another ring, which may have cost messages */
	bool orders;
	bool fresh; /* of orders: no market data was seen yet beside it */
	struct shm_reader source;
	struct shm_writer copy;
	/* An order that was found, until market data was looked at; or market
	 * data, until the next look. */
	bool held;
	uint32_t len;
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
};

struct wiretap_region {
	struct shm_region region;
	struct timespec pause;
	pthread_t thread; /* from the first ring on, */
	bool runs;	  /* so with what privileges are left */
	_Atomic bool stop;
	/* By the clock of the stamps. What is found now was not there when the
	 * last look began, nor when a ring was followed last. */
	uint64_t before_ns;
	_Atomic uint64_t followed_ns;
	uint64_t known_ns; /* that, when this look began */
	uint64_t looks, looked_ns, last_ns, longest_ns;
	struct followed ring[WIRETAP_REGION_RINGS];
};

static bool is_looked_at(unsigned int step)
{
	return step == STEP_LOOK || step == STEP_LAST;
}

/* Who comes next may have been faster than the last look. */
static void done_set(struct followed *ring)
{
	ring->replaced = shm_reader_is_replaced(&ring->source);
	atomic_store(&ring->step, STEP_DONE);
}

/* The next message, if it is there. */
static bool next_take(struct followed *ring)
{
	uint64_t stamp_ns; /* of another machine's clock */
	int rc;

	do
		rc = shm_reader_take(&ring->source, ring->bytes, &ring->len,
				     &stamp_ns);
	while (rc == 0 && shm_reader_has(&ring->source));
	ring->held = rc > 0;
	/* Another ring in its place is its end. */
	if (rc < 0) {
		ring->fault = rc == -ESTALE ? 0 : rc;
		done_set(ring);
	}
	return rc > 0;
}

/* shm_writer_put() asks for the stamp. */
static _Thread_local uint64_t earliest_ns;

static uint64_t earliest(void)
{
	return earliest_ns;
}

static void held_put(struct followed *ring, uint64_t (*stamp)(void))
{
	shm_writer_put(&ring->copy, ring->bytes, ring->len, stamp);
	ring->held = false;
}

/* Before a session's first datagram come the words that called for it. */
static void first_words_put(struct wiretap_region *self,
			    const unsigned int *step)
{
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++) {
		struct followed *ring = &self->ring[i];

		if (!is_looked_at(step[i]) || !ring->fresh)
			continue;
		if (ring->held)
			held_put(ring, earliest);
		while (next_take(ring))
			held_put(ring, earliest);
		ring->fresh = false;
	}
}

/* Market data that is there; but what may be of a session that was not followed
 * yet when this look began waits for the next one. */
static bool data_put(struct wiretap_region *self, struct followed *ring,
		     const unsigned int *step)
{
	bool found = false;

	while (ring->held || next_take(ring)) {
		if (atomic_load(&self->followed_ns) != self->known_ns)
			break;
		if (!found) {
			first_words_put(self, step);
			earliest_ns++;
		}
		held_put(ring, earliest);
		found = true;
	}
	return found;
}

/* Orders are taken first, and put last: what called for one was there before
 * it, so it is found in between. Found anything? */
static bool look(struct wiretap_region *self)
{
	const uint64_t begun_ns = clock_realtime_ns();
	unsigned int step[WIRETAP_REGION_RINGS];
	bool found = false;

	self->known_ns = atomic_load(&self->followed_ns);
	earliest_ns = self->before_ns > self->known_ns ? self->before_ns
						       : self->known_ns;
	self->before_ns = begun_ns;
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++) {
		struct followed *ring = &self->ring[i];

		step[i] =
			atomic_load_explicit(&ring->step, memory_order_acquire);
		if (is_looked_at(step[i]) && ring->orders)
			found |= next_take(ring);
	}
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++)
		if (is_looked_at(step[i]) && !self->ring[i].orders)
			found |= data_put(self, &self->ring[i], step);
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++) {
		struct followed *ring = &self->ring[i];

		if (!is_looked_at(step[i]))
			continue;
		if (ring->held && ring->orders)
			held_put(ring,
				 ring->fresh ? earliest : clock_realtime_ns);
		else if (!ring->held && step[i] == STEP_LAST)
			done_set(ring);
	}
	return found;
}

static bool is_followed(const struct wiretap_region *self)
{
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++)
		if (atomic_load_explicit(&self->ring[i].step,
					 memory_order_relaxed) == STEP_LOOK)
			return true;
	return false;
}

/* How far apart looks were while anything was followed. */
static void look_count(struct wiretap_region *self)
{
	const uint64_t now_ns = clock_monotonic_ns();

	if (!is_followed(self)) {
		self->last_ns = 0;
		return;
	}
	if (self->last_ns) {
		const uint64_t gap_ns = now_ns - self->last_ns;

		self->looks++;
		self->looked_ns += gap_ns;
		if (gap_ns > self->longest_ns)
			self->longest_ns = gap_ns;
	}
	self->last_ns = now_ns;
}

static void *region_run(void *context)
{
	struct wiretap_region *self = context;

	self->before_ns = clock_realtime_ns();
	(void)cpu_exact_timers(); /* else each pause is longer */
	while (!atomic_load_explicit(&self->stop, memory_order_relaxed)) {
		look_count(self);
		if (!look(self) && self->pause.tv_nsec > 0)
			nanosleep(&self->pause, NULL);
	}
	return NULL;
}

static int begin(struct wiretap_region *self)
{
	int err;

	if (self->runs)
		return 0;
	err = thread_start(&self->thread, NULL, region_run, self);
	self->runs = !err;
	return err;
}

int wiretap_region_open(struct wiretap_region **region, const char *name,
			unsigned int pause_us)
{
	struct wiretap_region *self = calloc(1, sizeof(*self));
	int err;

	*region = NULL;
	if (!self)
		return -ENOMEM;
	self->pause.tv_nsec = (long)pause_us * 1000;
	err = shm_region_open(&self->region, "--region", name, false);
	if (err)
		free(self);
	else
		*region = self;
	return err;
}

void wiretap_region_close(struct wiretap_region *region)
{
	if (!region)
		return;
	atomic_store(&region->stop, true);
	if (region->runs)
		pthread_join(region->thread, NULL);
	if (region->looks)
		log_info("the region's rings were looked at each %" PRIu64
			 " us, once after %" PRIu64 " us",
			 region->looked_ns / region->looks / 1000,
			 region->longest_ns / 1000);
	shm_region_close(&region->region);
	free(region);
}

static bool is_data_followed(const struct wiretap_region *self)
{
	for (int i = 0; i < WIRETAP_REGION_RINGS; i++)
		if (!self->ring[i].orders &&
		    atomic_load(&self->ring[i].step) == STEP_LOOK)
			return true;
	return false;
}

int wiretap_region_follow(struct wiretap_region *region,
			  const struct shm_hello *hello,
			  struct shm_reader *reader)
{
	struct followed *ring = NULL;
	int number, err = begin(region);

	if (err)
		return err;
	for (number = 0; number < WIRETAP_REGION_RINGS && !ring; number++)
		if (atomic_load(&region->ring[number].step) == STEP_FREE)
			ring = &region->ring[number];
	if (!ring)
		return -ENOSPC;
	err = shm_hello_map(hello, -1, &region->region, &ring->source);
	if (err)
		return err;
	err = shm_writer_open(&ring->copy, COPY_SLOTS);
	if (err)
		goto close_source;
	err = shm_reader_open(reader, ring->copy.fd, 0);
	if (err)
		goto close_copy;
	ring->orders = hello->kind == SHM_HELLO_ORDERS;
	ring->fresh = ring->orders && is_data_followed(region);
	atomic_store(&region->followed_ns, clock_realtime_ns());
	ring->held = false;
	ring->fault = 0;
	atomic_store_explicit(&ring->step, STEP_LOOK, memory_order_release);
	return number - 1;
close_copy:
	shm_writer_close(&ring->copy);
close_source:
	shm_reader_close(&ring->source);
	return err;
}

/* A look takes no time, and its pause little. */
static void done_wait(struct followed *ring)
{
	const struct timespec pause = { .tv_nsec = 10000 };

	while (atomic_load_explicit(&ring->step, memory_order_acquire) !=
	       STEP_DONE)
		nanosleep(&pause, NULL);
}

void wiretap_region_finish(struct wiretap_region *region, int number)
{
	struct followed *ring = &region->ring[number];
	unsigned int step = STEP_LOOK;

	atomic_compare_exchange_strong(&ring->step, &step, STEP_LAST);
	done_wait(ring);
}

int wiretap_region_fault(const struct wiretap_region *region, int number)
{
	const struct followed *ring = &region->ring[number];

	return atomic_load_explicit(&ring->step, memory_order_acquire) ==
			       STEP_DONE
		       ? ring->fault
		       : 0;
}

void wiretap_region_leave(struct wiretap_region *region, int number,
			  struct shm_reader *reader, uint64_t *lost)
{
	struct followed *ring = &region->ring[number];

	wiretap_region_finish(region, number);
	*lost += ring->source.lost + ring->replaced;
	shm_reader_close(reader);
	shm_writer_close(&ring->copy);
	shm_reader_close(&ring->source);
	atomic_store(&ring->step, STEP_FREE);
}
