/* SPDX-License-Identifier: MIT */
/*
 * Latencies in buckets that widen by the same factor: four to the octave,
 * from 256 ns to half a minute. For pictures; percentiles come from the raw
 * samples.
 */
#ifndef STATS_HISTOGRAM_H
#define STATS_HISTOGRAM_H

#include <jansson.h>
#include <stdint.h>

#define HISTOGRAM_PER_OCTAVE 4
#define HISTOGRAM_LOWEST_NS  UINT64_C(256)
#define HISTOGRAM_BUCKETS    (27 * HISTOGRAM_PER_OCTAVE)

struct histogram {
	uint64_t count[HISTOGRAM_BUCKETS]; /* the ends take what lies beyond */
};

unsigned int histogram_bucket(uint64_t ns);

/* The lower edge of a bucket, ns, rounded down. */
uint64_t histogram_edge(unsigned int bucket);

static inline void histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->count[histogram_bucket(ns)]++;
}

/* Half of them are within it: the upper edge of the bucket with the median, or
 * the largest of all, max_ns, if that is less. Of none: max_ns. */
uint64_t histogram_half_ns(const struct histogram *histogram, uint64_t max_ns);

/* [[edge_ns, count], ...] of the buckets that hold something; and back. */
json_t *histogram_to_json(const struct histogram *histogram);
void histogram_from_json(struct histogram *histogram, const json_t *value);

#endif
