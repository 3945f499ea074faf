/* SPDX-License-Identifier: MIT */
/* A stream over RDMA and datagrams to a group, on a device in our own memory:
 * what is ours of it. What devices do is lab/rdma's to show. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "net/rdma_stream.h"

#ifdef HAVE_RDMA

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/rdma_group.h"
#include "tests/support/descriptors.h"
#include "tests/support/fake_rdma.h"
#include "tests/support/log_catch.h"

#define SLOTS 16

static struct rdma_listener listener;
static struct rdma_stream near_end, far_end;
static struct sockaddr_in place = { .sin_family = AF_INET };
static struct rdma_stream_config config;

static void *accept_one(void *context)
{
	struct pollfd readable = { listener.channel->fd, POLLIN, 0 };
	struct rdma_stream_config its = config;

	(void)context;
	its.sleeps = true;
	assert_int_equal(poll(&readable, 1, 5000), 1);
	assert_int_equal(rdma_stream_accept(&far_end, &its, &listener), 0);
	return NULL;
}

static void both_open(enum rdma_stream_how how)
{
	pthread_t thread;

	config.how = how;
	assert_int_equal(rdma_stream_listen(&listener, "test", &place, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, accept_one, NULL), 0);
	assert_int_equal(
		rdma_stream_connect(&near_end, &config, &place, 5000, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(rdma_stream_greet(&far_end), 1);
}

static int setup(void **state)
{
	(void)state;
	place.sin_port = htons(9100);
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	config = (struct rdma_stream_config){ .who = "test",
					      .slots = SLOTS,
					      .inline_len = 64 };
	fake_rdma_use();
	fake_rdma_devices(1);
	fake_rdma_vanish(false);
	fake_rdma_immediate_add(0);
	listener = (struct rdma_listener){ .rdma = NULL };
	near_end = far_end = (struct rdma_stream){ .fd = -1 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rdma_stream_close(&near_end);
	rdma_stream_close(&far_end);
	rdma_stream_unlisten(&listener);
	return 0;
}

/* All of them: what one sends the other one takes. */
static void said(struct rdma_stream *from, struct rdma_stream *to,
		 const char *text)
{
	char bytes[64];
	const size_t len = strlen(text);

	assert_int_equal(rdma_stream_send(from, (const uint8_t *)text, len),
			 len);
	assert_int_equal(
		rdma_stream_receive(to, (uint8_t *)bytes, sizeof(bytes)), len);
	assert_memory_equal(bytes, text, len);
}

static void both_ways(enum rdma_stream_how how)
{
	both_open(how);
	for (unsigned int i = 0; i < 5 * SLOTS; i++) {
		said(&near_end, &far_end, i % 2 ? "an order" : "o");
		said(&far_end, &near_end, "an answer");
	}
	assert_int_equal(rdma_stream_unacknowledged(&near_end), 0);
	assert_int_equal(far_end.other.sin_port, near_end.own.sin_port);
	assert_true(near_end.own.sin_port != 0);
	assert_int_equal(near_end.target.slots,
			 how == RDMA_STREAM_WRITE ? 2 * SLOTS : 0);
}

static void messages_are_sent(void **state)
{
	(void)state;
	both_ways(RDMA_STREAM_SEND);
}

static void messages_are_written(void **state)
{
	(void)state;
	both_ways(RDMA_STREAM_WRITE);
}

static void parts_are_taken(void **state)
{
	uint8_t byte;

	(void)state;
	both_open(RDMA_STREAM_WRITE);
	assert_int_equal(rdma_stream_send(&near_end, (const void *)"abc", 3),
			 3);
	assert_int_equal(rdma_stream_unread(&far_end), 3);
	for (char wanted = 'a'; wanted <= 'c'; wanted++) {
		assert_true(rdma_stream_is_behind(&far_end));
		assert_int_equal(rdma_stream_receive(&far_end, &byte, 1), 1);
		assert_int_equal(byte, wanted);
	}
	assert_int_equal(rdma_stream_receive(&far_end, &byte, 1), 0);
	assert_false(rdma_stream_is_behind(&far_end));
	assert_int_equal(rdma_stream_unread(&far_end), 0);
}

/* As many as the other end has room for lie with it, as many as ours wait
 * here; no slot is written twice before it was taken. */
static void a_closed_window(enum rdma_stream_how how)
{
	uint32_t number = 0, read;
	unsigned int sent = 0;

	both_open(how);
	while (rdma_stream_send(&near_end, (const void *)&number,
				sizeof(number)) > 0) {
		number++;
		assert_true(++sent < 1000);
	}
	assert_int_equal(sent, 2 * SLOTS);
	assert_int_equal(rdma_stream_unacknowledged(&near_end),
			 SLOTS * sizeof(number));
	for (unsigned int i = 0; i < 10 * SLOTS; i++) {
		assert_int_equal(rdma_stream_receive(&far_end, (void *)&read,
						     sizeof(read)),
				 sizeof(read));
		assert_int_equal(read, i);
		assert_int_equal(rdma_stream_send(&near_end,
						  (const void *)&number,
						  sizeof(number)),
				 sizeof(number));
		number++;
	}
}

static void a_closed_window_of_sends(void **state)
{
	(void)state;
	a_closed_window(RDMA_STREAM_SEND);
}

static void a_closed_window_of_writes(void **state)
{
	(void)state;
	a_closed_window(RDMA_STREAM_WRITE);
}

/* poll(2) tells of it, and of nothing else. */
static void who_sleeps_is_woken(void **state)
{
	struct pollfd readable = { .events = POLLIN };
	uint8_t bytes[8];

	(void)state;
	both_open(RDMA_STREAM_SEND);
	readable.fd = far_end.fd;
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), 0);
	assert_false(rdma_stream_is_behind(&far_end));
	assert_int_equal(poll(&readable, 1, 0), 0);
	assert_int_equal(rdma_stream_send(&near_end, (const void *)"abc", 3),
			 3);
	assert_int_equal(poll(&readable, 1, 1000), 1);
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), 3);
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), 0);
	assert_int_equal(poll(&readable, 1, 0), 0);
	rdma_stream_close(&near_end);
	assert_int_equal(poll(&readable, 1, 1000), 1);
}

static void what_was_sent_before_the_end_is_taken(void **state)
{
	uint8_t bytes[8];

	(void)state;
	both_open(RDMA_STREAM_WRITE);
	assert_int_equal(rdma_stream_send(&near_end, (const void *)"abc", 3),
			 3);
	rdma_stream_close(&near_end);
	poll(NULL, 0, 2);
	assert_int_equal(rdma_stream_alive(&far_end), -EPIPE);
	assert_int_equal(rdma_stream_ended(&far_end), 0);
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), 3);
	assert_int_equal(rdma_stream_ended(&far_end), -EPIPE);
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), -EPIPE);
	assert_int_equal(rdma_stream_send(&far_end, bytes, 1), -EPIPE);
}

/* A machine that vanished is noticed by a word, though nobody sends. */
static void silence_is_noticed(void **state)
{
	const uint64_t until_ns = clock_monotonic_ns() + 5 * CLOCK_NS_PER_S;

	(void)state;
	config.keepalive_ns = 20 * CLOCK_NS_PER_MS;
	both_open(RDMA_STREAM_SEND);
	/* Words are acknowledged, and nothing comes of them. */
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(rdma_stream_alive(&near_end), 0);
		poll(NULL, 0, 10);
	}
	assert_true(near_end.queue.posted > 1);
	assert_int_equal(rdma_stream_unread(&far_end), 0);
	fake_rdma_vanish(true);
	while (rdma_stream_alive(&near_end) == 0)
		assert_true(clock_monotonic_ns() < until_ns);
	assert_int_equal(rdma_stream_alive(&near_end), -ETIMEDOUT);
}

/* An immediate that is not the next number writes where it must not. */
static void a_wrong_number_ends_it(void **state)
{
	uint8_t bytes[8];

	(void)state;
	both_open(RDMA_STREAM_WRITE);
	said(&near_end, &far_end, "right");
	fake_rdma_immediate_add(1);
	assert_int_equal(rdma_stream_send(&near_end, (const void *)"abc", 3),
			 3);
	log_catch();
	assert_int_equal(rdma_stream_receive(&far_end, bytes, 8), -EPROTO);
	assert_true(is_one_line(log_caught(), "none of ours"));
}

static void nobody_listens(void **state)
{
	const unsigned int before = descriptors();

	(void)state;
	log_catch();
	assert_int_equal(
		rdma_stream_connect(&near_end, &config, &place, 100, NULL),
		-ECONNREFUSED);
	assert_true(
		is_one_line(log_caught(), "can't connect to 127.0.0.1:9100"));
	assert_int_equal(descriptors(), before);
}

static void no_device_is_told_with_its_interface(void **state)
{
	const char *caught;

	(void)state;
	fake_rdma_devices(0);
	log_catch();
	assert_int_equal(
		rdma_stream_connect(&near_end, &config, &place, 100, NULL),
		-ENODEV);
	assert_int_equal(rdma_stream_listen(&listener, "test", &place, 1),
			 -ENODEV);
	caught = log_caught();
	assert_non_null(strstr(caught, "no RDMA device on lo (127.0.0.1)"));
	assert_non_null(
		strstr(caught, "rdma link add rxe0 type rxe netdev lo"));
}

static void too_much_inline_is_told(void **state)
{
	(void)state;
	config.inline_len = 1024;
	log_catch();
	assert_int_equal(rdma_stream_listen(&listener, "test", &place, 1), 0);
	assert_int_equal(
		rdma_stream_connect(&near_end, &config, &place, 100, NULL),
		-EINVAL);
	assert_true(is_one_line(log_caught(), "inline="));
}

static void a_signal_ends_the_wait(void **state)
{
	const volatile int stop = 1;

	(void)state;
	assert_int_equal(
		rdma_stream_connect(&near_end, &config, &place, 60000, &stop),
		-EINTR);
}

/*
 * Groups.
 */

static struct rdma_group from, to;

static void groups_open(uint16_t from_port)
{
	struct rdma_group_config its = { .who = "test",
					 .group = place,
					 .own = place.sin_addr,
					 .sleeps = true,
					 .receives = 64 };

	its.group.sin_addr.s_addr = inet_addr("239.255.0.1");
	its.group.sin_port = htons(12345);
	assert_int_equal(rdma_group_open(&to, &its), 0);
	its.receives = 0;
	its.sleeps = false;
	its.sends = 64;
	its.group.sin_port = htons(from_port);
	assert_int_equal(rdma_group_open(&from, &its), 0);
}

static void group_sends(uint16_t port, struct in_addr source,
			enum rdma_datagram wanted)
{
	struct ibv_wc come;

	groups_open(port);
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(rdma_group_send(&from, (const void *)"abc", 3),
				 0);
		assert_int_equal(rdma_queue_take(&to.queue, &come, 1), 1);
		assert_int_equal(rdma_group_look(&to, &come, source), wanted);
		assert_int_equal(come.byte_len, RDMA_GRH_LEN + 3);
		assert_memory_equal(
			rdma_queue_slot(&to.queue, (uint32_t)come.wr_id) +
				RDMA_GRH_LEN,
			"abc", 3);
		assert_int_equal(
			rdma_queue_offer(&to.queue, (uint32_t)come.wr_id), 0);
	}
	rdma_group_close(&from);
	rdma_group_close(&to);
}

static void a_group_hears(void **state)
{
	const struct in_addr any = { 0 };
	const struct in_addr other = { htonl(0x0a000001) };

	(void)state;
	group_sends(12345, any, RDMA_DATAGRAM_OURS);
	group_sends(12345, place.sin_addr, RDMA_DATAGRAM_OURS);
	group_sends(12345, other, RDMA_DATAGRAM_STRANGERS);
	group_sends(12346, any, RDMA_DATAGRAM_OTHER);
}

static void too_long_a_datagram_is_refused(void **state)
{
	static const uint8_t bytes[1025];

	(void)state;
	groups_open(12345);
	assert_int_equal(rdma_group_send(&from, bytes, 1024), 0);
	assert_int_equal(rdma_group_send(&from, bytes, 1025), -EMSGSIZE);
	rdma_group_close(&from);
	rdma_group_close(&to);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_are_sent),
		TEST(messages_are_written),
		TEST(parts_are_taken),
		TEST(a_closed_window_of_sends),
		TEST(a_closed_window_of_writes),
		TEST(who_sleeps_is_woken),
		TEST(what_was_sent_before_the_end_is_taken),
		TEST(silence_is_noticed),
		TEST(a_wrong_number_ends_it),
		TEST(nobody_listens),
		TEST(no_device_is_told_with_its_interface),
		TEST(too_much_inline_is_told),
		TEST(a_signal_ends_the_wait),
		TEST(a_group_hears),
		TEST(too_long_a_datagram_is_refused),
	};

	return cmocka_run_group_tests_name("net/rdma_stream", tests, NULL,
					   NULL);
}

#else

static void without_rdma(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "all: built without rdma-core", without_rdma, NULL, NULL,
		  NULL },
	};

	return cmocka_run_group_tests_name("net/rdma_stream", tests, NULL,
					   NULL);
}

#endif
