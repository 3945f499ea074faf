/* SPDX-License-Identifier: MIT */
/*
 * Numbers that look random and are the same everywhere for the same seed:
 * splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, OOPSLA 2014). Feeds, paces, shuffles and tests draw them; what
 * nobody may foresee comes from getrandom(2).
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* The next of 64 bits. The state is the seed at first, any value. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* From 0 to bound - 1; 0 when the bound is 0. Small bounds are drawn evenly to
 * within bound / 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	return bound ? random_next(state) % bound : 0;
}

/* In (0, 1]. */
static inline double random_unit(uint64_t *state)
{
	return (double)((random_next(state) >> 11) + 1) * 0x1p-53;
}

#endif
