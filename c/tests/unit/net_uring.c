/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/uring.h"
#include "tests/support/system_call.h"

static void old_kernels_are_refused(void **state)
{
	static const char *const old[] = { "5.19.0", "5.4.0-150-generic",
					   "4.19.0-27-amd64", "", "x" };
	static const char *const new[] = { "6.0.0", "6.1.0-18-amd64",
					   "6.12.41+deb13-amd64", "10.2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		assert_non_null(strstr(uring_release_fault(old[i]), "6.0"));
	for (size_t i = 0; i < ARRAY_SIZE(new); i++)
		assert_null(uring_release_fault(new[i]));
}

static void cpu_is_any_or_a_number(void **state)
{
	static const char *const wrong[] = { "",   "-1", "x",	  "1x",
					     " 1", "1 ", "12345", "ANY" };
	const char *why;
	int cpu;

	(void)state;
	assert_int_equal(uring_cpu_parse("any", &cpu, &why), 0);
	assert_int_equal(cpu, -1);
	assert_int_equal(uring_cpu_parse("0", &cpu, &why), 0);
	assert_int_equal(cpu, 0);
	assert_int_equal(uring_cpu_parse("9999", &cpu, &why), 0);
	assert_int_equal(cpu, 9999);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		why = NULL;
		assert_int_equal(uring_cpu_parse(wrong[i], &cpu, &why),
				 -EINVAL);
		assert_non_null(why);
	}
}

#ifdef HAVE_LIBURING

static void unknown_operation_is_told(void **state)
{
	const char *why = NULL;

	(void)state;
	if (uring_probe(IORING_OP_NOP, &why) < 0) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	assert_true(uring_probe(255, &why) < 0);
	assert_non_null(strstr(why, "lacks an operation"));
}

static void forbidden_is_told(void **state)
{
	const char *why = NULL;
	int status;
	pid_t child;

	(void)state;
	if (uring_probe(IORING_OP_NOP, &why) < 0) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(!system_call_forbid(SYS_io_uring_setup) ||
		      uring_probe(IORING_OP_NOP, &why) != -EPERM ||
		      !strstr(why, "seccomp"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Nobody has a CPU of that number. */
static void offline_cpu_is_refused(void **state)
{
	const struct uring_sqpoll sqpoll = { .on = true,
					     .cpu = 9999,
					     .idle_ms = 1 };
	struct io_uring ring;
	const char *why;

	(void)state;
	if (uring_probe(IORING_OP_NOP, &why) < 0) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	assert_int_equal(uring_open(&ring, 1, 0, 0, &sqpoll, "test"), -EINVAL);
}

#endif

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_kernels_are_refused),
		cmocka_unit_test(cpu_is_any_or_a_number),
#ifdef HAVE_LIBURING
		cmocka_unit_test(unknown_operation_is_told),
		cmocka_unit_test(forbidden_is_told),
		cmocka_unit_test(offline_cpu_is_refused),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
