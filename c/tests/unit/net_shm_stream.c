/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/shm_stream.h"
#include "tests/support/descriptors.h"

#define SOON_MS 60000
#define ADDRESS "@t2t-test-stream"
#define PORT	9012
#define SLOTS	4

static struct shm_stream_config config = { .who = "test", .slots = SLOTS };
static struct shm_stream_config sleeping = { .who = "test",
					     .slots = SLOTS,
					     .sleeps = true };
static struct shm_listener listener;
static struct shm_stream near, far;

static int listen_for_them(void **state)
{
	(void)state;
	config.address = (struct sockaddr_in){ .sin_family = AF_INET,
					       .sin_port = htons(PORT) };
	config.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sleeping.address = config.address;
	return shm_socket_listen(&listener, "test", ADDRESS);
}

static int unlisten(void **state)
{
	(void)state;
	shm_socket_unlisten(&listener);
	return 0;
}

static void readable_wait(int fd)
{
	assert_int_equal(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, SOON_MS),
			 1);
}

static void far_accept(const struct shm_stream_config *how)
{
	readable_wait(listener.fd);
	assert_int_equal(shm_stream_accept(&far, how, &listener, 50000), 0);
}

/* 1, or a negative errno. */
static int far_greet(void)
{
	int rc;

	do {
		readable_wait(far.fd);
		rc = shm_stream_greet(&far);
	} while (rc == 0);
	return rc;
}

static void *far_open(void *how)
{
	far_accept(how);
	assert_int_equal(far_greet(), 1);
	return NULL;
}

static void pair_open(struct shm_stream_config *how)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, far_open, how), 0);
	assert_int_equal(
		shm_stream_connect(&near, &config, ADDRESS, SOON_MS, NULL), 0);
	pthread_join(thread, NULL);
}

static void pair_close(void)
{
	shm_stream_close(&near);
	shm_stream_close(&far);
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at * 7 + at / 251 + at / 65521);
}

/* len bytes of the stream from *at on; what was received of them is right. */
static void bytes_check(const uint8_t *bytes, size_t len, size_t *at)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != byte_at(*at + i))
			fail_msg("byte %zu is wrong", *at + i);
	*at += len;
}

static void bytes_make(uint8_t *bytes, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(at + i);
}

/* Over TCP that is half of it, until we close ours: poll(2), POLLRDHUP. */
static void an_end_that_said_goodbye_is_gone(void **state)
{
	struct shm_stream stream = { .config = &config };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	stream.fd = ends[0];
	assert_int_equal(shm_stream_alive(&stream), 0);
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	assert_int_equal(shm_stream_alive(&stream), -EPIPE);
	close(ends[0]);
	close(ends[1]);
}

static void ends_meet(void **state)
{
	uint8_t bytes[4096];
	ssize_t n;

	(void)state;
	pair_open(&config);
	assert_int_equal(ntohs(near.own.sin_port), 50000);
	assert_int_equal(near.own.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(far.other.sin_port, near.own.sin_port);
	assert_int_equal(far.other.sin_addr.s_addr, near.own.sin_addr.s_addr);
	assert_int_equal(shm_stream_receive(&far, bytes, sizeof(bytes)), 0);
	assert_int_equal(shm_stream_send(&near, (const uint8_t *)"there", 5),
			 5);
	assert_int_equal(shm_stream_untaken(&near), 5);
	assert_int_equal(shm_stream_unread(&far), 5);
	/* In parts, where there is no room for more. */
	assert_int_equal(shm_stream_receive(&far, bytes, 3), 3);
	assert_int_equal(shm_stream_unread(&far), 2);
	assert_int_equal(shm_stream_untaken(&near), 0);
	assert_int_equal(shm_stream_receive(&far, bytes + 3, 10), 2);
	assert_memory_equal(bytes, "there", 5);
	assert_int_equal(shm_stream_send(&far, (const uint8_t *)"back", 4), 4);
	n = shm_stream_receive(&near, bytes, sizeof(bytes));
	assert_int_equal(n, 4);
	assert_memory_equal(bytes, "back", 4);
	assert_int_equal(shm_stream_alive(&near), 0);
	pair_close();
}

/* No more than the ring has slots for; the rest when there is room again. */
static void a_full_ring_takes_no_more(void **state)
{
	const size_t most = SLOTS * SHM_RING_MESSAGE_MAX;
	static uint8_t bytes[SLOTS * SHM_RING_MESSAGE_MAX + 100];
	uint8_t part[1000];
	size_t at = 0;

	(void)state;
	pair_open(&config);
	bytes_make(bytes, sizeof(bytes), 0);
	assert_int_equal(shm_stream_send(&near, bytes, sizeof(bytes)), most);
	assert_int_equal(shm_stream_send(&near, bytes + most, 100), 0);
	assert_int_equal(shm_stream_wait(&near, 20), 0);
	assert_int_equal(shm_stream_untaken(&near), most);
	assert_int_equal(shm_stream_unread(&far), most);
	while (at < most) {
		ssize_t n = shm_stream_receive(&far, part, sizeof(part));

		assert_true(n > 0);
		bytes_check(part, (size_t)n, &at);
	}
	assert_int_equal(shm_stream_untaken(&near), 0);
	assert_int_equal(shm_stream_send(&near, bytes + most, 100), 100);
	assert_int_equal(shm_stream_receive(&far, part, sizeof(part)), 100);
	bytes_check(part, 100, &at);
	pair_close();
}

#define TOTAL (1 << 19)

static void *all_send(void *argument)
{
	static uint8_t bytes[6000];
	size_t at = 0, i = 0;

	(void)argument;
	while (at < TOTAL) {
		size_t len = 1 + (i++ * 7919) % sizeof(bytes);
		ssize_t n;

		if (len > TOTAL - at)
			len = TOTAL - at;
		bytes_make(bytes, len, at);
		n = shm_stream_send(&near, bytes, len);
		assert_true(n >= 0);
		at += (size_t)n;
		if (n == 0)
			shm_stream_wait(&near, 1);
		if (i % 64 == 0)
			usleep(100);
	}
	return NULL;
}

/* No byte is lost, torn or late for ever. */
static void through(struct shm_stream_config *how)
{
	uint8_t bytes[3000];
	pthread_t thread;
	size_t at = 0, i = 0;

	pair_open(how);
	assert_int_equal(pthread_create(&thread, NULL, all_send, NULL), 0);
	while (at < TOTAL) {
		const size_t room = 1 + (i++ * 104729) % sizeof(bytes);
		const ssize_t n = shm_stream_receive(&far, bytes, room);

		assert_true(n >= 0);
		bytes_check(bytes, (size_t)n, &at);
		if (n == 0 && !shm_stream_is_behind(&far))
			readable_wait(far.fd);
		else if (n == 0)
			sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(shm_stream_untaken(&near), 0);
	pair_close();
}

static void who_spins_has_all(void **state)
{
	(void)state;
	through(&config);
}

static void who_sleeps_is_woken(void **state)
{
	(void)state;
	through(&sleeping);
}

/* Who spins is never woken, and who sleeps only once it has asked. */
static void nobody_is_woken_in_vain(void **state)
{
	struct pollfd readable = { .events = POLLIN };
	uint8_t byte;

	(void)state;
	pair_open(&config);
	assert_int_equal(shm_stream_send(&near, (const uint8_t *)"x", 1), 1);
	readable.fd = far.fd;
	assert_int_equal(poll(&readable, 1, 0), 0);
	pair_close();
	pair_open(&sleeping);
	readable.fd = far.fd;
	assert_int_equal(shm_stream_send(&near, (const uint8_t *)"x", 1), 1);
	assert_int_equal(poll(&readable, 1, 0), 1);
	assert_int_equal(recv(far.fd, &byte, 1, MSG_DONTWAIT), 1);
	assert_int_equal(shm_stream_send(&near, (const uint8_t *)"x", 1), 1);
	assert_int_equal(poll(&readable, 1, 0), 0);
	pair_close();
}

/*
 * The end of the other one.
 */

static void what_was_sent_before_the_end_is_had(void **state)
{
	uint8_t bytes[16];
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (shm_stream_connect(&near, &config, ADDRESS, SOON_MS, NULL) <
			    0 ||
		    shm_stream_send(&near, (const uint8_t *)"last", 4) != 4)
			_exit(1);
		for (;;)
			pause();
	}
	far_open(&sleeping);
	while (shm_stream_unread(&far) < 4)
		usleep(1000);
	assert_int_equal(shm_stream_alive(&far), 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	while (shm_stream_alive(&far) == 0)
		usleep(1000);
	assert_int_equal(shm_stream_receive(&far, bytes, sizeof(bytes)), 4);
	assert_memory_equal(bytes, "last", 4);
	assert_int_equal(shm_stream_receive(&far, bytes, sizeof(bytes)),
			 -EPIPE);
	assert_int_equal(shm_stream_receive(&far, bytes, sizeof(bytes)),
			 -EPIPE);
	assert_int_equal(shm_stream_send(&far, bytes, 1), -EPIPE);
	shm_stream_close(&far);
}

/* Who spins looks at the socket now and then; who has no room at once. */
static void an_end_is_found_without_asking(void **state)
{
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
	const uint64_t deadline = clock_monotonic_ns() + 30 * CLOCK_NS_PER_S;
	ssize_t n = 0;

	(void)state;
	pair_open(&config);
	shm_stream_close(&far);
	while (n == 0 && clock_monotonic_ns() < deadline)
		n = shm_stream_receive(&near, bytes, sizeof(bytes));
	assert_int_equal(n, -EPIPE);
	shm_stream_close(&near);
	pair_open(&config);
	shm_stream_close(&far);
	for (int i = 0; i < SLOTS; i++)
		assert_int_equal(shm_stream_send(&near, bytes, 1), 1);
	assert_int_equal(shm_stream_send(&near, bytes, 1), -EPIPE);
	assert_int_equal(shm_stream_untaken(&near), SLOTS);
	shm_stream_close(&near);
}

/* Packets that nobody asked for hide no end. */
static void packets_hide_no_end(void **state)
{
	uint8_t bytes[16];
	ssize_t n = 0;

	(void)state;
	pair_open(&sleeping);
	while (send(near.fd, "flood", 5, MSG_DONTWAIT) > 0)
		;
	assert_int_equal(shm_stream_alive(&far), 0);
	shm_stream_close(&near);
	for (int i = 0; i < 1000 && n == 0; i++)
		n = shm_stream_receive(&far, bytes, sizeof(bytes));
	assert_int_equal(n, -EPIPE);
	shm_stream_close(&far);
}

/*
 * Another end that lies.
 */

/* Whatever was done to near's memory, far says so, once and for ever. */
static void far_breaks(void)
{
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
	ssize_t n = 0;

	for (int i = 0; i < 3 && n >= 0; i++)
		n = shm_stream_receive(&far, bytes, sizeof(bytes));
	assert_int_equal(n, -EPROTO);
	assert_int_equal(shm_stream_receive(&far, bytes, 1), -EPROTO);
	assert_int_equal(shm_stream_send(&far, bytes, 1), -EPROTO);
	assert_int_equal(shm_stream_alive(&far), -EPROTO);
	pair_close();
}

static void a_message_that_lies_ends_it(void **state)
{
	static const uint32_t lens[] = { 0, SHM_RING_MESSAGE_MAX + 1,
					 UINT32_MAX };
	static const uint64_t turns[] = { 2, 5, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		pair_open(&config);
		shm_writer_put(&near.out, "x", 1, NULL);
		near.out.slots[0].len = lens[i];
		assert_in_range(shm_stream_unread(&far), 0,
				SLOTS * SHM_RING_MESSAGE_MAX);
		far_breaks();
	}
	/* 5: as if it had gone round without room. */
	for (size_t i = 0; i < ARRAY_SIZE(turns); i++) {
		pair_open(&config);
		atomic_store(&near.out.slots[0].turn, turns[i]);
		far_breaks();
	}
}

static void a_count_that_lies_ends_it(void **state)
{
	static const uint64_t counts[] = { SLOTS + 1, UINT64_MAX, 1 };
	const uint8_t byte = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		pair_open(&config);
		for (int j = 0; j < SLOTS; j++)
			assert_int_equal(shm_stream_send(&near, &byte, 1), 1);
		/* It goes no way back. */
		near.given = counts[i] == 1 ? 2 : 0;
		atomic_store(&far.out.head->taken, counts[i]);
		atomic_store(&near.out.next, near.given + SLOTS);
		assert_in_range(shm_stream_untaken(&near), 0, SLOTS);
		assert_int_equal(shm_stream_send(&near, &byte, 1), -EPROTO);
		assert_int_equal(shm_stream_send(&near, &byte, 1), -EPROTO);
		pair_close();
	}
}

/* A hello from who is no end of ours: what greet() makes of it. */
static int stranger(const struct shm_hello *hello, int memory, const void *raw,
		    size_t len)
{
	struct shm_hello copy = hello ? *hello : (struct shm_hello){ 0 };
	int fd = shm_socket_connect("test", ADDRESS, SOON_MS), rc;

	far_accept(&config);
	assert_int_equal(shm_stream_greet(&far), 0);
	if (hello)
		assert_int_equal(shm_hello_send(fd, &copy, memory), 0);
	else if (raw)
		assert_int_equal(send(fd, raw, len, 0), len);
	else
		close(fd);
	rc = far_greet();
	if (hello || raw)
		close(fd);
	shm_stream_close(&far);
	return rc;
}

static void strangers_are_refused(void **state)
{
	struct shm_hello hello = { .kind = SHM_HELLO_ORDERS }, other;
	struct shm_writer ring;
	static uint8_t raw[sizeof(struct shm_hello) + 1];
	const unsigned int before = descriptors();
	int fds[2];

	(void)state;
	hello.to = config.address;
	assert_int_equal(shm_writer_open(&ring, SLOTS), 0);
	assert_int_equal(stranger(NULL, -1, NULL, 0), -EPIPE);
	assert_int_equal(stranger(NULL, -1, raw, 1), -EPROTO);
	assert_int_equal(stranger(NULL, -1, raw, sizeof(hello)), -EPROTO);
	assert_int_equal(stranger(NULL, -1, raw, sizeof(raw)), -EPROTO);
	assert_int_equal(stranger(&hello, -1, NULL, 0), -EPROTO);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(stranger(&hello, fds[0], NULL, 0), -EPERM);
	close(fds[0]);
	close(fds[1]);
	other = hello;
	other.kind = SHM_HELLO_DATA;
	assert_int_equal(stranger(&other, ring.fd, NULL, 0), -EPROTO);
	other = hello;
	other.to.sin_port = 1;
	assert_int_equal(stranger(&other, ring.fd, NULL, 0), -EADDRNOTAVAIL);
	ring.head->slots = 1u << 31;
	assert_int_equal(stranger(&hello, ring.fd, NULL, 0), -EBADMSG);
	shm_writer_close(&ring);
	assert_int_equal(descriptors(), before);
}

static void nobody_there_is_told(void **state)
{
	const volatile int stop = 1;

	(void)state;
	assert_int_equal(
		shm_stream_connect(&near, &config, "@t2t-nobody", 60, NULL),
		-ECONNREFUSED);
	assert_int_equal(shm_stream_connect(&near, &config, "@t2t-nobody",
					    SOON_MS, &stop),
			 -EINTR);
	/* Somebody, who says nothing. */
	assert_int_equal(shm_stream_connect(&near, &config, ADDRESS, 60, NULL),
			 -ETIMEDOUT);
	far_accept(&config);
	shm_stream_close(&far);
	config.tap = "@t2t-no-tap";
	assert_int_equal(shm_stream_connect(&near, &config, ADDRESS, 0, NULL),
			 -ETIMEDOUT);
	config.tap = NULL;
	far_accept(&config);
	shm_stream_close(&far);
}

static void nothing_is_left(void **state)
{
	const unsigned int before = descriptors();

	(void)state;
	for (int i = 0; i < 50; i++) {
		pair_open(&sleeping);
		pair_close();
	}
	assert_int_equal(descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_meet),
		cmocka_unit_test(an_end_that_said_goodbye_is_gone),
		cmocka_unit_test(a_full_ring_takes_no_more),
		cmocka_unit_test(who_spins_has_all),
		cmocka_unit_test(who_sleeps_is_woken),
		cmocka_unit_test(nobody_is_woken_in_vain),
		cmocka_unit_test(what_was_sent_before_the_end_is_had),
		cmocka_unit_test(an_end_is_found_without_asking),
		cmocka_unit_test(packets_hide_no_end),
		cmocka_unit_test(a_message_that_lies_ends_it),
		cmocka_unit_test(a_count_that_lies_ends_it),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(nobody_there_is_told),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests_name("net/shm_stream", tests,
					   listen_for_them, unlisten);
}
