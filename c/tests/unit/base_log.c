/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

/* "log_error(...); return -errno;" has to return the cause. */
static void errno_is_left_as_it_was(void **state)
{
	static const char *const stderrs[] = { "/dev/null", "/dev/full" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int kept = dup(STDERR_FILENO);
		int file = open(stderrs[i], O_WRONLY | O_CLOEXEC);
		int after;

		assert_true(kept >= 0 && file >= 0);
		dup2(file, STDERR_FILENO);
		errno = ENOENT;
		log_error("a line of the test");
		after = errno;
		dup2(kept, STDERR_FILENO);
		close(file);
		close(kept);
		assert_int_equal(after, ENOENT);
	}
}

static void an_unknown_reason_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(log_reason(-ENOENT), "No such file or directory");
	assert_non_null(log_reason(-99999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errno_is_left_as_it_was),
		cmocka_unit_test(an_unknown_reason_has_a_text),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
