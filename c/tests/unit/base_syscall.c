/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/syscall.h"

static void pair_open(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
}

static void bytes_pass(void **state)
{
	char room[8] = "";
	int ends[2];

	(void)state;
	pair_open(ends);
	assert_int_equal(syscall_send(ends[0], "order", 5, MSG_NOSIGNAL), 5);
	assert_int_equal(syscall_recv(ends[1], room, sizeof(room), 0), 5);
	assert_memory_equal(room, "order", 6);
	close(ends[0]);
	assert_int_equal(syscall_recv(ends[1], room, sizeof(room), 0), 0);
	close(ends[1]);
}

static void a_message_is_written(void **state)
{
	char room[4] = "";
	struct iovec bytes = { room, sizeof(room) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
	int ends[2];

	(void)state;
	pair_open(ends);
	assert_int_equal(syscall_send(ends[0], "longer", 6, 0), 6);
	/* The flags are an argument of their own: the datagram's length. */
	assert_int_equal(syscall_recvmsg(ends[1], &message, MSG_TRUNC), 6);
	assert_int_equal(message.msg_flags & MSG_TRUNC, MSG_TRUNC);
	assert_memory_equal(room, "long", 4);
	close(ends[0]);
	close(ends[1]);
}

static void errors_are_negative(void **state)
{
	struct msghdr message = { 0 };
	char room[1];
	int ends[2];

	(void)state;
	pair_open(ends);
	errno = 0;
	assert_int_equal(syscall_recv(ends[1], room, 1, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(syscall_recvmsg(-1, &message, 0), -EBADF);
	close(ends[1]);
	assert_int_equal(syscall_send(ends[0], room, 1, MSG_NOSIGNAL), -EPIPE);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass),
		cmocka_unit_test(a_message_is_written),
		cmocka_unit_test(errors_are_negative),
	};

	return cmocka_run_group_tests_name("base/syscall", tests, NULL, NULL);
}
