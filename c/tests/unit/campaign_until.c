/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/until.h"
#include "stats/verdict.h"

static void each_part_is_read(void **state)
{
	struct until until;
	const char *why;

	(void)state;
	assert_int_equal(until_parse("decided", &until, &why), 0);
	assert_true(until.decided && until.equal == 0 && until.seconds == 0);
	assert_int_equal(until_parse("equivalent:3", &until, &why), 0);
	assert_true(until.decided && until.equal == 0.03);
	assert_int_equal(until_parse("equivalent:0.5%", &until, &why), 0);
	assert_true(until.equal == 0.005);
	assert_int_equal(until_parse("90", &until, &why), 0);
	assert_true(!until.decided && until.seconds == 90);
	assert_int_equal(until_parse("1.5s,decided", &until, &why), 0);
	assert_true(until.decided && until.seconds == 1.5);
	assert_string_equal(until.text, "1.5s,decided");
}

static void what_is_none_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		",",
		"decided,",
		"soon",
		"equivalent",
		"equivalent:",
		"equivalent:0",
		"equivalent:-3",
		"equivalent:51",
		"equivalent:3s",
		"equivalent:nan",
		"0",
		"-5",
		"5m",
		"1e9",
		"inf",
		" 5",
		"decided decided",
	};

	static const char too_long[] = "equivalent:0.000000000000000000000000"
				       "0000000000000000000000000000000001";
	struct until wanted;
	const char *reason;

	(void)state;
	assert_int_equal(until_parse(too_long, &wanted, &reason), -EINVAL);
	assert_string_equal(reason, "too long");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct until until;
		const char *why = NULL;

		if (until_parse(texts[i], &until, &why) != -EINVAL || !why)
			fail_msg("'%s'", texts[i]);
	}
}

/* Time alone stops by nothing that was measured: it has the whole error. */
static void time_alone_looks_at_nothing(void **state)
{
	struct until until;
	struct looks looks;
	unsigned int needed;
	const char *why;

	(void)state;
	assert_int_equal(until_parse("60", &until, &why), 0);
	assert_int_equal(until_looks(&until, 1, 2, &looks, &needed), 0);
	assert_int_equal(looks.count, 0);
	assert_true(looks.alpha == VERDICT_ALPHA);
	assert_int_equal(until_parse("60,decided", &until, &why), 0);
	assert_int_equal(until_looks(&until, 1, 2, &looks, &needed), -ERANGE);
	assert_int_equal(needed, 6);
	assert_int_equal(until_looks(&until, 1, 60, &looks, &needed), 0);
	assert_true(looks.count > 1 && looks.alpha < VERDICT_ALPHA);
}

static bool settled(const char *one, const char *two)
{
	json_t *summary = json_pack("{s:[{s:s},{s:s}]}", "comparisons", "call",
				    one, "call", two);
	const bool is = until_settled(summary);

	json_decref(summary);
	return is;
}

static void all_arms_must_be_settled(void **state)
{
	json_t *none = json_pack("{s:[]}", "comparisons");

	(void)state;
	assert_true(settled("faster", "slower"));
	assert_true(settled("equivalent", "incorrect"));
	assert_false(settled("faster", "~"));
	assert_false(settled("too few blocks", "slower"));
	assert_false(settled("faster", "none"));
	assert_false(until_settled(none));
	json_decref(none);
}

static bool race_settled(const char *end)
{
	json_t *summary = json_pack("{s:[{s:s}],s:{s:s}}", "comparisons",
				    "call", "faster", "race", "end", end);
	const bool is = until_settled(summary);

	json_decref(summary);
	return is;
}

/* Whatever is known of each against the first. */
static void a_race_has_its_own_end(void **state)
{
	enum until_verdict verdict;
	double percent;
	const char *why;

	(void)state;
	assert_false(race_settled("open"));
	assert_true(race_settled("best") && race_settled("group"));
	assert_true(race_settled("none"));
	assert_int_equal(until_verdict_parse("best", &verdict, &why), 0);
	assert_int_equal(verdict, UNTIL_BEST);
	assert_int_equal(until_verdict_parse("worst", &verdict, &why), -EINVAL);
	/* A tail wants blocks enough to be drawn from. */
	assert_int_equal(until_judge_parse("p99.9", &percent, &why), 0);
	assert_true(percent == 99.9);
	assert_int_equal(until_judge_parse("p98", &percent, &why), -EINVAL);
	assert_int_equal(until_blocks_needed(UNTIL_EACH, 50, 3), 6);
	assert_int_equal(until_blocks_needed(UNTIL_EACH, 99, 3), 16);
	/* Of nine arms and the baseline again: 36 pairs, 8 against it. */
	assert_int_equal(until_compared(UNTIL_BEST, 10), 36);
	assert_int_equal(until_compared(UNTIL_EACH, 10), 8);
	assert_int_equal(until_compared(UNTIL_BEST, 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_read),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(time_alone_looks_at_nothing),
		cmocka_unit_test(all_arms_must_be_settled),
		cmocka_unit_test(a_race_has_its_own_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
