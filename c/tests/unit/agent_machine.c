/* SPDX-License-Identifier: MIT */
/* The runner's end of an agent; the agents are shells that say what they are
 * to. Real ones: tests/network/run_machines.sh. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/machine.h"
#include "tests/support/descriptors.h"

#define GREETS "echo '{\"agent\": \"t2t-agent/1\"}'; "

static int open_shell(struct machine *machine, const char *script,
		      const char *password)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct machine_command command = { .argv = argv,
						 .password = password };

	return machine_open(machine, "shell", &command, NULL);
}

static json_t *request(void)
{
	return json_pack("{s:s}", "do", "run");
}

static void what_comes_before_the_greeting_is_passed_over(void **state)
{
	unsigned int before = descriptors();
	struct machine machine;

	(void)state;
	assert_int_equal(open_shell(&machine,
				    "echo Welcome; echo '{}'; " GREETS
				    "read line; echo '{\"ok\": true}'",
				    NULL),
			 0);
	assert_int_equal(machine_ask(&machine, request(), 5000, NULL), 0);
	assert_int_equal(machine_close(&machine), 0);
	assert_int_equal(descriptors(), before);
}

static void who_is_no_agent_is_refused(void **state)
{
	static const char *const others[] = {
		"echo '{\"agent\": \"t2t-agent/0\"}'", "yes", "exit 3", ""
	};
	unsigned int before = descriptors();

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct machine machine;

		assert_int_equal(open_shell(&machine, others[i], NULL), -EPIPE);
	}
	assert_int_equal(descriptors(), before);
}

static void a_password_is_the_first_line(void **state)
{
	struct machine machine;
	json_t *answer;

	(void)state;
	assert_int_equal(open_shell(&machine,
				    "IFS= read -r password; " GREETS
				    "read line; echo \"{\\\"ok\\\": true, "
				    "\\\"said\\\": \\\"$password\\\"}\"",
				    " open  sesame"),
			 0);
	assert_int_equal(machine_ask(&machine, request(), 5000, &answer), 0);
	assert_string_equal(json_string_value(json_object_get(answer, "said")),
			    " open  sesame");
	json_decref(answer);
	assert_int_equal(machine_close(&machine), 0);
}

/* Its answer, which comes after all, is no later question's. */
static void who_was_not_waited_for_is_not_asked_again(void **state)
{
	struct machine both[2];

	(void)state;
	assert_int_equal(open_shell(&both[0],
				    GREETS "read line; sleep 1; "
					   "echo '{\"ok\": true}'; cat",
				    NULL),
			 0);
	assert_int_equal(open_shell(&both[1], GREETS, NULL), 0);
	both[0].beside = both;
	both[0].beside_count = 2;
	assert_int_equal(machine_ask(&both[0], request(), 60000, NULL), -EPIPE);
	assert_true(both[1].lost);
	sleep(2);
	assert_int_equal(machine_ask(&both[0], request(), 60000, NULL), -EPIPE);
	machine_close(&both[0]);
	machine_close(&both[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_before_the_greeting_is_passed_over),
		cmocka_unit_test(who_is_no_agent_is_refused),
		cmocka_unit_test(a_password_is_the_first_line),
		cmocka_unit_test(who_was_not_waited_for_is_not_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
