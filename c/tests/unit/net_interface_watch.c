/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "net/interface_watch.h"
#include "net_support.h"

static struct interface_watch watch;

static void command(const char *text)
{
	assert_int_equal(system(text), 0);
}

static void test_what_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(interface_watch_open(&watch, "nosuch0"), -ENODEV);
	assert_int_equal(watch.follower.fd, -1);
	interface_watch_close(&watch);
}

static void test_it_goes_for_good(void **state)
{
	(void)state;
	RIG_NEEDED();
	command("ip link add name here0 type veth peer name there0");
	assert_int_equal(interface_watch_open(&watch, "here0"), 0);
	assert_int_equal(interface_watch_look(&watch), 0);
	command("ip link set here0 up");
	command("ip link set here0 down");
	assert_int_equal(interface_watch_look(&watch), 0);
	command("ip link delete here0");
	command("ip link add name here0 type veth peer name there0");
	assert_int_equal(interface_watch_look(&watch), -ENODEV);
	assert_int_equal(interface_watch_look(&watch), -ENODEV);
	interface_watch_close(&watch);
	command("ip link delete here0");
}

static void test_another_goes(void **state)
{
	(void)state;
	RIG_NEEDED();
	command("ip link add name other0 type veth peer name there0");
	assert_int_equal(interface_watch_open(&watch, NEAR_NAME), 0);
	command("ip link delete other0");
	assert_int_equal(interface_watch_look(&watch), 0);
	interface_watch_close(&watch);
}

static void test_a_port_leaves_its_bridge(void **state)
{
	(void)state;
	RIG_NEEDED();
	command("ip link add name port0 type veth peer name there0");
	if (system("ip link add name bridge0 type bridge") != 0) {
		command("ip link delete port0");
		print_message("# skipped: no bridge can be made here\n");
		skip();
	}
	command("ip link set port0 master bridge0");
	assert_int_equal(interface_watch_open(&watch, "port0"), 0);
	command("ip link set port0 nomaster");
	assert_int_equal(interface_watch_look(&watch), 0);
	command("ip link delete bridge0");
	assert_int_equal(interface_watch_look(&watch), 0);
	interface_watch_close(&watch);
	command("ip link delete port0");
}

static void test_moved_to_another_namespace(void **state)
{
	(void)state;
	RIG_NEEDED();
	command("ip link add name here0 type veth peer name there0");
	assert_int_equal(interface_watch_open(&watch, "here0"), 0);
	command("unshare -n sleep 60 & space=$!; "
		"until [ \"$(readlink /proc/$space/ns/net)\" != "
		"\"$(readlink /proc/$$/ns/net)\" ]; do :; done; "
		"ip link set here0 netns $space; code=$?; "
		"kill $space; exit $code");
	assert_int_equal(interface_watch_look(&watch), -ENODEV);
	interface_watch_close(&watch);
	/* The other end goes with that namespace, when the kernel likes. */
	command("while ip link show there0 >/dev/null 2>&1; do "
		"ip link delete there0 2>/dev/null; done; :");
}

/* More news than the descriptor holds. */
static void test_news_that_were_lost(void **state)
{
	(void)state;
	RIG_NEEDED();
	/* The names of the others: a namespace takes its time to end. */
	command("ip link add name lost0 type veth peer name tlost0");
	for (int gone = 0; gone < 2; gone++) {
		int little = 1;

		assert_int_equal(interface_watch_open(&watch, "lost0"), 0);
		assert_int_equal(setsockopt(watch.follower.fd, SOL_SOCKET,
					    SO_RCVBUF, &little, sizeof(little)),
				 0);
		command("for i in 1 2 3 4 5 6 7 8; do "
			"ip link set lost0 up; ip link set lost0 down; done");
		if (gone)
			command("ip link delete lost0");
		assert_int_equal(interface_watch_look(&watch),
				 gone ? -ENODEV : 0);
		interface_watch_close(&watch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_it_goes_for_good),
		cmocka_unit_test(test_another_goes),
		cmocka_unit_test(test_a_port_leaves_its_bridge),
		cmocka_unit_test(test_moved_to_another_namespace),
		cmocka_unit_test(test_news_that_were_lost),
	};

	return cmocka_run_group_tests_name("net/interface_watch", tests,
					   rig_open, rig_close);
}
