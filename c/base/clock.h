/* SPDX-License-Identifier: MIT */
/*
 * Two clocks. The counter (x86 TSC, arm64 CNTVCT) costs a few nanoseconds
 * and no system call: HOT code stamps with it and nothing else. Wall time
 * (CLOCK_REALTIME, ns since 1970) is what kernel stamps are in. Anchors tie
 * the two: take one before and one after a stretch, and each counter value
 * in between converts by interpolation, so that neither a calibration loop
 * nor an assumed frequency is needed and slewing by NTP cancels out.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_S	UINT64_C(1000000000)
#define CLOCK_NS_PER_MS UINT64_C(1000000)

/* HOT. Ordered after the loads before it (Intel SDM vol. 2, RDTSC). */
static inline uint64_t clock_counter(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
	return value;
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
#endif
}

/* Of two times on one clock; UINT64_MAX: never. */
static inline uint64_t clock_sooner(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

static inline uint64_t clock_from_timespec(struct timespec t)
{
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Wall time, ns since 1970: comparable with kernel stamps. */
uint64_t clock_realtime_ns(void);

/* CLOCK_MONOTONIC, ns: for intervals and deadlines. */
uint64_t clock_monotonic_ns(void);

/* One instant on both clocks. */
struct clock_anchor {
	uint64_t counter;
	uint64_t realtime_ns;
};

/* Take an anchor; of several tries the one with the tightest bracket. */
void clock_anchor_take(struct clock_anchor *anchor);

/* Wall time of a counter value, by the line through the two anchors, which
 * must be at least a millisecond apart (else their distance is widened by
 * waiting: call clock_anchor_take_after()). */
uint64_t clock_to_realtime_ns(const struct clock_anchor *first,
			      const struct clock_anchor *last,
			      uint64_t counter);

/* Counter ticks to ns over the same line. */
double clock_ns_per_tick(const struct clock_anchor *first,
			 const struct clock_anchor *last);

/* Take the closing anchor; sleeps until it is 10 ms after the first. */
void clock_anchor_take_after(const struct clock_anchor *first,
			     struct clock_anchor *last);

/* "tsc", "cntvct" or "clock_gettime": what clock_counter() reads. */
const char *clock_counter_name(void);

#endif
