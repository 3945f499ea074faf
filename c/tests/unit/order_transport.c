/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "order/transport_ops.h"

#define LONG_LEN (1 << 20)

static void unknown_name_or_option_is_refused(void **state)
{
	static const char *const texts[] = { "",  "sen",	 "sendto",
					     ":", "send:more=1", "null:x=y" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct transport *transport = (void *)-1;

		assert_int_equal(transport_open(texts[i], -1, &transport),
				 -EINVAL);
		assert_null(transport);
	}
	transport_close(NULL);
}

static void every_kind_is_whole_and_listed(void **state)
{
	const struct transport_ops *ops;
	unsigned int n = 0;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	registry_print(&transports, out);
	fclose(out);
	for (; (ops = transport_kind(n)); n++) {
		assert_non_null(strstr(text, ops->entry.name));
		assert_non_null(strstr(text, ops->entry.help));
		if (ops->entry.unavailable_reason)
			continue;
		assert_true(ops->entry.size >= sizeof(struct transport));
		assert_non_null(ops->send);
	}
	assert_true(n >= 2);
	free(text);
}

static void descriptor_stays_the_callers(void **state)
{
	struct transport *transport;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("send", fds[0], &transport), 0);
	assert_string_equal(transport_name(transport), "send");
	transport_close(transport);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

struct reader {
	int fd;
	pthread_t sender;
	bool signals;
	uint8_t *bytes;
};

static void *slow_read(void *context)
{
	struct reader *reader = context;
	size_t len = 0;
	ssize_t n = 1;

	while (len < LONG_LEN && n > 0) {
		size_t piece = LONG_LEN - len < 1000 ? LONG_LEN - len : 1000;

		if (reader->signals)
			pthread_kill(reader->sender, SIGUSR1);
		n = read(reader->fd, reader->bytes + len, piece);
		len += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

/* Far more than the socket holds, so that the send waits on its way. */
static void long_send(bool signals)
{
	struct reader reader = { .sender = pthread_self(), .signals = signals };
	uint8_t *bytes = malloc(LONG_LEN);
	struct transport *transport;
	pthread_t thread;
	int fds[2];

	reader.bytes = calloc(1, LONG_LEN);
	assert_true(bytes && reader.bytes);
	for (size_t i = 0; i < LONG_LEN; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("send", fds[0], &transport), 0);
	reader.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, slow_read, &reader), 0);
	for (size_t at = 0; at < LONG_LEN;) {
		int err = transport_send(transport, bytes + at,
					 TRANSPORT_BYTES_MAX);

		assert_true(!err || err == -EAGAIN);
		at += err ? 0 : TRANSPORT_BYTES_MAX;
	}
	while (transport->rest_len)
		assert_int_equal(transport_alive(transport), 0);
	pthread_join(thread, NULL);
	assert_memory_equal(reader.bytes, bytes, LONG_LEN);
	transport_close(transport);
	close(fds[0]);
	close(fds[1]);
	free(reader.bytes);
	free(bytes);
}

static void long_send_is_whole(void **state)
{
	(void)state;
	long_send(false);
}

static void on_signal(int number)
{
	(void)number;
}

/* They cut send(2) short in the middle. */
static void signals_lose_nothing(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	(void)state;
	sigaction(SIGUSR1, &action, &before);
	long_send(true);
	sigaction(SIGUSR1, &before, NULL);
}

static void closed_peer_is_epipe_without_a_signal(void **state)
{
	struct transport *transport;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("send", fds[0], &transport), 0);
	close(fds[1]);
	assert_int_equal(transport_send(transport, (const uint8_t *)"x", 1),
			 -EPIPE);
	transport_close(transport);
	close(fds[0]);
}

static void nothing_to_send_is_no_error(void **state)
{
	struct transport *transport;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("send", fds[0], &transport), 0);
	assert_int_equal(transport_send(transport, NULL, 0), 0);
	transport_close(transport);
	close(fds[0]);
	close(fds[1]);
}

static void too_much_is_refused_whole(void **state)
{
	static const uint8_t bytes[TRANSPORT_BYTES_MAX + 1];
	struct transport *transport;
	uint8_t byte;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("send", fds[0], &transport), 0);
	assert_int_equal(transport_send(transport, bytes, sizeof(bytes)),
			 -EMSGSIZE);
	assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
	transport_close(transport);
	close(fds[0]);
	close(fds[1]);
}

static void null_drops(void **state)
{
	struct transport *transport;

	(void)state;
	assert_int_equal(transport_open("null", -1, &transport), 0);
	assert_int_equal(transport_send(transport, (const uint8_t *)"x", 1), 0);
	transport_close(transport);
}

/* WRITE_FIXED has no MSG_NOSIGNAL. */
static void a_registered_buffer_needs_sigpipe_ignored(void **state)
{
	extern const struct transport_ops transport_uring_ops;
	struct transport *transport;
	const char *why;
	int fds[2];

	(void)state;
	why = transport_uring_ops.entry.unavailable_reason;
	if (why || transport_uring_ops.entry.probe(&why) < 0) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	/* Some sudo hands on that it is ignored. */
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(transport_open("uring:registered_buffer=on", fds[0],
					&transport),
			 -EOPNOTSUPP);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(transport_open("uring:registered_buffer=on", fds[0],
					&transport),
			 0);
	close(fds[1]);
	assert_int_equal(transport_send(transport, (const uint8_t *)"x", 1),
			 -EPIPE);
	transport_close(transport);
	signal(SIGPIPE, SIG_DFL);
	close(fds[0]);
}

/* It is for TCP. */
static void zerocopy_says_where_it_cannot(void **state)
{
	struct transport *transport = (void *)-1;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_int_equal(transport_open("zerocopy", fds[0], &transport),
			 -EOPNOTSUPP);
	assert_null(transport);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_name_or_option_is_refused),
		cmocka_unit_test(every_kind_is_whole_and_listed),
		cmocka_unit_test(descriptor_stays_the_callers),
		cmocka_unit_test(long_send_is_whole),
		cmocka_unit_test(signals_lose_nothing),
		cmocka_unit_test(closed_peer_is_epipe_without_a_signal),
		cmocka_unit_test(nothing_to_send_is_no_error),
		cmocka_unit_test(too_much_is_refused_whole),
		cmocka_unit_test(null_drops),
		cmocka_unit_test(a_registered_buffer_needs_sigpipe_ignored),
		cmocka_unit_test(zerocopy_says_where_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
