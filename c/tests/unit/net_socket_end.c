/* SPDX-License-Identifier: MIT */
/* A connection's last words arrive though bytes lay unread, and whoever does
 * not close is not waited for without end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/socket_end.h"

#define WORDS 200000 /* more than the peer's window has room for */
#define SMALL 4096

static int listener, ours, peers;

static void connected(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	const int small = SMALL, large = 4 * WORDS;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&address, &len);
	peers = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(peers, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(connect(peers, (struct sockaddr *)&address, len), 0);
	ours = accept(listener, NULL, NULL);
	assert_true(ours >= 0);
	setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
}

static int clean(void **state)
{
	(void)state;
	close(peers);
	close(listener);
	return 0;
}

static void much_is_said(void)
{
	static const char junk[65536];

	send(peers, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* All that comes at the peer's end, to its FIN. */
static void words_are_heard(ssize_t words)
{
	char text[SMALL];
	ssize_t len = 0, n;

	while ((n = recv(peers, text, sizeof(text), 0)) > 0)
		len += n;
	assert_int_equal(n, 0);
	assert_int_equal(len, words);
}

/* Before our end closes, while it does, and behind it. */
static void unread_bytes_are_no_reset(void **state)
{
	static const char text[WORDS];
	ssize_t words;

	(void)state;
	connected();
	much_is_said();
	words = send(ours, text, sizeof(text), MSG_DONTWAIT);
	assert_true(words > 4 * SMALL);
	socket_end(ours);
	for (int i = 0; i < 20; i++)
		much_is_said();
	words_are_heard(words);
}

/* The FIN of a close(2), as an RST answers whoever goes on for too long. */
static bool is_closed_within(int ms)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	struct pollfd reset = { .fd = peers, .events = 0 };

	while (clock_monotonic_ns() - begin_ns <
	       (uint64_t)ms * CLOCK_NS_PER_MS) {
		send(peers, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (poll(&reset, 1, 20) > 0 && reset.revents & POLLERR)
			return true;
	}
	return false;
}

static void nobody_is_waited_for_without_end(void **state)
{
	(void)state;
	connected();
	socket_end(ours);
	assert_true(is_closed_within(20 * SOCKET_END_MS));
}

static void too_much_is_cut_off(void **state)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	uint64_t len = 0;
	ssize_t n = 0;

	(void)state;
	connected();
	socket_end(ours);
	while (n >= 0 &&
	       clock_monotonic_ns() - begin_ns < 20 * CLOCK_NS_PER_S) {
		static const char junk[65536];

		n = send(peers, junk, sizeof(junk), MSG_NOSIGNAL);
		len += n > 0 ? (uint64_t)n : 0;
	}
	assert_true(n < 0);
	/* And what its buffers take. */
	assert_true(len < 16 * (uint64_t)SOCKET_END_BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(unread_bytes_are_no_reset, clean),
		cmocka_unit_test_teardown(nobody_is_waited_for_without_end,
					  clean),
		cmocka_unit_test_teardown(too_much_is_cut_off, clean),
	};

	return cmocka_run_group_tests_name("socket_end", tests, NULL, NULL);
}
