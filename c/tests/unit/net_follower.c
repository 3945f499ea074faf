/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/follower.h"
#include "net_support.h"

#define SOON_NS (20 * CLOCK_NS_PER_S)

static struct follower follower = { .fd = -1 };

static int follower_end(void **state)
{
	(void)state;
	if (follower.fd >= 0)
		follower_close(&follower);
	follower.fd = -1;
	return 0;
}

static void run_in(int space, const char *command)
{
	rig_enter(space);
	if (system(command) != 0)
		fail_msg("%s", command);
	rig_enter(rig.near);
}

static void follower_begin(const char *name, const char *peer)
{
	struct in_addr address = { .s_addr = peer ? inet_addr(peer) : 0 };

	assert_int_equal(follower_open(&follower, name, address), 0);
}

/* Until this has changed. */
static void follow_until(unsigned int wanted)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;
	unsigned int seen = 0;

	while ((seen & wanted) != wanted) {
		int changes = follower_follow(&follower);

		if (changes < 0 && changes != -ENODEV)
			fail_msg("%s", strerror(-changes));
		if (changes > 0)
			seen |= (unsigned int)changes;
		if (clock_monotonic_ns() > deadline)
			fail_msg("changes %#x, wanted %#x", seen, wanted);
		usleep(1000);
	}
}

static void neighbour_until_known(void)
{
	uint64_t deadline = clock_monotonic_ns() + SOON_NS;

	while (!follower.neighbour_known) {
		follower_solicit(&follower);
		usleep(1000);
		assert_true(follower_follow(&follower) >= 0);
		assert_true(clock_monotonic_ns() < deadline);
	}
}

static void test_the_way_to_a_peer(void **state)
{
	(void)state;
	RIG_NEEDED();
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	assert_true(follower.present && follower.running && follower.routed);
	assert_int_equal(follower.source.s_addr, inet_addr(NEAR_ADDRESS));
	assert_int_equal(follower.next_hop.s_addr, inet_addr(FAR_ADDRESS));
	neighbour_until_known();
	assert_memory_equal(follower.neighbour, rig.far_interface.ethernet, 6);
	assert_memory_equal(follower.interface.ethernet,
			    rig.near_interface.ethernet, 6);
	/* What was read once is there at once the next time. */
	follower_end(NULL);
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	assert_true(follower.neighbour_known);
	assert_int_equal(follower_follow(&follower), 0);
}

static void test_the_neighbours_address_changes(void **state)
{
	static const uint8_t other[] = { 2, 0, 0, 0, 0x77, 1 };

	(void)state;
	RIG_NEEDED();
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	neighbour_until_known();
	run_in(rig.near, "ip neigh replace " FAR_ADDRESS " dev " NEAR_NAME
			 " lladdr 02:00:00:00:77:01 nud reachable");
	follow_until(FOLLOWER_NEIGHBOUR);
	assert_memory_equal(follower.neighbour, other, 6);
	/* Another one's is nobody's business. */
	run_in(rig.near, "ip neigh replace 10.8.0.9 dev " NEAR_NAME
			 " lladdr 02:00:00:00:77:02 nud reachable");
	assert_int_equal(follower_follow(&follower), 0);
	run_in(rig.near, "ip neigh del " FAR_ADDRESS " dev " NEAR_NAME);
	follow_until(FOLLOWER_NEIGHBOUR);
	assert_false(follower.neighbour_known);
	/* The last one stays: it may be right. */
	assert_memory_equal(follower.neighbour, other, 6);
	neighbour_until_known();
	assert_memory_equal(follower.neighbour, rig.far_interface.ethernet, 6);
}

static void test_down_and_up(void **state)
{
	(void)state;
	RIG_NEEDED();
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	namespace_link(rig.near, NEAR_NAME, 0);
	follow_until(FOLLOWER_LINK | FOLLOWER_ROUTE);
	assert_true(follower.present);
	assert_false(follower.interface.up || follower.running ||
		     follower.routed);
	namespace_link(rig.near, NEAR_NAME, 1);
	follow_until(FOLLOWER_LINK | FOLLOWER_ROUTE);
	assert_true(follower.interface.up && follower.routed);
	while (!follower.running)
		follow_until(FOLLOWER_LINK);
	/* The other end: up, but it carries nothing. */
	namespace_link(rig.far, FAR_NAME, 0);
	follow_until(FOLLOWER_LINK);
	assert_true(follower.interface.up);
	assert_false(follower.running);
	namespace_link(rig.far, FAR_NAME, 1);
	follow_until(FOLLOWER_LINK);
	assert_true(follower.running);
}

static void test_mtu_and_own_address(void **state)
{
	static const uint8_t other[] = { 2, 0, 0, 0, 0x66, 1 };
	char command[128];
	const uint8_t *own = rig.near_interface.ethernet;

	(void)state;
	RIG_NEEDED();
	follower_begin(NEAR_NAME, NULL);
	run_in(rig.near, "ip link set " NEAR_NAME " mtu 1400");
	follow_until(FOLLOWER_LINK);
	assert_int_equal(follower.interface.mtu, 1400);
	run_in(rig.near,
	       "ip link set " NEAR_NAME " mtu 1500 address 02:00:00:00:66:01");
	follow_until(FOLLOWER_LINK);
	assert_memory_equal(follower.interface.ethernet, other, 6);
	snprintf(command, sizeof(command),
		 "ip link set " NEAR_NAME
		 " address %02x:%02x:%02x:%02x:%02x:%02x",
		 own[0], own[1], own[2], own[3], own[4], own[5]);
	run_in(rig.near, command);
	follow_until(FOLLOWER_LINK);
}

/* The source as the kernel's route has it. */
static void test_routes_and_addresses(void **state)
{
	(void)state;
	RIG_NEEDED();
	run_in(rig.near, "ip addr add 10.7.7.7/24 dev " NEAR_NAME);
	follower_begin(NEAR_NAME, "10.7.7.9");
	assert_int_equal(follower.source.s_addr, inet_addr("10.7.7.7"));
	follower_end(NULL);
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	run_in(rig.near,
	       "ip route replace 10.8.0.0/24 dev " NEAR_NAME " src 10.7.7.7");
	follow_until(FOLLOWER_ROUTE);
	assert_int_equal(follower.source.s_addr, inet_addr("10.7.7.7"));
	run_in(rig.near, "ip route replace 10.8.0.0/24 dev " NEAR_NAME
			 " src " NEAR_ADDRESS);
	follow_until(FOLLOWER_ROUTE);
	run_in(rig.near,
	       "ip route add 10.8.0.2/32 via 10.7.7.8 dev " NEAR_NAME);
	follow_until(FOLLOWER_ROUTE);
	assert_int_equal(follower.next_hop.s_addr, inet_addr("10.7.7.8"));
	run_in(rig.near, "ip route del 10.8.0.2/32 && "
			 "ip addr del 10.7.7.7/24 dev " NEAR_NAME);
	follow_until(FOLLOWER_ROUTE);
	assert_int_equal(follower.next_hop.s_addr, inet_addr(FAR_ADDRESS));
	assert_int_equal(follower.source.s_addr, inet_addr(NEAR_ADDRESS));
}

static void test_gone_and_made_anew(void **state)
{
	unsigned int before;

	(void)state;
	RIG_NEEDED();
	run_in(rig.near, "ip link add spare0 type veth peer name spare1");
	follower_begin("spare0", NULL);
	before = follower.interface.index;
	/* Its port's end in a bridge is not its own. */
	run_in(rig.near, "ip link add spare-br type bridge && "
			 "ip link set spare0 master spare-br && "
			 "ip link set spare0 nomaster && "
			 "ip link del spare-br");
	assert_true(follower_follow(&follower) >= 0);
	run_in(rig.near, "ip link del spare0");
	assert_int_equal(follower_follow(&follower), -ENODEV);
	assert_int_equal(follower_follow(&follower), -ENODEV);
	run_in(rig.near, "ip link add other0 type veth peer name spare1 && "
			 "ip link add spare0 type veth peer name spare2");
	follow_until(FOLLOWER_ANEW);
	assert_int_not_equal(follower.interface.index, before);
	assert_int_equal(follower.interface.index, if_nametoindex("spare0"));
	run_in(rig.near, "ip link del other0 && ip link del spare0");
	assert_int_equal(follower_follow(&follower), -ENODEV);
}

/* More news than the socket holds: all is asked for anew. */
static void test_too_much_news(void **state)
{
	int small = 1;

	(void)state;
	RIG_NEEDED();
	follower_begin(NEAR_NAME, FAR_ADDRESS);
	assert_int_equal(setsockopt(follower.fd, SOL_SOCKET, SO_RCVBUF, &small,
				    sizeof(small)),
			 0);
	run_in(rig.near, "for i in 1 2 3 4 5 6 7 8 9; do "
			 "ip link set " NEAR_NAME " mtu 140$i; done");
	assert_true(follower_follow(&follower) & FOLLOWER_LINK);
	assert_int_equal(follower.interface.mtu, 1409);
	run_in(rig.near, "ip link set " NEAR_NAME " mtu 1500");
}

static void test_what_is_not_there(void **state)
{
	struct in_addr nobody = { 0 };

	(void)state;
	assert_int_equal(follower_open(&follower, "nosuch0", nobody), -ENODEV);
	follower.fd = -1;
}

#define TEST(function) cmocka_unit_test_teardown(function, follower_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_way_to_a_peer),
		TEST(test_the_neighbours_address_changes),
		TEST(test_down_and_up),
		TEST(test_mtu_and_own_address),
		TEST(test_routes_and_addresses),
		TEST(test_gone_and_made_anew),
		TEST(test_too_much_news),
		TEST(test_what_is_not_there),
	};

	return cmocka_run_group_tests_name("net_follower", tests, rig_open,
					   rig_close);
}
