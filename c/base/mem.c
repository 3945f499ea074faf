/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

int mem_arena_open(struct mem_arena *arena, size_t size, bool want_huge)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	const int access = PROT_READ | PROT_WRITE;

	if (want_huge) {
		arena->size = round_up(size, HUGE_PAGE);
		arena->base = mmap(NULL, arena->size, access,
				   flags | MAP_HUGETLB, -1, 0);
		arena->huge = arena->base != MAP_FAILED;
		if (arena->huge)
			return 0;
	}
	arena->size = round_up(size, (size_t)sysconf(_SC_PAGESIZE));
	arena->base = mmap(NULL, arena->size, access, flags, -1, 0);
	arena->huge = false;
	if (arena->base == MAP_FAILED) {
		memset(arena, 0, sizeof(*arena));
		return -ENOMEM;
	}
	return 0;
}

int mem_arena_reserve(struct mem_arena *arena, size_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	arena->size = round_up(size, (size_t)sysconf(_SC_PAGESIZE));
	arena->huge = false;
	arena->base =
		mmap(NULL, arena->size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (arena->base != MAP_FAILED)
		return 0;
	memset(arena, 0, sizeof(*arena));
	return -ENOMEM;
}

void mem_touch(void *bytes, size_t len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *touched = bytes;

	for (size_t at = 0; at < len; at += page)
		touched[at] = touched[at];
	if (len > 0)
		touched[len - 1] = touched[len - 1];
}

void mem_arena_close(struct mem_arena *arena)
{
	if (arena->base)
		munmap(arena->base, arena->size);
	memset(arena, 0, sizeof(*arena));
}
