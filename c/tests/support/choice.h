/* SPDX-License-Identifier: MIT */
/* What the programs offer by name, each a case of its own: it passes, or is
 * skipped by name with the reason of its probe. */
#ifndef TESTS_SUPPORT_CHOICE_H
#define TESTS_SUPPORT_CHOICE_H

#include "tests/support/lab.h"

/* Each ends with NULL. Receive paths but those in memory, transports but null
 * and bypass (see network/bypass), publish paths but null; each of the table,
 * and what its options make another way of. */
extern const char *const choice_receive[];
extern const char *const choice_transport[];
extern const char *const choice_send[];

/* Skip the running test where this build or host can't run it. A name that is
 * in no table fails the test. */
void choice_receive_needed(const char *text);
void choice_transport_needed(const char *text);
void choice_send_needed(const char *text);

/* A test for each of them, "TEXT: block", whose *state is the choice. How
 * many. */
size_t choice_tests(struct CMUnitTest *tests, const char *text,
		    CMUnitTestFunction function, CMFixtureFunction after,
		    const char *const *choices);

/* Fail where one of a table is in no list. */
void choice_lists_are_whole(void **state);

#endif
