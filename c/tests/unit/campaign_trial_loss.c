/* SPDX-License-Identifier: MIT */
/* What an arm's programs are told, and losses that nobody asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>

#include "campaign/arm_told.h"
#include "campaign/trial_loss.h"

static void told(void **state)
{
	static const char *const arguments[] = {
		"--group",	     "a",	"--groups", "x",
		"--recover=request", "--group", "b",	    NULL
	};
	static const char *const cut[] = { "--group", NULL };

	(void)state;
	assert_string_equal(arm_told(arguments, "--group", "c"), "b");
	assert_string_equal(arm_told(arguments, "--recover", "c"), "request");
	assert_string_equal(arm_told(arguments, "--recover-ms", "c"), "c");
	assert_string_equal(arm_told(cut, "--group", "c"), "c");
	assert_null(arm_told(NULL, "--group", NULL));
}

/* Is such a trial void? */
static bool is_void(bool is_impaired, const char *recover, int lost, int late,
		    int wanted)
{
	json_t *exchange =
		wanted < 0 ? NULL
			   : json_pack("{s:{s:i}}", "impaired", "lost", wanted);
	json_t *analysis =
		json_pack("{s:b,s:i,s:i,s:{s:b,s:s*}}", "correct", 1,
			  "lost_packets", lost, "reordered", late, "parameters",
			  "impaired", is_impaired, "recovery", recover);
	bool found;

	trial_loss_judge(exchange, analysis);
	found = json_is_null(json_object_get(analysis, "correct"));
	assert_int_equal(json_is_string(json_object_get(analysis, "reason")),
			 found);
	if (found)
		assert_string_equal(
			json_string_value(json_object_get(analysis, "reason")),
			"2 packets are missing that the exchange did not lose "
			"on purpose");
	json_decref(exchange);
	json_decref(analysis);
	return found;
}

static void losses(void **state)
{
	(void)state;
	assert_false(is_void(true, NULL, 5, 0, 5));
	assert_false(is_void(true, NULL, 4, 0, 5));
	assert_true(is_void(true, NULL, 7, 0, 5));
	/* Swapped ones came after all. */
	assert_false(is_void(true, NULL, 7, 2, 5));
	assert_true(is_void(true, NULL, 9, 2, 5));
	assert_true(is_void(true, NULL, 2, 0, -1));
	/* The oracle has said all there is to say. */
	assert_false(is_void(true, "request", 7, 0, 5));
	assert_false(is_void(false, NULL, 7, 0, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
		cmocka_unit_test(losses),
	};

	return cmocka_run_group_tests_name("campaign/trial_loss", tests, NULL,
					   NULL);
}
