/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "campaign/cpu_contention.h"

static void others_are_what_is_not_ours(void **state)
{
	const struct cpu_contention before = {
		.at_ns = 0, .machine_s = 10, .stolen_s = 1, .own_s = 2
	};
	const struct cpu_contention after = { .at_ns = 4 * CLOCK_NS_PER_S,
					      .machine_s = 16,
					      .stolen_s = 2,
					      .own_s = 4 };

	(void)state;
	assert_true(cpu_contention_others(&before, &after) == 1.0);
	assert_true(cpu_contention_stolen(&before, &after) == 0.25);
	/* Clocks of two kinds: ours may seem to be more than all. */
	assert_true(cpu_contention_others(&after, &after) == 0.0);
}

/* So long, and as much of a CPU: on a busy machine that is not the same. */
static void spin_for(uint64_t ns)
{
	uint64_t begin = clock_monotonic_ns();
	struct timespec cpu;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	} while (clock_monotonic_ns() - begin < ns ||
		 (cpu.tv_sec == 0 && cpu.tv_nsec < 100000000));
}

static void a_child_that_was_waited_for_is_ours(void **state)
{
	struct cpu_contention before, after;
	pid_t child;

	(void)state;
	assert_int_equal(cpu_contention_take(&before), 0);
	child = fork();
	if (child == 0) {
		spin_for(CLOCK_NS_PER_S / 5);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(cpu_contention_take(&after), 0);
	/* However busy the machine: some of the CPU was had by the child. */
	assert_true(after.own_s - before.own_s > 0.01);
	assert_true(after.machine_s >= before.machine_s);
	assert_true(after.at_ns - before.at_ns >= CLOCK_NS_PER_S / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_what_is_not_ours),
		cmocka_unit_test(a_child_that_was_waited_for_is_ours),
	};

	return cmocka_run_group_tests_name("campaign/cpu_contention", tests,
					   NULL, NULL);
}
