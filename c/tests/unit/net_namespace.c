/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "net/socket.h"
#include "net_support.h"

#define OTHERS 5

/* What `ip link` tells, and what moves when a link comes or goes. */
static void links_list(char text[static 4096])
{
	struct if_nameindex *links = if_nameindex();
	size_t n = 0;

	*text = '\0';
	assert_non_null(links);
	for (size_t i = 0; links[i].if_index; i++)
		n += (size_t)snprintf(text + n, 4096 - n, "%u %s\n",
				      links[i].if_index, links[i].if_name);
	if_freenameindex(links);
}

static ino_t namespace_here(void)
{
	struct stat status;

	assert_int_equal(stat("/proc/thread-self/ns/net", &status), 0);
	return status.st_ino;
}

static ino_t namespace_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

/* In a process of its own, since the rest of the file lives in namespaces. */
static int make_and_be_killed(void)
{
	char before[4096], after[4096];
	ino_t here;

	if (namespace_become_root() < 0)
		return 77;
	here = namespace_here();
	links_list(before);
	if (rig_make())
		return 77;
	/* rig_make() ends in the near one; this one is of the far one. */
	if (namespace_here() == here ||
	    namespace_of(rig.near) != namespace_here() ||
	    namespace_of(rig.far) == namespace_here())
		return 1;
	links_list(after);
	if (strcmp(before, after) == 0 || !strstr(after, NEAR_NAME) ||
	    strstr(after, FAR_NAME))
		return 2;
	return kill(getpid(), SIGKILL);
}

static void test_nothing_is_left_after_a_kill(void **state)
{
	char before[4096], after[4096];
	int status;
	pid_t pid;

	(void)state;
	links_list(before);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(make_and_be_killed());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	links_list(after);
	assert_string_equal(before, after);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("# skipped: network namespaces are not "
			      "permitted here\n");
		skip();
	}
	assert_true(WIFSIGNALED(status));
}

static void test_the_caller_stays_where_it_is(void **state)
{
	char before[4096], after[4096];
	ino_t here;
	int fd = -1;

	(void)state;
	RIG_NEEDED();
	here = namespace_here();
	links_list(before);
	assert_int_equal(namespace_open(&fd), 0);
	assert_int_equal(namespace_here(), here);
	assert_int_not_equal(namespace_of(fd), here);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(namespace_link(fd, "lo", 0), 0);
	assert_int_equal(namespace_here(), here);
	links_list(after);
	assert_string_equal(before, after);
	namespace_close(&fd);
	assert_int_equal(fd, -1);
	namespace_close(&fd);
}

static void test_the_loopback_is_up(void **state)
{
	struct interface lo;
	int fd;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(namespace_open(&fd), 0);
	rig_enter(fd);
	assert_int_equal(interface_find("lo", &lo), 0);
	assert_true(lo.up);
	assert_int_equal(lo.address.s_addr, htonl(INADDR_LOOPBACK));
	rig_enter(rig.near);
	namespace_close(&fd);
}

/* Readable within a second? */
static void await(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, 1000), 1);
}

/* What leaves at one end right after the pair is made arrives at the other. */
static void first_crosses(const struct namespace_end *from,
			  const struct namespace_end *to)
{
	struct sockaddr_in group = address_of("239.255.0.1", 12345);
	unsigned int buffer = 65536;
	struct interface interface;
	int receiver, sender;
	char data[8];

	rig_enter(to->fd);
	assert_int_equal(interface_find(to->name, &interface), 0);
	receiver = socket_multicast_receiver(&group, &interface, &buffer);
	assert_true(receiver >= 0);
	rig_enter(from->fd);
	assert_int_equal(interface_find(from->name, &interface), 0);
	sender = socket_multicast_sender(&group, &interface, 1);
	assert_true(sender >= 0);
	assert_int_equal(send(sender, "tick", 4, 0), 4);
	await(receiver);
	assert_int_equal(recv(receiver, data, sizeof(data), 0), 4);
	rig_enter(rig.near);
	close(receiver);
	close(sender);
}

/* Pairs come and go, since the kernel looks after links one after another. */
static pid_t others_start(void)
{
	struct namespace_end ends[2] = {
		{ .name = "a", .prefix_len = 30 },
		{ .name = "b", .prefix_len = 30 },
	};
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ends[0].address.s_addr = inet_addr("192.0.2.1");
	ends[1].address.s_addr = inet_addr("192.0.2.2");
	for (;;) {
		if (namespace_open(&ends[0].fd) < 0 ||
		    namespace_open(&ends[1].fd) < 0 ||
		    namespace_veth(&ends[0], &ends[1]) < 0)
			_exit(1);
		namespace_close(&ends[0].fd);
		namespace_close(&ends[1].fd);
	}
}

static void test_the_first_datagram_crosses(void **state)
{
	struct namespace_end ends[2] = {
		{ .name = "a", .prefix_len = 30 },
		{ .name = "b", .prefix_len = 30 },
	};
	pid_t others[OTHERS];

	(void)state;
	RIG_NEEDED();
	for (int i = 0; i < OTHERS; i++) {
		others[i] = others_start();
		assert_true(others[i] > 0);
	}
	for (int i = 0; i < 40; i++) {
		int from = i % 2;

		assert_int_equal(namespace_open(&ends[0].fd), 0);
		assert_int_equal(namespace_open(&ends[1].fd), 0);
		ends[0].address.s_addr = inet_addr("192.0.2.1");
		ends[1].address.s_addr = inet_addr("192.0.2.2");
		assert_int_equal(namespace_veth(&ends[0], &ends[1]), 0);
		first_crosses(&ends[from], &ends[!from]);
		namespace_close(&ends[0].fd);
		namespace_close(&ends[1].fd);
	}
	for (int i = 0; i < OTHERS; i++) {
		int status;

		kill(others[i], SIGKILL);
		assert_int_equal(waitpid(others[i], &status, 0), others[i]);
		assert_true(WIFSIGNALED(status));
	}
}

static void test_tcp_crosses_both_ways(void **state)
{
	struct sockaddr_in address = address_of(FAR_ADDRESS, 9012), peer;
	int listener, client, server;
	char data[8];

	(void)state;
	RIG_NEEDED();
	rig_enter(rig.far);
	listener = socket_listen(&address, 1);
	rig_enter(rig.near);
	assert_true(listener >= 0);
	client = socket_connect(&address, 1000, NULL);
	assert_true(client >= 0);
	await(listener);
	server = socket_accept(listener, &peer);
	assert_true(server >= 0);
	assert_int_equal(peer.sin_addr.s_addr, inet_addr(NEAR_ADDRESS));
	assert_int_equal(send(client, "order", 5, 0), 5);
	await(server);
	assert_int_equal(recv(server, data, sizeof(data), 0), 5);
	assert_int_equal(send(server, "fill", 4, 0), 4);
	assert_int_equal(recv(client, data, sizeof(data), 0), 4);
	close(server);
	close(client);
	close(listener);
}

static void test_no_ipv6_chatter(void **state)
{
	char line[256];
	FILE *file;

	(void)state;
	RIG_NEEDED();
	file = fopen("/proc/thread-self/net/if_inet6", "r");
	if (!file) {
		print_message("# skipped: this kernel has no IPv6\n");
		skip();
	}
	while (fgets(line, sizeof(line), file))
		if (strstr(line, NEAR_NAME))
			fail_msg("%s has an IPv6 address: %s", NEAR_NAME, line);
	fclose(file);
}

static void test_a_link_goes_down_and_up(void **state)
{
	struct interface interface;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(namespace_link(rig.near, NEAR_NAME, 0), 0);
	assert_int_equal(interface_find(NEAR_NAME, &interface), 0);
	assert_false(interface.up);
	assert_int_equal(namespace_link(rig.near, NEAR_NAME, 1), 0);
	assert_int_equal(interface_find(NEAR_NAME, &interface), 0);
	assert_true(interface.up);
	assert_int_equal(interface.address.s_addr, inet_addr(NEAR_ADDRESS));
}

static void veth_fails(struct namespace_end a, struct namespace_end b,
		       int wanted, const char *text)
{
	char before[4096], after[4096];

	links_list(before);
	log_catch();
	assert_int_equal(namespace_veth(&a, &b), wanted);
	assert_true(is_one_line(log_caught(), text));
	links_list(after);
	assert_string_equal(before, after);
}

static void test_what_fails_leaves_nothing(void **state)
{
	struct namespace_end a = { .fd = rig.near,
				   .name = "new0",
				   .prefix_len = 24 };
	struct namespace_end b = { .fd = rig.far,
				   .name = "new1",
				   .prefix_len = 24 };
	struct namespace_end wrong;
	char long_name[600];

	(void)state;
	RIG_NEEDED();
	a.address.s_addr = inet_addr("192.0.2.1");
	b.address.s_addr = inet_addr("192.0.2.2");
	wrong = a;
	wrong.name = NEAR_NAME;
	veth_fails(wrong, b, -EEXIST, "near0, new1: File exists");
	wrong = b;
	wrong.name = FAR_NAME;
	veth_fails(a, wrong, -EEXIST, "new0, far0: File exists");
	wrong = b;
	wrong.prefix_len = 33;
	veth_fails(a, wrong, -EINVAL, "the second end of");
	wrong = b;
	wrong.fd = -1;
	veth_fails(a, wrong, -EBADF, "new0, new1");
	veth_fails(wrong, a, -EBADF, "new1, new0");
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	wrong = a;
	wrong.name = long_name;
	veth_fails(wrong, b, -EMSGSIZE, "can't make the veth pair");
	wrong.name = "a-name-of-16-chars";
	veth_fails(wrong, b, -ERANGE, "can't make the veth pair");
	/* And it can still be made. */
	assert_int_equal(namespace_veth(&a, &b), 0);
}

static void test_a_wrong_interface_or_namespace(void **state)
{
	(void)state;
	RIG_NEEDED();
	log_catch();
	assert_int_equal(namespace_link(rig.near, "nosuch0", 1), -ENODEV);
	assert_true(is_one_line(log_caught(), "'nosuch0' up: No such device"));
	log_catch();
	assert_int_equal(namespace_link(-1, "lo", 0), -EBADF);
	assert_true(is_one_line(log_caught(), "Bad file descriptor"));
	log_catch();
	assert_int_equal(namespace_enter(-1), -EBADF);
	assert_true(is_one_line(log_caught(), "enter a network namespace"));
}

int main(void)
{
	const struct CMUnitTest at_home[] = {
		cmocka_unit_test(test_nothing_is_left_after_a_kill),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_caller_stays_where_it_is),
		cmocka_unit_test(test_the_loopback_is_up),
		cmocka_unit_test(test_the_first_datagram_crosses),
		cmocka_unit_test(test_tcp_crosses_both_ways),
		cmocka_unit_test(test_no_ipv6_chatter),
		cmocka_unit_test(test_a_link_goes_down_and_up),
		cmocka_unit_test(test_what_fails_leaves_nothing),
		cmocka_unit_test(test_a_wrong_interface_or_namespace),
	};
	int failed;

	failed = cmocka_run_group_tests_name("net_namespace, host", at_home,
					     NULL, NULL);
	return failed + cmocka_run_group_tests_name("net_namespace", tests,
						    rig_open, rig_close);
}
