/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/cpu.h"

static void numbers_are_as_many_as_asked(void **state)
{
	int cpus[3];

	(void)state;
	assert_int_equal(cpu_numbers("0", cpus, 1), 0);
	assert_int_equal(cpus[0], 0);
	assert_int_equal(cpu_numbers("3,0,9999", cpus, 3), 0);
	assert_int_equal(cpus[0], 3);
	assert_int_equal(cpus[1], 0);
	assert_int_equal(cpus[2], 9999);
}

static void anything_else_is_refused(void **state)
{
	static const char *const one[] = { "",	 " 1", "+1",	"-1",
					   "1 ", "1,", "10000", "0x1" };
	static const char *const three[] = { "1,2",  "1,2,3,4", "1,-2,3",
					     "1,,3", "1, 2,3",	"1,2,",
					     "1;2;3" };
	int cpus[3];

	(void)state;
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		assert_int_equal(cpu_numbers(one[i], cpus, 1), -EINVAL);
	for (size_t i = 0; i < sizeof(three) / sizeof(three[0]); i++)
		assert_int_equal(cpu_numbers(three[i], cpus, 3), -EINVAL);
}

static void lists_are_the_same_in_any_form(void **state)
{
	static const char *const same[][2] = {
		{ "0", "0" },
		{ "0-3", "0,1,2,3" },
		{ "2,3,0", "0,2-3" },
	};
	static const char *const other[][2] = {
		{ "0", "1" },	   { "0-1", "0" },     { "", "" },
		{ "0,", "0" },	   { "3-1", "1-3" },   { "x", "x" },
		{ "0 1", "0,1" },  { "-1", "-1" },     { "9999", "9999" },
		{ "0-3,", "0-3" }, { "0--3", "0--3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_true(cpu_text_equal(same[i][0], same[i][1]));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(cpu_text_equal(other[i][0], other[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_the_same_in_any_form),
		cmocka_unit_test(numbers_are_as_many_as_asked),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("base/cpu", tests, NULL, NULL);
}
