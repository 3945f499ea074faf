/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/plot.h"
#include "tests/support/json_text.h"

#define TRIALS 4

/* Of two arms, 10 and 20 us; one trial is void. */
static char *figure_of(const char *aside, const char *summary)
{
	struct results_trial trials[TRIALS] = { 0 };
	struct results results = {
		.manifest = json_text("{'parameters': {'arms': ['a', '<b>']}}"),
		.aside = json_text(aside),
		.trials = trials,
		.count = TRIALS,
		.arm_count = 2,
		.blocks = 2,
		.aa = -1,
	};
	json_t *made = json_text(summary);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; i < TRIALS; i++) {
		trials[i].number = i + 1;
		trials[i].block = i / 2;
		trials[i].arm = i % 2;
		trials[i].word = i == 3 ? RESULTS_VOID : RESULTS_CORRECT;
		trials[i].json =
			json_text(i == 3 ? "{'analysis': {'correct': null}}"
					 : "{'analysis': {'correct': true}}");
		trials[i].percentiles.count = i == 3 ? 0 : 100;
		trials[i].percentiles.p50 = i == 3 ? 0 : 10000 * (1 + i % 2);
	}
	assert_int_equal(plot_trials(out, &results, made), 0);
	fclose(out);
	for (unsigned int i = 0; i < TRIALS; i++)
		json_decref(trials[i].json);
	json_decref(made);
	json_decref(results.manifest);
	json_decref(results.aside);
	return text;
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void each_trial_has_its_mark(void **state)
{
	char *text = figure_of("[{'number': 2, 'gate': {'fit': false, "
			       "'reasons': ['<gap>']}}]",
			       "{}");

	(void)state;
	assert_int_equal(times(text, "<title>trial "), TRIALS);
	assert_int_equal(times(text, "&lt;b&gt;: p50 20.00 us</title>"), 1);
	assert_int_equal(times(text, "; void: the oracle gives no"), 1);
	assert_int_equal(times(text, "trial 2: gated: &lt;gap&gt;"), 1);
	assert_int_equal(times(text, "class=\"cross\""), 2);
	assert_int_equal(times(text, ">none</text>"), 1);
	assert_int_equal(times(text, "class=\"drift\""), 0);
	assert_null(strstr(text, "<b>"));
	free(text);
}

#define SUMMARY(found)                                                   \
	"{'arms': [{'wire_to_wire_ns': {'p50': 10000}}], 'steadiness': " \
	"{'drift': {'found': " found ", 'whole': 0.2}}}"

static void a_drift_that_was_found_is_drawn(void **state)
{
	char *found = figure_of("[]", SUMMARY("true"));
	char *none = figure_of("[]", SUMMARY("false"));

	(void)state;
	assert_int_equal(times(found, "class=\"drift\""), 1);
	assert_int_equal(times(found, "Broken line: the baseline"), 1);
	assert_int_equal(times(none, "class=\"drift\""), 0);
	assert_int_equal(times(none, "Broken line"), 0);
	free(found);
	free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trial_has_its_mark),
		cmocka_unit_test(a_drift_that_was_found_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
