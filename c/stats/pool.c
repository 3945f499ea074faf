/* SPDX-License-Identifier: MIT */
#include "stats/pool.h"

#include <errno.h>
#include <stdlib.h>

int pool_open(struct pool *pool, size_t room)
{
	*pool = (struct pool){ 0 };
	pool->samples = calloc(room + 1, sizeof(*pool->samples));
	return pool->samples ? 0 : -ENOMEM;
}

void pool_close(struct pool *pool)
{
	free(pool->samples);
}

void pool_add(struct pool *pool, const uint64_t *values, size_t count,
	      size_t group)
{
	for (size_t i = 0; i < count; i++)
		pool->samples[pool->count++] =
			(struct pool_sample){ values[i], group };
}

static int by_value(const void *a, const void *b)
{
	const struct pool_sample *left = a, *right = b;

	return (left->value > right->value) - (left->value < right->value);
}

void pool_sort(struct pool *pool)
{
	qsort(pool->samples, pool->count, sizeof(*pool->samples), by_value);
}
