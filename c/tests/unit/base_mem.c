/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"

static void an_arena_is_zeroed_and_present(void **state)
{
	struct mem_arena arena;
	unsigned char present[4];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_int_equal(mem_arena_open(&arena, 3 * page + 1, false), 0);
	assert_int_equal(arena.size, 4 * page);
	assert_false(arena.huge);
	assert_int_equal(mincore(arena.base, arena.size, present), 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(present[i] & 1);
	for (size_t i = 0; i < arena.size; i++)
		assert_int_equal(((char *)arena.base)[i], 0);
	mem_arena_close(&arena);
	assert_null(arena.base);
	mem_arena_close(&arena);
}

static void huge_pages_fall_back_to_ordinary_ones(void **state)
{
	struct mem_arena arena;

	(void)state;
	assert_int_equal(mem_arena_open(&arena, 1, true), 0);
	assert_true(arena.size >= 1);
	((char *)arena.base)[0] = 1;
	mem_arena_close(&arena);
	assert_int_equal(mem_arena_open(&arena, SIZE_MAX / 4, true), -ENOMEM);
	assert_null(arena.base);
}

static void a_cpu_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_true(cpu_count() >= 1);
	assert_int_equal(cpu_pin(1000000), -EINVAL);
	assert_int_equal(cpu_pin(1000), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_is_zeroed_and_present),
		cmocka_unit_test(huge_pages_fall_back_to_ordinary_ones),
		cmocka_unit_test(a_cpu_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests_name("base/mem+cpu", tests, NULL, NULL);
}
