/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if_arp.h>
#include <sched.h>

#include "net_support.h"

static void test_the_loopback(void **state)
{
	struct interface lo;

	(void)state;
	assert_int_equal(interface_find("lo", &lo), 0);
	assert_string_equal(lo.name, "lo");
	assert_int_equal(lo.index, if_nametoindex("lo"));
	assert_true(lo.loopback);
	assert_false(lo.multicast);
	assert_true(lo.mtu >= 1500);
	assert_int_equal(lo.link_type, ARPHRD_LOOPBACK);
	if (lo.up)
		assert_int_equal(lo.address.s_addr, htonl(INADDR_LOOPBACK));
}

static void test_an_ethernet_interface(void **state)
{
	static const uint8_t zeros[6];
	const struct interface *near = &rig.near_interface;

	(void)state;
	RIG_NEEDED();
	assert_string_equal(near->name, NEAR_NAME);
	assert_int_equal(near->address.s_addr, inet_addr(NEAR_ADDRESS));
	assert_int_equal(near->mtu, 1500);
	assert_int_equal(near->link_type, ARPHRD_ETHER);
	assert_true(near->up);
	assert_true(near->multicast);
	assert_false(near->loopback);
	assert_memory_not_equal(near->ethernet, zeros, sizeof(zeros));
	assert_memory_not_equal(near->ethernet, rig.far_interface.ethernet,
				sizeof(zeros));
}

static void test_down_and_without_an_address(void **state)
{
	struct interface lo;

	(void)state;
	RIG_NEEDED();
	/* What the kernel makes has neither. */
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(interface_find("lo", &lo), 0);
	rig_enter(rig.near);
	assert_false(lo.up);
	assert_int_equal(lo.address.s_addr, 0);
}

static void test_what_is_not_there(void **state)
{
	static const char *const names[] = {
		"", "nosuch0", "a-name-of-16-chars", "lo:1", "lo ", "l",
	};
	struct interface interface;

	(void)state;
	log_catch();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(interface_find(names[i], &interface), -ENODEV);
	assert_string_equal(log_caught(), "");
}

static void test_one_name_or_two(void **state)
{
	static const char *const wrong[] = {
		"", ",", "eth0,", ",eth0", "a,b,c", "a-name-of-16-chr",
	};
	char names[MARKET_DATA_LINES_MAX][IFNAMSIZ];
	const char *why = NULL;

	(void)state;
	memset(names, 'x', sizeof(names));
	assert_int_equal(interface_parse_names("eth0", names, &why), 0);
	assert_string_equal(names[0], "eth0");
	assert_string_equal(names[1], "");
	assert_int_equal(
		interface_parse_names("eth0,a-name-of-15-ch", names, &why), 0);
	assert_string_equal(names[0], "eth0");
	assert_string_equal(names[1], "a-name-of-15-ch");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why = NULL;
		assert_int_equal(interface_parse_names(wrong[i], names, &why),
				 -EINVAL);
		assert_non_null(why);
		assert_string_equal(names[0], "eth0");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_loopback),
		cmocka_unit_test(test_an_ethernet_interface),
		cmocka_unit_test(test_down_and_without_an_address),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_one_name_or_two),
	};

	return cmocka_run_group_tests_name("net_interface", tests, rig_open,
					   rig_close);
}
