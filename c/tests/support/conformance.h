/* SPDX-License-Identifier: MIT */
/* One list of cases for all members of a family, and again for each set of
 * options that makes another one of a member. */
#ifndef TESTS_SUPPORT_CONFORMANCE_H
#define TESTS_SUPPORT_CONFORMANCE_H

#include <stddef.h>

#include "base/registry.h"

struct conformance_case {
	const char *name;
	/* text: the member, as its open() takes it: "uring:sqpoll=on" */
	void (*run)(const char *text);
};

struct conformance_variant {
	const char *member, *options;
};

struct conformance_suite {
	const char *name;
	const struct conformance_case *cases;
	size_t case_count;
	const struct conformance_variant *variants;
	size_t variant_count;
	void (*prepare)(const char *text); /* before each case; NULL: nothing */
};

/* Add a member: each case of the suite, or, with a fault, one test that is
 * skipped and whose name says it. What the registry says against the member is
 * one too. */
void conformance_add(const struct conformance_suite *suite,
		     const struct registry_entry *member, const char *fault);

/* Run what was added: how many failed. */
int conformance_run(const struct conformance_suite *suite);

#endif
