/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/boots.h"

static json_t *trial(const char *boot)
{
	return json_pack("{s:{s:{s:[{s:s,s:s},{s:s,s:s}]}}}", "found", "knobs",
			 "guests", "knob", "vcpus", "found", "1", "knob",
			 "boot", "found", boot);
}

/* Of two arms, the trials in which they ran, each by its boot; a trial in
 * capitals is incorrect. */
static json_t *arms_of(const char *const boots[2])
{
	json_t *arms = json_array();

	for (unsigned int arm = 0; arm < 2; arm++) {
		const size_t count = strlen(boots[arm]);
		struct results_trial trials[8] = { 0 };
		const struct results results = { .trials = trials,
						 .count = count,
						 .arm_count = 2 };
		json_t *summary = json_pack("{s:s,s:[]}", "receive",
					    arm ? "e1000e" : "virtio",
					    "p50_of_trials_ns");

		assert_true(count <= ARRAY_SIZE(trials));
		for (size_t i = 0; i < count; i++) {
			const char name[] = { boots[arm][i], '\0' };
			const bool counts = name[0] >= 'a';

			trials[i].json = trial(name);
			trials[i].arm = arm;
			trials[i].percentiles.count = 1;
			trials[i].word =
				counts ? RESULTS_CORRECT : RESULTS_INCORRECT;
			if (counts)
				json_array_append_new(
					json_object_get(summary,
							"p50_of_trials_ns"),
					json_integer(1));
		}
		boots_set(&results, arm, summary);
		for (size_t i = 0; i < count; i++)
			json_decref(trials[i].json);
		json_array_append_new(arms, summary);
	}
	return arms;
}

static char *text_of(const char *first, const char *second)
{
	json_t *arms = arms_of((const char *const[]){ first, second });
	char *text = boots_text(arms);

	json_decref(arms);
	return text;
}

static void guests_of_their_own_are_told(void **state)
{
	char *text = text_of("aaa", "bcc");

	(void)state;
	assert_string_equal(
		text,
		"arms had guests of their own: virtio 3 trials in 1 boot, "
		"e1000e 3 trials in 2 boots; what differs from boot to boot "
		"is not in the intervals");
	free(text);
}

static void nothing_is_told_where_there_is_nothing(void **state)
{
	static const char *const arms[][2] = {
		{ "aaa", "aaa" }, /* one guest for both */
		{ "abc", "def" }, /* each trial boots */
		{ "aB", "aC" },	  /* what was incorrect doesn't count */
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(arms); i++)
		assert_null(text_of(arms[i][0], arms[i][1]));
}

static void each_boot_stands_there_once(void **state)
{
	json_t *arms = arms_of((const char *const[]){ "abab", "Q" });
	json_t *wanted = json_pack("[ss]", "a", "b");

	(void)state;
	assert_true(json_equal(
		json_object_get(json_array_get(arms, 0), "boots"), wanted));
	assert_null(json_object_get(json_array_get(arms, 1), "boots"));
	json_decref(wanted);
	json_decref(arms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guests_of_their_own_are_told),
		cmocka_unit_test(nothing_is_told_where_there_is_nothing),
		cmocka_unit_test(each_boot_stands_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
