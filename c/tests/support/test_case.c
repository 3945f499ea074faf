/* SPDX-License-Identifier: MIT */
/* $TEST_CASE, in every test program: only the cases whose names match this
 * pattern run. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

__attribute__((constructor)) static void test_case_choose(void)
{
	const char *pattern = getenv("TEST_CASE");

	if (pattern && *pattern)
		cmocka_set_test_filter(pattern);
}
