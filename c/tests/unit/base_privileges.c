/* SPDX-License-Identifier: MIT */
/* Without privileges: what is said where they are needed. Each in a child,
 * since what is given up is gone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/privileges.h"
#include "net/namespace.h"
#include "tests/support/log_catch.h"
#include "tests/support/sanitizer.h"
#include "tests/support/system_call.h"

static bool in_child(bool (*holds)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(privileges_drop(0) < 0 || !holds());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool all_are_gone(void)
{
	return prctl(PR_CAPBSET_DROP, 0L) < 0 && errno == EPERM &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1;
}

static void what_is_dropped_is_gone(void **state)
{
	(void)state;
	assert_true(in_child(all_are_gone));
}

/* Of what is open the kernel serves nobody else than who has opened it, and
 * who has given up something is somebody else. */
static void held_they_are_kept_and_said_so(void **state)
{
	const char *caught;
	pid_t child;
	int status;

	(void)state;
	log_catch();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const long before = prctl(PR_CAPBSET_READ, CAP_NET_RAW);

		privileges_hold("a device is open");
		_exit(privileges_drop(0) < 0 ||
		      prctl(PR_CAPBSET_READ, CAP_NET_RAW) != before ||
		      prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	caught = log_caught();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(
		is_one_line(caught, "capabilities are kept: a device is open"));
}

static bool priority_names_its_limit(void)
{
	const struct rlimit none = { 0, 0 };
	char why[CPU_FAULT_MAX];

	return setrlimit(RLIMIT_RTPRIO, &none) == 0 &&
	       cpu_realtime(10) == -EPERM &&
	       strstr(cpu_realtime_fault(-EPERM, why), "CAP_SYS_NICE") &&
	       strstr(why, "RLIMIT_RTPRIO (ulimit -r, now 0)") &&
	       !strstr(cpu_realtime_fault(-EINVAL, why), "CAP_SYS_NICE");
}

static bool memory_names_its_limit(void)
{
	const struct rlimit little = { 8192, 8192 };
	char why[CPU_FAULT_MAX];
	int err;

	if (setrlimit(RLIMIT_MEMLOCK, &little) < 0)
		return false;
	err = cpu_lock_memory();
	return err == -ENOMEM &&
	       strstr(cpu_lock_memory_fault(err, why), "CAP_IPC_LOCK") &&
	       strstr(why, "RLIMIT_MEMLOCK (ulimit -l, now 8 KiB)");
}

static void limits_are_named(void **state)
{
	(void)state;
	assert_true(in_child(priority_names_its_limit));
	/* A sanitizer says that it has locked it, and does not. */
	if (!SANITIZED)
		assert_true(in_child(memory_names_its_limit));
}

static bool refused_call_is_named(void)
{
	int log = memfd_create("log", MFD_CLOEXEC);
	char said[512] = "";

	if (!system_call_forbid(SYS_unshare) || log < 0 ||
	    dup2(log, STDERR_FILENO) < 0 || namespace_need_root() != -EPERM ||
	    pread(log, said, sizeof(said) - 1, 0) < 0)
		return false;
	return strstr(said, "CAP_SYS_ADMIN") &&
	       strstr(said, "unshare(CLONE_NEWUSER) was refused: "
			    "Operation not permitted");
}

static void namespaces_name_the_call(void **state)
{
	(void)state;
	assert_true(in_child(refused_call_is_named));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dropped_is_gone),
		cmocka_unit_test(held_they_are_kept_and_said_so),
		cmocka_unit_test(limits_are_named),
		cmocka_unit_test(namespaces_name_the_call),
	};

	return cmocka_run_group_tests_name("base/privileges", tests, NULL,
					   NULL);
}
