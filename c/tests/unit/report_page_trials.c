/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/page_trials.h"
#include "report/trial_mark.h"
#include "tests/support/json_text.h"

static const struct mark_case {
	const char *json;
	bool block_void;
	enum trial_mark_kind kind;
	const char *why;
} cases[] = {
	{ "{'analysis': {'correct': true}}", false, TRIAL_MARK_NONE, "" },
	{ "{'analysis': {'correct': true}}", true, TRIAL_MARK_BLOCK_VOID, "" },
	{ "{'analysis': {'correct': false, 'missing': 2, 'wrong': 1}}", true,
	  TRIAL_MARK_INCORRECT, "2 missing, 0 extra, 1 wrong" },
	{ "{'analysis': {'correct': null, 'reason': 'tap'}}", true,
	  TRIAL_MARK_VOID, "tap" },
	{ "{'analysis': {'correct': null}}", true, TRIAL_MARK_VOID,
	  "the oracle gives no reason" },
	{ "{'analysis': {'correct': true}, 'lateness': {'orders': 100,"
	  " 'orders_late': 2, 'late_ns': 50000}}",
	  false, TRIAL_MARK_NOTED,
	  "2 of 100 orders answer packets that were sent late" },
	{ "{'analysis': {'correct': true}, 'lateness': {'orders': 1000,"
	  " 'orders_late': 2, 'late_ns': 50000}}",
	  false, TRIAL_MARK_NONE, "" },
	/* What does not count needs no note. */
	{ "{'analysis': {'correct': false}, 'lateness': {'orders': 100,"
	  " 'orders_late': 2, 'late_ns': 50000}}",
	  false, TRIAL_MARK_INCORRECT, "0 missing, 0 extra, 0 wrong" },
	/* A block that failed the gate too often counts none the less. */
	{ "{'analysis': {'correct': true}, 'gate': {'fit': false,"
	  " 'reasons': ['gap 900 us', 'psi']}}",
	  false, TRIAL_MARK_NOTED, "it failed the gate: gap 900 us" },
	{ "{'analysis': {'correct': true}, 'gate': {'fit': true,"
	  " 'reasons': []}}",
	  false, TRIAL_MARK_NONE, "" },
	{ "{}", false, TRIAL_MARK_INCORRECT, "0 missing, 0 extra, 0 wrong" },
};

/* Of blocks that ran again. */
static const struct mark_case aside[] = {
	{ "{'analysis': {'correct': true}}", true, TRIAL_MARK_AGAIN, "" },
	{ "{'analysis': {'correct': null, 'reason': 'tap'}}", true,
	  TRIAL_MARK_VOID, "tap" },
	{ "{'analysis': {'correct': true}, 'gate': {'fit': false,"
	  " 'reasons': ['steal 3 %']}}",
	  true, TRIAL_MARK_GATED, "steal 3 %" },
	{ "{'analysis': {'correct': true}, 'gate': {'fit': false}}", true,
	  TRIAL_MARK_GATED, "no reason is given" },
};

static void one_that_ran_again_has_one_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(aside); i++) {
		json_t *json = json_text(aside[i].json);
		struct trial_mark mark = trial_mark_aside(json);

		assert_int_equal(mark.kind, aside[i].kind);
		assert_string_equal(mark.why, aside[i].why);
		assert_false(trial_mark_counts(&mark));
		json_decref(json);
	}
}

static void a_trial_has_one_mark_and_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *json = json_text(cases[i].json);
		struct trial_mark mark = trial_mark(json, cases[i].block_void);

		assert_int_equal(mark.kind, cases[i].kind);
		assert_string_equal(mark.why, cases[i].why);
		assert_int_equal(trial_mark_counts(&mark),
				 cases[i].kind == TRIAL_MARK_NONE ||
					 cases[i].kind == TRIAL_MARK_NOTED);
		json_decref(json);
	}
}

static const struct link_case {
	const char *page, *folder, *links;
} links[] = {
	{ "a/report.html", "a", "" },
	{ "a/b/report.html", "a", "../" },
	{ "report.html", "a/b", "a/b/" },
	{ "a/report.html", "ab", "../ab/" },
	{ "ab/c/report.html", "a/b", "../../a/b/" },
	{ "a/b/../report.html", "a/", "" },
	{ "none/report.html", "a", NULL },
	{ "a/report.html", "none", NULL },
};

static void links_lead_from_the_page_to_the_result(void **state)
{
	char folder[] = "/tmp/t2t-page-XXXXXX", text[PATH_MAX];
	static const char *const made[] = { "a", "a/b", "ab", "ab/c" };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		assert_int_equal(mkdir(made[i], 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		const char *found =
			page_trials_links(links[i].page, links[i].folder, text);

		if (!links[i].links)
			assert_null(found);
		else
			assert_string_equal(found, links[i].links);
	}
	for (size_t i = ARRAY_SIZE(made); i-- > 0;)
		rmdir(made[i]);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_ran_again_has_one_too),
		cmocka_unit_test(a_trial_has_one_mark_and_its_reason),
		cmocka_unit_test(links_lead_from_the_page_to_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
