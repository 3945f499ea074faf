/* SPDX-License-Identifier: MIT */
/*
 * Memory for HOT data: mapped and touched before the loop starts, so that
 * no page fault and no allocation happens in it.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

struct mem_arena {
	void *base;
	size_t size; /* bytes, rounded up to the page size used */
	bool huge;   /* it is of huge pages, not just asked to be */
};

/*
 * Map size bytes, zeroed and present. With want_huge, MAP_HUGETLB is tried
 * first and ordinary pages are the fall-back: arena->huge tells which.
 * 0 or -ENOMEM. mmap(2).
 */
int mem_arena_open(struct mem_arena *arena, size_t size, bool want_huge);

/* Map size bytes, zeroed, of ordinary pages that are had when they are
 * touched: no memory is taken before that. 0 or -ENOMEM. */
int mem_arena_reserve(struct mem_arena *arena, size_t size);

/* Touch a part of it now, so that no page fault comes later. */
void mem_touch(void *bytes, size_t len);

void mem_arena_close(struct mem_arena *arena);

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
