/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/socket.h"
#include "net/socket_options.h"
#include "net_support.h"

static void each_one_is_set(void **state)
{
	static const struct {
		int type, level, option, found;
		enum socket_option_name name;
		int wanted;
	} cases[] = {
		{ SOCK_DGRAM, SOL_SOCKET, SO_RCVLOWAT, 28, SOCKET_RCVLOWAT,
		  28 },
		{ SOCK_DGRAM, SOL_SOCKET, SO_INCOMING_CPU, 0,
		  SOCKET_INCOMING_CPU, 0 },
		{ SOCK_DGRAM, SOL_SOCKET, SO_PRIORITY, 5, SOCKET_PRIORITY, 5 },
		{ SOCK_STREAM, SOL_SOCKET, SO_SNDBUF, 131072, SOCKET_SNDBUF,
		  65536 },
		{ SOCK_STREAM, IPPROTO_IP, IP_TOS, 0x10, SOCKET_TOS, 0x10 },
		{ SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, 1, SOCKET_NODELAY, 1 },
		{ SOCK_STREAM, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384,
		  SOCKET_NOTSENT_LOWAT, 16384 },
		{ SOCK_STREAM, IPPROTO_TCP, TCP_QUICKACK, 0, SOCKET_QUICKACK,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct socket_options options = { 0 };
		int fd = socket(AF_INET, cases[i].type, 0), found = -1;
		socklen_t len = sizeof(found);

		assert_true(fd >= 0);
		options.wanted[cases[i].name] =
			(struct option_keep){ cases[i].wanted, 1 };
		assert_int_equal(socket_options_apply(fd, &options, "test"), 0);
		assert_int_equal(getsockopt(fd, cases[i].level, cases[i].option,
					    &found, &len),
				 0);
		assert_int_equal(found, cases[i].found);
		close(fd);
	}
}

static void busy_polling_is_set_where_it_is(void **state)
{
	struct socket_options options = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), found = -1, err;
	socklen_t len = sizeof(found);

	(void)state;
	options.wanted[SOCKET_BUSY_POLL] = (struct option_keep){ 50, 1 };
	options.wanted[SOCKET_PREFER_BUSY_POLL] = (struct option_keep){ 1, 1 };
	log_catch();
	err = socket_options_apply(fd, &options, "test");
	if (err) {
		assert_true(is_one_line(log_caught(), "BUSY_POLL"));
		close(fd);
		print_message("# skipped: no busy polling: %d\n", err);
		skip();
	}
	assert_string_equal(log_caught(), "");
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &found, &len),
			 0);
	assert_int_equal(found, 50);
	close(fd);
}

static void what_is_not_asked_for_stays(void **state)
{
	const struct socket_options options = { 0 };

	(void)state;
	/* No descriptor: any call would fail. */
	assert_int_equal(socket_options_apply(-1, &options, "test"), 0);
}

static void what_linux_lacks_is_said(void **state)
{
	struct socket_options options = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	options.wanted[SOCKET_SNDLOWAT] = (struct option_keep){ 1024, 1 };
	log_catch();
	assert_int_equal(socket_options_apply(fd, &options, "test"),
			 -EOPNOTSUPP);
	assert_true(is_one_line(log_caught(),
				"test: can't set SO_SNDLOWAT to 1024"));
	close(fd);
}

static void what_the_kernel_clamps_is_said(void **state)
{
	struct socket_options options = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	options.wanted[SOCKET_SNDBUF] = (struct option_keep){ 1 << 30, 1 };
	log_catch();
	assert_int_equal(socket_options_apply(fd, &options, "test"), -ERANGE);
	assert_true(is_one_line(log_caught(),
				"SO_SNDBUF: requested 1073741824, got "));
	close(fd);
}

/* The type of service of the next TCP segment with bytes in it. */
static int tos_of_segment(int packets)
{
	for (;;) {
		struct pollfd ready = { .fd = packets, .events = POLLIN };
		uint8_t frame[2048];
		struct iphdr header;
		ssize_t len;

		if (poll(&ready, 1, 3000) <= 0)
			return -1;
		len = recv(packets, frame, sizeof(frame), 0);
		if (len < (ssize_t)sizeof(header))
			continue;
		memcpy(&header, frame, sizeof(header));
		if (header.protocol == IPPROTO_TCP &&
		    ntohs(header.tot_len) > 60) /* no SYN */
			return header.tos;
	}
}

static void tos_is_on_the_wire(void **state)
{
	struct sockaddr_in address = address_of(FAR_ADDRESS, 9012);
	struct socket_options options = { 0 };
	int listener, client, packets;

	(void)state;
	RIG_NEEDED();
	rig_enter(rig.far);
	packets = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	listener = socket_listen(&address, 1);
	rig_enter(rig.near);
	assert_true(packets >= 0 && listener >= 0);
	client = socket_connect(&address, 3000, NULL);
	assert_true(client >= 0);
	options.wanted[SOCKET_TOS] = (struct option_keep){ 0x10, 1 };
	assert_int_equal(socket_options_apply(client, &options, "test"), 0);
	assert_int_equal(send(client, "order of 13 b", 13, 0), 13);
	assert_int_equal(tos_of_segment(packets), 0x10);
	close(client);
	close(listener);
	close(packets);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_one_is_set),
		cmocka_unit_test(busy_polling_is_set_where_it_is),
		cmocka_unit_test(what_is_not_asked_for_stays),
		cmocka_unit_test(what_linux_lacks_is_said),
		cmocka_unit_test(what_the_kernel_clamps_is_said),
		cmocka_unit_test(tos_is_on_the_wire),
	};

	return cmocka_run_group_tests(tests, rig_open, rig_close);
}
