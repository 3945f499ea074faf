/* SPDX-License-Identifier: MIT */
/* The socket to ask by, and its answers, on the loopback. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/log_catch.h"
#include "trader/sources.h"

#define SOON_MS 5000

static const struct sockaddr_in own = { .sin_family = AF_INET,
					.sin_addr.s_addr = 0x0100007f };

static struct sources sources;
static int retransmitter = -1;
static struct sockaddr_in at; /* it is */

static int bound(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	retransmitter = bound(&at);
	assert_int_equal(sources_open(&sources, "null", NULL, 0), 0);
	assert_int_equal(sources.answers, -1);
	assert_int_equal(sources_answers_open(&sources, &own, &at), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sources_close(&sources);
	assert_int_equal(sources.answers, -1);
	if (retransmitter >= 0)
		close(retransmitter);
	retransmitter = -1;
	return 0;
}

static struct sockaddr_in asking(void)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(
		getsockname(sources.answers, (struct sockaddr *)&address, &len),
		0);
	return address;
}

static void answer(int fd, const void *bytes, size_t len)
{
	const struct sockaddr_in to = asking();

	assert_int_equal(sendto(fd, bytes, len, 0, (const struct sockaddr *)&to,
				sizeof(to)),
			 len);
}

static void what_is_asked_arrives(void **state)
{
	const struct retransmit_request request = { 7, 3, 0x5a50 };
	const struct retransmit_request notice = { 7, 0, 0x5a50 };
	struct retransmit_request came;
	uint8_t bytes[64];

	(void)state;
	sources_ask(&sources, &request);
	assert_int_equal(recv(retransmitter, bytes, sizeof(bytes), 0),
			 RETRANSMIT_REQUEST_LEN);
	assert_int_equal(
		retransmit_request_decode(bytes, RETRANSMIT_REQUEST_LEN, &came),
		0);
	assert_int_equal(came.first, 7);
	assert_int_equal(came.count, 3);
	assert_int_equal(came.flags, 0x5a50);
	/* A notice is no request. */
	sources_ask(&sources, &notice);
	assert_int_equal(sources.requests, 1);
	assert_int_equal(sources.unsent, 0);
}

static void answers_come_one_at_a_time(void **state)
{
	struct packet packet;

	(void)state;
	assert_false(sources_answer(&sources, &packet));
	assert_int_equal(sources_wait(&sources, true, 1), 0);
	answer(retransmitter, "first", 5);
	answer(retransmitter, "other", 5);
	assert_int_equal(sources_wait(&sources, true, SOURCES_WAIT_NS),
			 SOURCES_ANSWERS);
	/* Who asks nobody does not look. */
	assert_int_equal(sources_wait(&sources, false, 1), 0);
	assert_true(sources_answer(&sources, &packet));
	assert_int_equal(packet.len, 5);
	assert_memory_equal(packet.data, "first", 5);
	assert_true(sources_answer(&sources, &packet));
	assert_memory_equal(packet.data, "other", 5);
	assert_false(sources_answer(&sources, &packet));
}

static void strangers_and_what_is_too_long(void **state)
{
	static const uint8_t longest[SOURCES_ANSWER_MAX + 1];
	struct sockaddr_in address;
	struct packet packet;
	int stranger = bound(&address);

	(void)state;
	answer(stranger, "stranger", 8);
	answer(retransmitter, longest, sizeof(longest));
	answer(retransmitter, longest, sizeof(longest) - 1);
	assert_true(sources_answer(&sources, &packet));
	assert_int_equal(packet.len, SOURCES_ANSWER_MAX);
	assert_int_equal(sources.unwelcome, 1);
	assert_false(sources_answer(&sources, &packet));
	close(stranger);
}

/* Gone, which is told once, and back. */
static void nobody_is_there_for_a_while(void **state)
{
	const struct retransmit_request request = { 1, 1, 0 };
	struct packet packet;
	uint8_t bytes[64];
	const char *told;

	(void)state;
	close(retransmitter);
	retransmitter = -1;
	log_catch();
	for (int i = 0; i < 3; i++) {
		sources_ask(&sources, &request);
		assert_false(sources_answer(&sources, &packet));
	}
	told = strstr(log_caught(), "is not there");
	assert_non_null(told);
	assert_null(strstr(told + 1, "is not there"));
	assert_int_equal(sources.unsent, 0);
	retransmitter = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(retransmitter, (struct sockaddr *)&at, sizeof(at)), 0);
	sources_ask(&sources, &request);
	assert_int_equal(
		poll(&(struct pollfd){ .fd = retransmitter, .events = POLLIN },
		     1, SOON_MS),
		1);
	assert_int_equal(recv(retransmitter, bytes, sizeof(bytes), 0),
			 RETRANSMIT_REQUEST_LEN);
}

static void no_address_of_ours(void **state)
{
	const struct sockaddr_in others = { .sin_family = AF_INET,
					    .sin_addr = { htonl(0xc0000201) } };
	struct sources nothing;

	(void)state;
	assert_int_equal(sources_open(&nothing, "null", NULL, 0), 0);
	log_catch();
	assert_int_equal(sources_answers_open(&nothing, &others, &at),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(log_caught(), "--recover-from 127.0.0.1:"));
	assert_int_equal(nothing.answers, -1);
	sources_close(&nothing);
}

/* That of each session's order connection. */
static void asks_from_the_port_that_it_is_told(void **state)
{
	struct sockaddr_in first, second;
	int free_one = bound(&first), free_two = bound(&second);

	(void)state;
	close(free_one);
	close(free_two);
	assert_int_equal(sources_answers_open(&sources, &first, &at), 0);
	assert_int_equal(asking().sin_port, first.sin_port);
	assert_int_equal(sources_answers_open(&sources, &second, &at), 0);
	assert_int_equal(asking().sin_port, second.sin_port);
	/* The first one is free again. */
	free_one = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(free_one, (struct sockaddr *)&first, sizeof(first)), 0);
	close(free_one);
}

static void a_port_that_is_taken(void **state)
{
	struct sockaddr_in taken;
	int taker = bound(&taken);

	(void)state;
	log_catch();
	assert_int_equal(sources_answers_open(&sources, &taken, &at), 0);
	assert_non_null(strstr(log_caught(), "is taken"));
	assert_int_not_equal(asking().sin_port, taken.sin_port);
	close(taker);
	what_is_asked_arrives(state);
}

#define SOURCES_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCES_TEST(what_is_asked_arrives),
		SOURCES_TEST(asks_from_the_port_that_it_is_told),
		SOURCES_TEST(a_port_that_is_taken),
		SOURCES_TEST(answers_come_one_at_a_time),
		SOURCES_TEST(strangers_and_what_is_too_long),
		SOURCES_TEST(nobody_is_there_for_a_while),
		SOURCES_TEST(no_address_of_ours),
	};

	return cmocka_run_group_tests_name("trader_sources", tests, NULL, NULL);
}
