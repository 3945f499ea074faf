/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "exchange/line_time.h"

#define NANO UINT64_C(1000000000)

struct time_case {
	const char *text;
	uint64_t ns;
};

/* In memory of its own, so that reading past it is found out. */
static void all_hold(const struct time_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(cases[i].text);
		char *copy = malloc(len ? len : 1);
		uint64_t ns;

		assert_non_null(copy);
		memcpy(copy, cases[i].text, len);
		ns = line_time(copy, len);
		if (ns != cases[i].ns)
			fail_msg("'%s': %llu, expected %llu", cases[i].text,
				 (unsigned long long)ns,
				 (unsigned long long)cases[i].ns);
		free(copy);
	}
}

static void a_numbers_size_tells_its_unit(void **state)
{
	static const struct time_case cases[] = {
		{ "1700000000", 1700000000 * NANO },
		{ "1700000000.25", 1700000000 * NANO + 250000000 },
		{ "1700000000123", UINT64_C(1700000000123000000) },
		{ "1700000000123.5", UINT64_C(1700000000123500000) },
		{ "1700000000123456", UINT64_C(1700000000123456000) },
		{ "1700000000123456789", UINT64_C(1700000000123456789) },
		/* The limits, and a clock of its own. */
		{ "99999999", UINT64_C(99999999000) },
		{ "100000000", 100000000 * NANO },
		/* Seconds beyond 2554 are no u64 of ns. */
		{ "99999999999", 0 },
		{ "9999999999", 9999999999 * NANO },
		{ "100000000000", UINT64_C(100000000000000000) },
		{ "1000", 1000000 },
		{ "0", 0 },
		{ "34200.5", 0 },
		{ "45512.997", 0 },
		{ "99999999.5", 0 },
		{ "100000000.5", 100000000500000000 },
		{ "", 0 },
		{ ".5", 0 },
		{ "1.", 0 },
		{ "-5", 0 },
		{ "1e9", 0 },
		{ "17x", 0 },
		{ "99999999999999999999", 0 },
	};

	(void)state;
	all_hold(cases, ARRAY_SIZE(cases));
}

static void dates_have_any_zone(void **state)
{
	static const struct time_case cases[] = {
		{ "1970-01-01T00:00:01Z", NANO },
		{ "2000-02-29T12:00:00.5Z", UINT64_C(951825600500000000) },
		{ "2024-08-08T23:54:16.493Z", UINT64_C(1723161256493000000) },
		{ "2024-08-08 23:54:16Z", UINT64_C(1723161256000000000) },
		{ "2024-08-08T23:54:16", UINT64_C(1723161256000000000) },
		{ "2024-08-09T01:54:16+02:00", UINT64_C(1723161256000000000) },
		{ "2024-08-08T18:24:16-0530", UINT64_C(1723161256000000000) },
		{ "2024-08-09T01:54:16+02", UINT64_C(1723161256000000000) },
		{ "2023-02-09T20:32:50.714964855Z",
		  UINT64_C(1675974770714964855) },
		{ "2023-02-09T20:32:50.7149648551239Z",
		  UINT64_C(1675974770714964855) },
		{ "2024-13-08T23:54:16Z", 0 },
		{ "2024-08-08T25:54:16Z", 0 },
		{ "2024-08-08T23:54:16+2:00", 0 },
		{ "2024-08-08T23:54:16+02:", 0 },
		{ "2024-08-08T23:54:16+02:0", 0 },
		{ "2024-08-08T23:54:16+25:00", 0 },
		{ "2024-08-08T23:54:16 CET", 0 },
		{ "9999-08-08T23:54:16Z", 0 },
		{ "2024-08-08T23:54", 0 },
		{ "2024-08-08T23:54:16.", 0 },
		{ "2024-", 0 },
		{ "yesterday", 0 },
	};

	(void)state;
	all_hold(cases, ARRAY_SIZE(cases));
}

/* However many of the digits are read at once. */
static void any_digits(void **state)
{
	static const struct {
		size_t len;
		uint64_t unit;
	} lengths[] = {
		{ 10, NANO }, { 13, 1000000 }, { 16, 1000 }, { 19, 1 }
	};
	static const char wrong[] = {
		'/', ':', 'e', ' ', '\0', '\x80', '\xff'
	};
	uint64_t seed = 1;

	(void)state;
	for (unsigned int i = 0; i < 4000; i++) {
		const size_t len = lengths[i % 4].len;
		char digits[20] = "1";

		for (size_t at = 1; at < len; at++)
			digits[at] = (char)('0' + random_below(&seed, 10));
		all_hold(
			&(const struct time_case){
				digits, strtoull(digits, NULL, 10) *
						lengths[i % 4].unit },
			1);
		digits[random_below(&seed, len)] = wrong[i % sizeof(wrong)];
		assert_int_equal(line_time(digits, len), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_numbers_size_tells_its_unit),
		cmocka_unit_test(dates_have_any_zone),
		cmocka_unit_test(any_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
