/* SPDX-License-Identifier: MIT */
/* The seed's claims: each is read, has what answers it, and is judged. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/claims.h"
#include "report/measures.h"

static void c31_words_are_read(void **state)
{
	static const struct {
		const char *text;
		struct claim_range range;
	} cases[] = {
		{ "10-100us", { CLAIM_NS, 1e4, 1e5 } },
		{ "0.05-0.5us", { CLAIM_NS, 50, 500 } },
		{ "100us+", { CLAIM_NS, 1e5, INFINITY } },
		/* It goes up: 500 us. */
		{ "500-2ms", { CLAIM_NS, 5e5, 2e6 } },
		{ "500-2000us", { CLAIM_NS, 5e5, 2e6 } },
		{ "2-10 milliseconds", { CLAIM_NS, 2e6, 1e7 } },
		{ "50-200 microseconds per message", { CLAIM_NS, 5e4, 2e5 } },
		{ "300-800 nanoseconds", { CLAIM_NS, 300, 800 } },
		{ "1-5ms for TLS 1.3", { CLAIM_NS, 1e6, 5e6 } },
		{ "< 10us", { CLAIM_NS, 0, 1e4 } },
		{ "100 MB/s", { CLAIM_BYTES_PER_S, 1e8, 1e8 } },
		{ "500 MB/s - 2 GB/s", { CLAIM_BYTES_PER_S, 5e8, 2e9 } },
		{ "40 Gbps", { CLAIM_BYTES_PER_S, 5e9, 5e9 } },
		{ "100+ Gbps", { CLAIM_BYTES_PER_S, 1.25e10, INFINITY } },
		{ "100+ million pps", { CLAIM_PER_S, 1e8, INFINITY } },
		{ "1-10 million messages/second", { CLAIM_PER_S, 1e6, 1e7 } },
		{ "10-30% CPU", { CLAIM_PERCENT, 10, 30 } },
		{ "~50KB per connection", { CLAIM_BYTES, 5e4, 5e4 } },
		{ "2-14 bytes", { CLAIM_BYTES, 2, 14 } },
		{ "5-15 us per KB", { CLAIM_NS_PER_KB, 5e3, 1.5e4 } },
		{ "0.5-2 cycles/byte", { CLAIM_CYCLES_PER_BYTE, 0.5, 2 } },
		{ "High", { CLAIM_WORDS, 0, 0 } },
		{ "N/A", { CLAIM_WORDS, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct claim_range *wanted = &cases[i].range;
		struct claim_range found;

		assert_int_equal(claim_parse(cases[i].text, &found), 0);
		assert_int_equal(found.unit, wanted->unit);
		assert_float_equal(found.low, wanted->low, wanted->low * 1e-9);
		if (isinf(wanted->high))
			assert_true(isinf(found.high));
		else
			assert_float_equal(found.high, wanted->high,
					   wanted->high * 1e-9);
	}
}

static void c31_what_is_no_claim_is_refused(void **state)
{
	static const char *const bad[] = {
		"10",	      "10-",	 "10us-",    "10-100",	  "10 furlongs",
		"10us-2GB/s", "5-5-5us", "20-10us-", "10usx",	  "0us",
		"1e999us",    "10us 5",	 "30-10%",   "10us;drop",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct claim_range range;

		if (claim_parse(bad[i], &range) != -EINVAL)
			fail_msg("'%s' was read", bad[i]);
	}
}

static enum claim_call judged(const char *claim, double low, double high)
{
	struct claim_range range;

	assert_int_equal(claim_parse(claim, &range), 0);
	return claim_judge(&range, low, high);
}

static void c31_in_below_or_above(void **state)
{
	(void)state;
	assert_int_equal(judged("10-20us", 1e3, 9.9e3), CLAIM_BELOW);
	assert_int_equal(judged("10-20us", 9e3, 11e3), CLAIM_BELOW_OR_IN);
	assert_int_equal(judged("10-20us", 10e3, 20e3), CLAIM_IN);
	assert_int_equal(judged("10-20us", 15e3, 15e3), CLAIM_IN);
	assert_int_equal(judged("10-20us", 15e3, 21e3), CLAIM_IN_OR_ABOVE);
	assert_int_equal(judged("10-20us", 20.1e3, 30e3), CLAIM_ABOVE);
	assert_int_equal(judged("10-20us", 1e3, 30e3), CLAIM_ANY);
	assert_int_equal(judged("100us+", 1e9, 2e9), CLAIM_IN);
	assert_int_equal(judged("< 10us", 1, 2), CLAIM_IN);
	assert_int_equal(judged("100 MB/s", 9e7, 11e7), CLAIM_ANY);
	assert_int_equal(judged("100 MB/s", 2e8, 3e8), CLAIM_ABOVE);
	assert_int_equal(judged("High", 1, 2), CLAIM_NONE);
	assert_int_equal(judged("10-20us", NAN, 2), CLAIM_NONE);
	assert_int_equal(judged("10-20us", 3, 2), CLAIM_NONE);
}

/* Each cell of the seed can be read, and has a measure of its unit, or a reason
 * why there is none. */
static void c31_every_claim_is_answered(void **state)
{
	(void)state;
	for (const struct claim *claim = claims; claim->row; claim++) {
		const struct measure *measure = measure_find(claim->measure);
		struct claim_range range;

		if (claim_parse(claim->text, &range) < 0)
			fail_msg("%s: '%s'", claim->row, claim->text);
		if (claim->figure == FIGURE_NOTHING) {
			assert_null(claim->measure);
			assert_non_null(claim->note);
			continue;
		}
		if (!measure)
			fail_msg("%s, %s: no measure", claim->row,
				 claim->column);
		if (range.unit != CLAIM_WORDS &&
		    range.unit !=
			    claims_figure_unit(claim->figure, claim->measure))
			fail_msg("%s, %s: another unit", claim->row,
				 claim->column);
		assert_non_null(claims_figure_help(claim->figure));
	}
}

/* A measure that may be missing says where it can be had. */
static void c31_measures_say_where_else(void **state)
{
	(void)state;
	for (const struct measure *one = measures; one->name; one++) {
		assert_non_null(one->help);
		assert_ptr_equal(measure_find(one->name), one);
		if (one->needs)
			assert_non_null(one->elsewhere);
		if (one->opens)
			assert_non_null(measure_find(one->opens));
		if (one->plain)
			assert_non_null(measure_find(one->plain));
		assert_int_equal(one->kind == MEASURE_ARM,
				 one->campaign != NULL);
	}
	assert_null(measure_find("nosuch"));
	assert_null(measure_find(NULL));
}

static void values_have_their_unit(void **state)
{
	char text[CLAIM_VALUE_MAX];

	(void)state;
	assert_string_equal(claim_format(CLAIM_NS, 3700, text), "3.7 us");
	assert_string_equal(claim_format(CLAIM_NS, -250, text), "-250 ns");
	assert_string_equal(claim_format(CLAIM_NS, 2.5e6, text), "2.5 ms");
	assert_string_equal(claim_format(CLAIM_BYTES_PER_S, 1.25e9, text),
			    "1.25 GB/s");
	assert_string_equal(claim_format(CLAIM_PER_S, 2e6, text),
			    "2 million/s");
	assert_string_equal(claim_format(CLAIM_PERCENT, 12.4, text), "12 %");
	assert_string_equal(claim_format(CLAIM_NS, NAN, text), "-");
	assert_string_equal(claim_format(CLAIM_WORDS, 1, text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c31_words_are_read),
		cmocka_unit_test(c31_what_is_no_claim_is_refused),
		cmocka_unit_test(c31_in_below_or_above),
		cmocka_unit_test(c31_every_claim_is_answered),
		cmocka_unit_test(c31_measures_say_where_else),
		cmocka_unit_test(values_have_their_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
