/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "base/mem.h"

static int parse(const char *text, int64_t *nano)
{
	return decimal_parse(text, strlen(text), nano);
}

static void numbers_are_exact(void **state)
{
	static const struct {
		const char *text;
		int64_t nano;
	} cases[] = {
		{ "0", 0 },
		{ "61800.3", INT64_C(61800300000000) },
		{ "0.000000001", 1 },
		{ "-0.5", -500000000 },
		{ "+2", 2000000000 },
		{ "1e-8", 10 },
		{ "1.5E3", INT64_C(1500000000000) },
		{ "100000000000e-9", INT64_C(100000000000) },
		{ ".5", 500000000 },
		{ "5.", INT64_C(5000000000) },
		{ "1.0000000000000000000000000000", 1000000000 },
		{ "9223372036.854775807", INT64_MAX },
		{ "-9223372036.854775808", INT64_MIN },
		{ "0e99999999999", 0 },
	};
	int64_t nano;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].text, &nano), 0);
		assert_int_equal(nano, cases[i].nano);
	}
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const cases[] = { "",    "-",   ".",	  "e5",
					     "1e",  "1e+", "1x",  " 1",
					     "1 ",  "--1", "0x1", "1.2.3",
					     "nan", "inf", "1,5", "-.e1" };
	int64_t nano = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse(cases[i], &nano), -EINVAL);
	assert_int_equal(nano, 7);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const char *const cases[] = {
		"0.0000000001",		"1e-10", "9223372036.854775808",
		"99999999999999999999", "1e30",	 "1.00000000000000000000000001",
	};
	int64_t nano;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse(cases[i], &nano), -ERANGE);
}

static void wide_numbers_have_an_exponent(void **state)
{
	static const struct {
		const char *text;
		uint64_t digits;
		unsigned int exponent;
		int err;
	} cases[] = {
		{ "1.5", 1500000000, 0, 0 },
		{ "0", 0, 0, 0 },
		{ "-0", 0, 0, 0 },
		{ "0e99", 0, 0, 0 },
		{ "18446744073.709551615", UINT64_MAX, 0, 0 },
		{ "18446744073.709551616", 0, 0, -ERANGE },
		{ "18446744073.70955162", UINT64_C(1844674407370955162), 1, 0 },
		{ "120000000000", UINT64_C(12000000000000000000), 1, 0 },
		{ "1.2e19", UINT64_C(12000000000000000000), 9, 0 },
		{ "1.2e20", 0, 0, -ERANGE },
		{ "0.30000000000000004", 0, 0, -ERANGE },
		{ "-1", 0, 0, -ERANGE },
		{ "one", 0, 0, -EINVAL },
		{ "", 0, 0, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t digits = 0;
		unsigned int exponent = 0;

		assert_int_equal(decimal_parse_wide(cases[i].text,
						    strlen(cases[i].text),
						    &digits, &exponent),
				 cases[i].err);
		assert_int_equal(digits, cases[i].digits);
		assert_int_equal(exponent, cases[i].exponent);
	}
}

static void only_the_given_length_is_read(void **state)
{
	int64_t nano;

	(void)state;
	assert_int_equal(decimal_parse("12345", 2, &nano), 0);
	assert_int_equal(nano, 12 * DECIMAL_ONE);
}

static void text_is_the_shortest_exact_one(void **state)
{
	static const struct {
		int64_t nano;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ INT64_C(61800100000000), "61800.1" },
		{ -1, "-0.000000001" },
		{ INT64_C(3000000000), "3" },
		{ INT64_C(100000000000), "100" },
		{ INT64_MAX, "9223372036.854775807" },
		{ INT64_MIN, "-9223372036.854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[DECIMAL_TEXT_MAX];

		assert_int_equal(decimal_format(cases[i].nano, text),
				 strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(wide_numbers_have_an_exponent),
		cmocka_unit_test(only_the_given_length_is_read),
		cmocka_unit_test(text_is_the_shortest_exact_one),
	};

	return cmocka_run_group_tests_name("base/decimal", tests, NULL, NULL);
}
