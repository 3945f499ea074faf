/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "campaign/trial_measure.h"

static void what_is_measured_is_read(void **state)
{
	static const struct {
		const char *text, *sessions;
		int result;
	} cases[] = {
		{ "orders", NULL, 0 },
		{ "logon", "100", 0 },
		{ "logon:1", "1", 0 },
		{ "logon:100000", "100000", 0 },
		{ "", NULL, -EINVAL },
		{ "order", NULL, -EINVAL },
		{ "orders:5", NULL, -EINVAL },
		{ "logons", NULL, -EINVAL },
		{ "logon:", NULL, -EINVAL },
		{ "logon:0", NULL, -EINVAL },
		{ "logon:-1", NULL, -EINVAL },
		{ "logon: 1", NULL, -EINVAL },
		{ "logon:1x", NULL, -EINVAL },
		{ "logon:100001", NULL, -EINVAL },
		{ "logon:99999999999999999999", NULL, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trial_config config = { .sessions = "7" };
		json_t *parameters = json_object();
		const char *why = NULL;

		assert_int_equal(
			trial_measure_parse(cases[i].text, &config, &why),
			cases[i].result);
		if (cases[i].result)
			assert_non_null(why);
		if (cases[i].sessions)
			assert_string_equal(config.sessions, cases[i].sessions);
		else
			assert_null(config.sessions);
		trial_measure_tell(&config, parameters);
		assert_int_equal(json_object_size(parameters),
				 cases[i].sessions ? 2 : 0);
		json_decref(parameters);
	}
}

/* Where all warm up, no figure is left. */
static void some_sessions_are_measured(void **state)
{
	struct trial_config config = { .warm_up = "10" };
	const char *why;

	(void)state;
	assert_int_equal(trial_measure_parse("logon:10", &config, &why),
			 -EINVAL);
	assert_null(config.sessions);
	assert_int_equal(trial_measure_parse("logon:11", &config, &why), 0);
}

/* Of ten sessions with two that warm up there are eight logons, or the capture
 * lacks some. */
static void each_session_has_a_logon(void **state)
{
	(void)state;
	for (int count = 7; count < 10; count++) {
		const struct trial_config config = { .sessions = "10",
						     .warm_up = "2" };
		const struct trial_config orders = { .warm_up = "2" };
		json_t *analysis = json_pack("{s:b,s:{s:i}}", "correct", 1,
					     "logon_ns", "count", count);

		trial_measure_judge(&orders, analysis);
		assert_true(json_is_true(json_object_get(analysis, "correct")));
		trial_measure_judge(&config, analysis);
		assert_int_equal(
			json_is_true(json_object_get(analysis, "correct")),
			count == 8);
		if (count == 7)
			assert_string_equal(
				json_get_text(analysis, "reason", ""),
				"7 logons are in the capture, of 8");
		json_decref(analysis);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_measured_is_read),
		cmocka_unit_test(some_sessions_are_measured),
		cmocka_unit_test(each_session_has_a_logon),
	};

	return cmocka_run_group_tests_name("campaign/trial_measure", tests,
					   NULL, NULL);
}
