/* SPDX-License-Identifier: MIT */
/* What is wanted of a connection: read, or refused with its word. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "report/advise.h"

static void c38_wishes_are_read(void **state)
{
	struct advise_wish wish;
	char fault[ADVISE_FAULT_MAX];

	(void)state;
	assert_int_equal(advise_parse("order entry, same rack, p99 under 20 "
				      "us, encrypted",
				      &wish, fault),
			 0);
	assert_int_equal(wish.purpose, ADVISE_ORDERS);
	assert_int_equal(wish.place, ADVISE_RACK);
	assert_string_equal(wish.percentile, "p99");
	assert_float_equal(wish.under_ns, 20e3, 1e-6);
	assert_true(wish.encrypted);
	assert_false(wish.reliable);
	assert_int_equal(advise_parse(" between  servers ,same host,p99.9 "
				      "under 1ms,at least 1 GB/s,reliable,"
				      "standard ",
				      &wish, fault),
			 0);
	assert_int_equal(wish.purpose, ADVISE_SERVERS);
	assert_int_equal(wish.place, ADVISE_HOST);
	assert_string_equal(wish.percentile, "p99_9");
	assert_float_equal(wish.under_ns, 1e6, 1e-6);
	assert_float_equal(wish.bytes_per_s, 1e9, 1e-3);
	assert_true(wish.reliable && wish.standard && !wish.encrypted);
	assert_int_equal(advise_parse("tick to trade", &wish, fault), 0);
	assert_int_equal(wish.place, ADVISE_RACK);
	assert_float_equal(wish.under_ns, 0, 0);
}

static void c38_a_word_that_is_not_understood_is_named(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "", "nothing between" },
		{ "order entry,", "nothing between" },
		{ "order entry,,encrypted", "nothing between" },
		{ "same rack", "what for?" },
		{ "order entry, cheap", "'cheap'" },
		{ "order entry, very encrypted", "'very'" },
		{ "order entry, same moon", "'moon'" },
		{ "order same", "'order same'" },
		{ "order entry, p98 under 3 us", "'p98'" },
		{ "order entry, p99 below 3 us", "'below'" },
		{ "order entry, p99 under 3", "'3'" },
		{ "order entry, p99 under 3 bananas", "'bananas'" },
		{ "order entry, p99 under 3-4 us", "'us'" },
		{ "order entry, p99 under 0 us", "'us'" },
		{ "order entry, p99 under 3 MB/s", "'MB/s'" },
		{ "order entry, p99 under 3 us, p50 under 1 us",
		  "'p50 under 1 us'" },
		{ "order entry, at least 3 us", "'us'" },
		{ "order entry, at least 1 GB/s, at least 2 GB/s",
		  "'at least 2 GB/s'" },
		{ "order entry, market data", "'market data'" },
		{ "order entry, same rack, same host", "'same host'" },
		{ "order entry, "
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		  "'xxxxxxxx" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char fault[ADVISE_FAULT_MAX] = "";
		struct advise_wish wish;

		if (advise_parse(cases[i].text, &wish, fault) != -EINVAL)
			fail_msg("'%s' was taken", cases[i].text);
		if (!strstr(fault, cases[i].word))
			fail_msg("'%s': said %s", cases[i].text, fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c38_wishes_are_read),
		cmocka_unit_test(c38_a_word_that_is_not_understood_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
