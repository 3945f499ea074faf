/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "net/socket.h"
#include "net_support.h"

#define PORT  12345
#define MS_NS UINT64_C(1000000)
/* A machine has two cores and much to do. */
#define SLACK_MS 3000

static int option_of(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static bool is_blocking(int fd)
{
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static bool is_readable(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, ms) == 1;
}

/* As poll(2), which it takes the place of here; told to, it says once of what
 * is not ready that it is. */
static bool poll_lies;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	const struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * (long)MS_NS,
	};

	if (!poll_lies)
		return ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout,
			     NULL);
	poll_lies = false;
	fds->revents = POLLOUT;
	return 1;
}

/*
 * TCP, over the near namespace's loopback.
 */

static void test_a_connection(void **state)
{
	struct sockaddr_in address = address_of("127.0.0.1", 9012), peer;
	int listener, client, server;

	(void)state;
	RIG_NEEDED();
	listener = socket_listen(&address, 4);
	assert_true(listener >= 0);
	assert_false(is_blocking(listener));
	assert_true(fcntl(listener, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option_of(listener, SOL_SOCKET, SO_REUSEADDR), 1);
	log_catch();
	assert_int_equal(socket_accept(listener, &peer), -EAGAIN);
	assert_string_equal(log_caught(), "");
	client = socket_connect(&address, 1000, NULL);
	assert_true(client >= 0);
	assert_true(is_blocking(client));
	assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option_of(client, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_true(is_readable(listener, 1000));
	server = socket_accept(listener, &peer);
	assert_true(server >= 0);
	assert_false(is_blocking(server));
	assert_true(fcntl(server, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option_of(server, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(peer.sin_family, AF_INET);
	assert_int_equal(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	close(server);
	close(client);
	close(listener);
	/* TIME_WAIT of the connection does not hold up the next one. */
	listener = socket_listen(&address, 4);
	assert_true(listener >= 0);
	close(listener);
}

static void test_an_address_in_use(void **state)
{
	struct sockaddr_in address = address_of("127.0.0.1", 9012);
	struct sockaddr_in other = address_of("127.0.0.2", 9012);
	int listener, second;

	(void)state;
	RIG_NEEDED();
	listener = socket_listen(&address, 4);
	assert_true(listener >= 0);
	log_catch();
	assert_int_equal(socket_listen(&address, 4), -EADDRINUSE);
	assert_true(is_one_line(
		log_caught(),
		"can't bind 127.0.0.1:9012: Address already in use"));
	/* It is on exactly that address. */
	second = socket_listen(&other, 4);
	assert_true(second >= 0);
	close(second);
	close(listener);
}

static void test_an_address_of_another_host(void **state)
{
	struct sockaddr_in address = address_of(FAR_ADDRESS, 9012);

	(void)state;
	RIG_NEEDED();
	log_catch();
	assert_int_equal(socket_listen(&address, 4), -EADDRNOTAVAIL);
	assert_true(is_one_line(log_caught(), "can't bind 10.8.0.2:9012: "));
}

static void test_accept_without_descriptors(void **state)
{
	struct sockaddr_in address = address_of("127.0.0.1", 9012), peer;
	struct rlimit limit, none;
	int listener, client, server;

	(void)state;
	RIG_NEEDED();
	listener = socket_listen(&address, 4);
	client = socket_connect(&address, 1000, NULL);
	assert_true(listener >= 0 && client >= 0);
	assert_true(is_readable(listener, 1000));
	log_catch();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(socket_accept(listener, &peer), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(is_one_line(log_caught(), "Too many open files"));
	/* The connection still waits. */
	server = socket_accept(listener, &peer);
	assert_true(server >= 0);
	close(server);
	close(client);
	close(listener);
}

static uint64_t connect_ms(const struct sockaddr_in *peer, unsigned int timeout,
			   const volatile int *stop, int *result)
{
	uint64_t start_ns = clock_monotonic_ns();

	*result = socket_connect(peer, timeout, stop);
	return (clock_monotonic_ns() - start_ns) / MS_NS;
}

static void test_connect_gives_up(void **state)
{
	struct sockaddr_in refusing = address_of("127.0.0.1", 9012);
	struct sockaddr_in silent = address_of("10.8.0.77", 9012);
	struct sockaddr_in unreachable = address_of("192.0.2.1", 9012);
	uint64_t ms;
	int fd;

	(void)state;
	RIG_NEEDED();
	log_catch();
	ms = connect_ms(&refusing, 200, NULL, &fd);
	assert_true(is_one_line(log_caught(),
				"can't connect to 127.0.0.1:9012 within "
				"200 ms: Connection refused"));
	assert_int_equal(fd, -ECONNREFUSED);
	assert_in_range(ms, 150, 200 + SLACK_MS);
	log_catch();
	ms = connect_ms(&silent, 200, NULL, &fd);
	assert_true(is_one_line(log_caught(), "Connection timed out"));
	assert_int_equal(fd, -ETIMEDOUT);
	assert_in_range(ms, 150, 200 + SLACK_MS);
	log_catch();
	ms = connect_ms(&unreachable, 0, NULL, &fd);
	assert_true(is_one_line(log_caught(), "Network is unreachable"));
	assert_int_equal(fd, -ENETUNREACH);
	assert_in_range(ms, 0, SLACK_MS);
}

/* No error, and no peer either: a trader went on with such a socket, once. */
static void test_connected_is_who_has_a_peer(void **state)
{
	struct sockaddr_in silent = address_of("10.8.0.77", 9012);

	(void)state;
	RIG_NEEDED();
	log_catch();
	poll_lies = true;
	assert_int_equal(socket_connect(&silent, 200, NULL), -ETIMEDOUT);
	assert_true(is_one_line(log_caught(), "Connection timed out"));
	assert_false(poll_lies);
}

static void test_connect_tries_once_at_least(void **state)
{
	struct sockaddr_in address = address_of("127.0.0.1", 9012);
	int listener, fd;

	(void)state;
	RIG_NEEDED();
	listener = socket_listen(&address, 4);
	assert_true(listener >= 0);
	fd = socket_connect(&address, 0, NULL);
	assert_true(fd >= 0);
	close(fd);
	close(listener);
}

static void *listen_later(void *context)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9012) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	usleep(150000);
	*(int *)context = socket_listen(&address, 4);
	return NULL;
}

static void test_connect_waits_for_the_peer(void **state)
{
	struct sockaddr_in address = address_of("127.0.0.1", 9012);
	pthread_t thread;
	uint64_t ms;
	int listener, fd;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(pthread_create(&thread, NULL, listen_later, &listener),
			 0);
	log_catch();
	ms = connect_ms(&address, 10000, NULL, &fd);
	assert_string_equal(log_caught(), "");
	pthread_join(thread, NULL);
	assert_true(listener >= 0);
	assert_true(fd >= 0);
	assert_in_range(ms, 100, 150 + SLACK_MS);
	close(fd);
	close(listener);
}

static volatile int stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void test_connect_stops_when_told(void **state)
{
	static const char *const peers[] = { "127.0.0.1", "10.8.0.77" };
	const struct itimerval soon = { .it_value = { .tv_usec = 100000 } };
	struct sigaction action = { .sa_handler = stop,
				    .sa_flags = SA_RESTART },
			 before;
	uint64_t ms;
	int fd;

	(void)state;
	RIG_NEEDED();
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_in peer = address_of(peers[i], 9012);

		stopped = 0;
		assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
		log_catch();
		ms = connect_ms(&peer, 60000, &stopped, &fd);
		assert_string_equal(log_caught(), "");
		assert_int_equal(fd, -EINTR);
		assert_in_range(ms, 90, 100 + SLACK_MS);
	}
	sigaction(SIGALRM, &before, NULL);
}

/* The kernel gets one port to choose from: the one that is called. */
static void test_connect_never_meets_itself(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_local_port_range";
	struct sockaddr_in address = address_of("127.0.0.1", 40001);
	int fd;

	(void)state;
	RIG_NEEDED();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "40001 40001", 11) != 11) {
		print_message("# skipped: %s can't be written\n", path);
		skip();
	}
	close(fd);
	log_catch();
	assert_int_equal(socket_connect(&address, 0, NULL), -ECONNREFUSED);
	log_caught();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "32768 60999", 11), 11);
	close(fd);
}

static void test_keepalive(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(socket_keepalive(fd, 7, 3, 4), 0);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 7);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 3);
	assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
	log_catch();
	/* The kernel's limits; in ms they are more than an int takes. */
	assert_int_equal(socket_keepalive(fd, 32767, 32767, 127), 0);
	assert_int_equal(socket_keepalive(fd, 0, 3, 4), -EINVAL);
	assert_true(is_one_line(log_caught(),
				"can't set TCP_KEEPIDLE to 0: Invalid arg"));
	close(fd);
}

static void test_an_option_by_number(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int found = -1;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(
		socket_option(fd, SOL_SOCKET, SO_RCVBUF, 10000, &found), 0);
	assert_int_equal(found, 20000);
	log_catch();
	assert_int_equal(socket_option(fd, IPPROTO_IP, 9999, 1, &found),
			 -ENOPROTOOPT);
	assert_int_equal(socket_option(-1, SOL_SOCKET, SO_RCVBUF, 1, &found),
			 -EBADF);
	assert_string_equal(log_caught(), "");
	close(fd);
}

/*
 * Multicast, from the far end to the near one.
 */

static int receiver_open(const char *group)
{
	struct sockaddr_in address = address_of(group, PORT);
	unsigned int buffer = 1 << 20;
	int fd;

	fd = socket_multicast_receiver(&address, &rig.near_interface, &buffer);
	assert_true(fd >= 0);
	return fd;
}

static int sender_open(const char *group, uint16_t port)
{
	struct sockaddr_in address = address_of(group, port);
	int fd;

	rig_enter(rig.far);
	fd = socket_multicast_sender(&address, &rig.far_interface, 1);
	rig_enter(rig.near);
	assert_true(fd >= 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void receives(int fd, const char *text)
{
	char data[64] = "";

	assert_true(is_readable(fd, 1000));
	assert_int_equal(recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT),
			 strlen(text));
	assert_string_equal(data, text);
}

static void test_a_datagram(void **state)
{
	char data[64], control[64];
	struct iovec bytes = { data, sizeof(data) };
	struct sockaddr_in source;
	struct msghdr message = { .msg_name = &source,
				  .msg_namelen = sizeof(source),
				  .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int receiver, sender, on = 1;
	struct cmsghdr *first;

	(void)state;
	RIG_NEEDED();
	receiver = receiver_open("239.255.0.1");
	assert_true(is_blocking(receiver));
	assert_true(fcntl(receiver, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(
		setsockopt(receiver, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)),
		0);
	sender = sender_open("239.255.0.1", PORT);
	assert_false(is_blocking(sender));
	assert_true(fcntl(sender, F_GETFD) & FD_CLOEXEC);
	send_text(sender, "tick");
	assert_true(is_readable(receiver, 1000));
	assert_int_equal(recvmsg(receiver, &message, 0), 4);
	assert_memory_equal(data, "tick", 4);
	assert_int_equal(source.sin_addr.s_addr, inet_addr(FAR_ADDRESS));
	first = CMSG_FIRSTHDR(&message);
	assert_non_null(first);
	assert_int_equal(first->cmsg_type, IP_TTL);
	memcpy(&on, CMSG_DATA(first), sizeof(on));
	assert_int_equal(on, 1);
	close(sender);
	close(receiver);
}

static void test_the_senders_own_host_hears_it(void **state)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	int receiver, sender;

	(void)state;
	RIG_NEEDED();
	receiver = receiver_open("239.255.0.1");
	sender = socket_multicast_sender(&group, &rig.near_interface, 1);
	assert_true(sender >= 0);
	send_text(sender, "tick");
	receives(receiver, "tick");
	close(sender);
	close(receiver);
}

static void test_no_other_group_or_port_is_heard(void **state)
{
	int ours, other, to_other, to_port, to_ours;

	(void)state;
	RIG_NEEDED();
	ours = receiver_open("239.255.0.1");
	/* So the host is a member of the other group too. */
	other = receiver_open("239.255.0.2");
	to_other = sender_open("239.255.0.2", PORT);
	to_port = sender_open("239.255.0.1", PORT + 1);
	to_ours = sender_open("239.255.0.1", PORT);
	send_text(to_other, "other");
	send_text(to_port, "port");
	send_text(to_ours, "ours");
	receives(other, "other");
	receives(ours, "ours");
	assert_false(is_readable(ours, 50));
	assert_false(is_readable(other, 0));
	close(to_ours);
	close(to_port);
	close(to_other);
	close(other);
	close(ours);
}

static void test_no_other_interface_is_heard(void **state)
{
	struct namespace_end near = { .fd = rig.near,
				      .name = "near1",
				      .prefix_len = 24 };
	struct namespace_end far = { .fd = rig.far,
				     .name = "far1",
				     .prefix_len = 24 };
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	struct interface near_interface, far_interface;
	unsigned int buffer = 65536;
	int ours, other, sender;

	(void)state;
	RIG_NEEDED();
	near.address.s_addr = inet_addr("10.8.1.1");
	far.address.s_addr = inet_addr("10.8.1.2");
	assert_int_equal(namespace_veth(&near, &far), 0);
	ours = receiver_open("239.255.0.1");
	assert_int_equal(interface_find("near1", &near_interface), 0);
	other = socket_multicast_receiver(&group, &near_interface, &buffer);
	rig_enter(rig.far);
	assert_int_equal(interface_find("far1", &far_interface), 0);
	sender = socket_multicast_sender(&group, &far_interface, 1);
	rig_enter(rig.near);
	assert_true(sender >= 0 && other >= 0);
	send_text(sender, "there");
	receives(other, "there");
	assert_false(is_readable(ours, 50));
	close(sender);
	sender = sender_open("239.255.0.1", PORT);
	send_text(sender, "here");
	receives(ours, "here");
	assert_false(is_readable(other, 50));
	close(sender);
	close(other);
	close(ours);
}

static void test_two_receivers_hear_all(void **state)
{
	int first, second, sender;
	char text[24];

	(void)state;
	RIG_NEEDED();
	first = receiver_open("239.255.0.1");
	second = receiver_open("239.255.0.1");
	sender = sender_open("239.255.0.1", PORT);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "tick %d", i);
		send_text(sender, text);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "tick %d", i);
		receives(first, text);
		receives(second, text);
	}
	close(sender);
	close(second);
	close(first);
}

static void test_the_buffer_that_was_had(void **state)
{
	static const unsigned int wanted[] = { 0,	 1,	  1 << 16,
					       64 << 20, INT_MAX, UINT_MAX };
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	int plain = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	bool forced;

	(void)state;
	RIG_NEEDED();
	/* Root of a user namespace may not, and rmem_max is the limit. */
	forced = setsockopt(plain, SOL_SOCKET, SO_RCVBUFFORCE, &one,
			    sizeof(one)) == 0;
	close(plain);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		unsigned int had = wanted[i];
		int fd = socket_multicast_receiver(&group, &rig.near_interface,
						   &had);

		assert_true(fd >= 0);
		assert_int_equal(had, option_of(fd, SOL_SOCKET, SO_RCVBUF) / 2);
		if (wanted[i] < 1024)
			assert_true(had > wanted[i]);
		else if (wanted[i] == 1 << 16 ||
			 (forced && wanted[i] < INT_MAX / 2))
			assert_int_equal(had, wanted[i]);
		else
			assert_true(had >= 1 << 16 && had < wanted[i]);
		close(fd);
	}
}

static uint64_t stamp_of(int fd)
{
	char data[64], control[64];
	struct iovec bytes = { data, sizeof(data) };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	assert_true(is_readable(fd, 1000));
	assert_true(recvmsg(fd, &message, MSG_DONTWAIT) > 0);
	return socket_message_stamp(&message);
}

static void test_stamps(void **state)
{
	uint64_t stamp_ns, last_ns = 0;
	int receiver, sender;

	(void)state;
	RIG_NEEDED();
	receiver = receiver_open("239.255.0.1");
	sender = sender_open("239.255.0.1", PORT);
	assert_int_equal(socket_receive_stamps(receiver, true), 0);
	for (int i = 0; i < 100; i++) {
		uint64_t before_ns = clock_realtime_ns();

		send_text(sender, "tick");
		stamp_ns = stamp_of(receiver);
		assert_true(stamp_ns > last_ns);
		assert_in_range(stamp_ns, before_ns, clock_realtime_ns());
		last_ns = stamp_ns;
	}
	assert_int_equal(socket_receive_stamps(receiver, false), 0);
	send_text(sender, "tick");
	assert_int_equal(stamp_of(receiver), 0);
	close(sender);
	close(receiver);
}

static void test_control_data_that_is_no_stamp(void **state)
{
	struct timespec stamp = { .tv_sec = 3, .tv_nsec = 5 };
	_Alignas(struct cmsghdr) char control[128] = { 0 };
	struct msghdr message = { .msg_control = control,
				  .msg_controllen = CMSG_SPACE(sizeof(int)) +
						    CMSG_SPACE(sizeof(stamp)) };
	struct cmsghdr *first = CMSG_FIRSTHDR(&message), *second;

	(void)state;
	/* Another one comes first. */
	*first = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				   .cmsg_level = IPPROTO_IP,
				   .cmsg_type = IP_TTL };
	second = CMSG_NXTHDR(&message, first);
	*second = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(stamp)),
				    .cmsg_level = SOL_SOCKET,
				    .cmsg_type = SCM_TIMESTAMPNS };
	memcpy(CMSG_DATA(second), &stamp, sizeof(stamp));
	assert_int_equal(socket_message_stamp(&message), 3000000005);
	second->cmsg_len = CMSG_LEN(sizeof(stamp) - 1);
	assert_int_equal(socket_message_stamp(&message), 0);
	message.msg_controllen = CMSG_SPACE(sizeof(int));
	assert_int_equal(socket_message_stamp(&message), 0);
	message.msg_controllen = sizeof(struct cmsghdr) - 1;
	assert_int_equal(socket_message_stamp(&message), 0);
	message.msg_controllen = 0;
	assert_int_equal(socket_message_stamp(&message), 0);
}

static void test_drops_are_counted(void **state)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	unsigned int buffer = 16384, received = 0;
	char data[1024] = "";
	int receiver, sender;

	(void)state;
	RIG_NEEDED();
	receiver =
		socket_multicast_receiver(&group, &rig.near_interface, &buffer);
	assert_true(receiver >= 0);
	sender = sender_open("239.255.0.1", PORT);
	assert_int_equal(socket_drops(receiver), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(send(sender, data, sizeof(data), 0),
				 sizeof(data));
	while (is_readable(receiver, 50)) {
		assert_int_equal(recv(receiver, data, sizeof(data), 0),
				 sizeof(data));
		received++;
	}
	assert_in_range(received, 1, 199);
	assert_int_equal(socket_drops(receiver), 200 - received);
	assert_int_equal(socket_drops(-1), 0);
	close(sender);
	close(receiver);
}

static void test_a_sender_without_an_interface(void **state)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	struct sockaddr_in reachable = address_of(FAR_ADDRESS, PORT);
	int fd;

	(void)state;
	RIG_NEEDED();
	log_catch();
	assert_int_equal(socket_multicast_sender(&group, NULL, 1),
			 -ENETUNREACH);
	assert_true(is_one_line(log_caught(),
				"can't send to 239.255.0.1:12345: Network"));
	fd = socket_multicast_sender(&reachable, NULL, 1);
	assert_true(fd >= 0);
	close(fd);
}

static void test_an_interface_that_went_away(void **state)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	struct interface gone = rig.near_interface;
	unsigned int buffer = 65536;

	(void)state;
	RIG_NEEDED();
	gone.index = 9999;
	log_catch();
	assert_int_equal(socket_multicast_receiver(&group, &gone, &buffer),
			 -ENODEV);
	assert_true(is_one_line(log_caught(),
				"can't join 239.255.0.1:12345 on near0: "));
	log_catch();
	assert_int_equal(socket_multicast_sender(&group, &gone, 1),
			 -EADDRNOTAVAIL);
	assert_true(is_one_line(log_caught(), "multicast through near0"));
}

static void test_a_bad_ttl(void **state)
{
	struct sockaddr_in group = address_of("239.255.0.1", PORT);

	(void)state;
	RIG_NEEDED();
	log_catch();
	assert_int_equal(
		socket_multicast_sender(&group, &rig.near_interface, 256),
		-EINVAL);
	assert_true(is_one_line(log_caught(), "IP_MULTICAST_TTL to 256"));
}

/* Nothing above leaves a descriptor behind. */
static void test_failures_leave_no_descriptor(void **state)
{
	struct sockaddr_in foreign = address_of(FAR_ADDRESS, 1);
	struct interface gone = rig.near_interface;
	struct sockaddr_in group = address_of("239.255.0.1", PORT);
	unsigned int buffer = 65536;
	int before = dup(STDERR_FILENO), after;

	(void)state;
	RIG_NEEDED();
	gone.index = 9999;
	close(before);
	log_catch();
	for (int i = 0; i < 3; i++) {
		socket_listen(&foreign, 1);
		socket_connect(&foreign, 0, NULL);
		socket_multicast_receiver(&group, &gone, &buffer);
		socket_multicast_sender(&group, &gone, 1);
		socket_multicast_sender(&group, NULL, 1);
	}
	log_caught();
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_connection),
		cmocka_unit_test(test_an_address_in_use),
		cmocka_unit_test(test_an_address_of_another_host),
		cmocka_unit_test(test_accept_without_descriptors),
		cmocka_unit_test(test_connect_gives_up),
		cmocka_unit_test(test_connected_is_who_has_a_peer),
		cmocka_unit_test(test_connect_tries_once_at_least),
		cmocka_unit_test(test_connect_waits_for_the_peer),
		cmocka_unit_test(test_connect_stops_when_told),
		cmocka_unit_test(test_connect_never_meets_itself),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_an_option_by_number),
		cmocka_unit_test(test_a_datagram),
		cmocka_unit_test(test_the_senders_own_host_hears_it),
		cmocka_unit_test(test_no_other_group_or_port_is_heard),
		cmocka_unit_test(test_no_other_interface_is_heard),
		cmocka_unit_test(test_two_receivers_hear_all),
		cmocka_unit_test(test_the_buffer_that_was_had),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_control_data_that_is_no_stamp),
		cmocka_unit_test(test_drops_are_counted),
		cmocka_unit_test(test_a_sender_without_an_interface),
		cmocka_unit_test(test_an_interface_that_went_away),
		cmocka_unit_test(test_a_bad_ttl),
		cmocka_unit_test(test_failures_leave_no_descriptor),
	};

	return cmocka_run_group_tests_name("net_socket", tests, rig_open,
					   rig_close);
}
