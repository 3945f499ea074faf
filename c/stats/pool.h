/* SPDX-License-Identifier: MIT */
/* The samples of several groups (trials, blocks) in one order, each with its
 * group: what a bootstrap of whole groups goes through. */
#ifndef STATS_POOL_H
#define STATS_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool_sample {
	uint64_t value;
	size_t group;
};

struct pool {
	struct pool_sample *samples;
	size_t count;
};

/* With room for so many samples. 0 or -ENOMEM. */
int pool_open(struct pool *pool, size_t room);
void pool_close(struct pool *pool);

void pool_add(struct pool *pool, const uint64_t *values, size_t count,
	      size_t group);

/* Once all are there: by their values, ascending. */
void pool_sort(struct pool *pool);

#endif
