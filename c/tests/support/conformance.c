/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/support/conformance.h"

#define TESTS_MAX 512

struct test {
	char name[128];
	char text[96];
	void (*run)(const char *text); /* NULL: skipped */
	void (*prepare)(const char *text);
};

static struct test tests[TESTS_MAX];
static size_t count;

static struct test *test_new(void)
{
	assert_true(count < TESTS_MAX);
	return &tests[count++];
}

static void cases_add(const struct conformance_suite *suite, const char *member,
		      const char *options)
{
	char text[sizeof(tests->text)];

	snprintf(text, sizeof(text), "%s%s%s", member, *options ? ":" : "",
		 options);
	for (size_t i = 0; i < suite->case_count; i++) {
		struct test *test = test_new();

		memcpy(test->text, text, sizeof(text));
		snprintf(test->name, sizeof(test->name), "%s: %s", text,
			 suite->cases[i].name);
		test->run = suite->cases[i].run;
		test->prepare = suite->prepare;
	}
}

void conformance_add(const struct conformance_suite *suite,
		     const struct registry_entry *member, const char *fault)
{
	if (!fault)
		fault = registry_unavailable(member);
	if (fault) {
		snprintf(test_new()->name, sizeof(tests->name), "%s: %s",
			 member->name, fault);
		return;
	}
	cases_add(suite, member->name, "");
	for (size_t i = 0; i < suite->variant_count; i++)
		if (!strcmp(suite->variants[i].member, member->name))
			cases_add(suite, member->name,
				  suite->variants[i].options);
}

static void test_run(void **state)
{
	const struct test *test = *state;

	if (!test->run)
		skip();
	if (test->prepare)
		test->prepare(test->text);
	test->run(test->text);
}

int conformance_run(const struct conformance_suite *suite)
{
	static struct CMUnitTest unit_tests[TESTS_MAX];

	for (size_t i = 0; i < count; i++)
		unit_tests[i] =
			(struct CMUnitTest){ .name = tests[i].name,
					     .test_func = test_run,
					     .initial_state = &tests[i] };
	return _cmocka_run_group_tests(suite->name, unit_tests, count, NULL,
				       NULL);
}
