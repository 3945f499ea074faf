/* SPDX-License-Identifier: MIT */
#include "stats/histogram.h"

#include <math.h>
#include <string.h>

uint64_t histogram_edge(unsigned int bucket)
{
	return (uint64_t)((double)HISTOGRAM_LOWEST_NS *
			  exp2((double)bucket / HISTOGRAM_PER_OCTAVE));
}

unsigned int histogram_bucket(uint64_t ns)
{
	unsigned int low = 0, high = HISTOGRAM_BUCKETS;

	/* By the edges themselves, so that both functions always agree. */
	while (high - low > 1) {
		unsigned int middle = (low + high) / 2;

		if (ns >= histogram_edge(middle))
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint64_t histogram_half_ns(const struct histogram *histogram, uint64_t max_ns)
{
	uint64_t all = 0, seen = 0, edge_ns;
	unsigned int bucket = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += histogram->count[i];
	while (bucket < HISTOGRAM_BUCKETS - 1) {
		seen += histogram->count[bucket++];
		if (seen > 0 && seen * 2 >= all)
			break;
	}
	edge_ns = histogram_edge(bucket);
	return edge_ns < max_ns ? edge_ns : max_ns;
}

json_t *histogram_to_json(const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram->count[i])
			json_array_append_new(
				buckets,
				json_pack("[I, I]",
					  (json_int_t)histogram_edge(i),
					  (json_int_t)histogram->count[i]));
	return buckets;
}

void histogram_from_json(struct histogram *histogram, const json_t *value)
{
	const json_t *bucket;
	size_t i;

	memset(histogram, 0, sizeof(*histogram));
	json_array_foreach(value, i, bucket)
	{
		uint64_t edge =
			(uint64_t)json_integer_value(json_array_get(bucket, 0));

		histogram->count[histogram_bucket(edge)] +=
			(uint64_t)json_integer_value(json_array_get(bucket, 1));
	}
}
