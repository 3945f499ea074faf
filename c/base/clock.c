/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#define ANCHOR_TRIES	   16
#define ANCHOR_DISTANCE_NS UINT64_C(10000000)

static uint64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return clock_from_timespec(now);
}

uint64_t clock_realtime_ns(void)
{
	return clock_read(CLOCK_REALTIME);
}

uint64_t clock_monotonic_ns(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

void clock_anchor_take(struct clock_anchor *anchor)
{
	uint64_t tightest = UINT64_MAX;

	for (int i = 0; i < ANCHOR_TRIES; i++) {
		uint64_t before = clock_counter();
		uint64_t now = clock_realtime_ns();
		uint64_t bracket = clock_counter() - before;

		if (bracket >= tightest)
			continue;
		tightest = bracket;
		anchor->counter = before + bracket / 2;
		anchor->realtime_ns = now;
	}
}

void clock_anchor_take_after(const struct clock_anchor *first,
			     struct clock_anchor *last)
{
	uint64_t now = clock_realtime_ns();

	if (now - first->realtime_ns < ANCHOR_DISTANCE_NS) {
		uint64_t left = ANCHOR_DISTANCE_NS - (now - first->realtime_ns);
		struct timespec pause = { .tv_nsec = (long)left };

		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	clock_anchor_take(last);
}

double clock_ns_per_tick(const struct clock_anchor *first,
			 const struct clock_anchor *last)
{
	return (double)(last->realtime_ns - first->realtime_ns) /
	       (double)(last->counter - first->counter);
}

uint64_t clock_to_realtime_ns(const struct clock_anchor *first,
			      const struct clock_anchor *last, uint64_t counter)
{
	/* Signed: a stamp may lie a little outside the two anchors. The
	 * offset is small enough for a double to be exact to under 1 ns for
	 * a run of weeks. */
	int64_t ticks = (int64_t)(counter - first->counter);
	double offset = (double)ticks * clock_ns_per_tick(first, last);

	return first->realtime_ns + (uint64_t)(int64_t)offset;
}

const char *clock_counter_name(void)
{
#if defined(__x86_64__)
	return "tsc";
#elif defined(__aarch64__)
	return "cntvct";
#else
	return "clock_gettime";
#endif
}
