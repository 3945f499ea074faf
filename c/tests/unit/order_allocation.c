/* SPDX-License-Identifier: MIT */
/*
 * Once a session is up, sending an order and receiving it allocate nothing, at
 * either end: malloc(3) and its kin are this file's, and count.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "order/channel_end.h"
#include "order/order_end.h"
#include "order/order_connection.h"
#include "tests/support/sanitizer.h"

#define ORDERS 2000 /* more than FIX keeps, so that its slots come around */

/* The compiler knows what malloc(3) does, and what it does not. */
static volatile bool counting;
static volatile unsigned int allocations;

/* A sanitizer has its own, and nothing is counted. */
#if !SANITIZED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *bytes, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void count(void)
{
	allocations += counting;
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
	count();
	return __libc_calloc(members, size);
}

void *realloc(void *bytes, size_t size)
{
	count();
	return __libc_realloc(bytes, size);
}

void *memalign(size_t alignment, size_t size)
{
	count();
	return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **bytes, size_t alignment, size_t size)
{
	*bytes = memalign(alignment, size);
	return *bytes ? 0 : ENOMEM;
}
#endif

static struct order_connection connection;
static struct channel *exchange;
static int fds[2];
static struct order_end *ends[2];

/* Both ends of a stream, and their handshake. */
static void session_open(const char *text)
{
	struct channel **trader = &connection.channel;
	const struct sockaddr_in nobody = { .sin_family = AF_INET };
	int ours = 0, theirs = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		ends[i] = order_end_socket(fds[i], &nobody);
	assert_true(ends[0] && ends[1]);
	assert_int_equal(channel_open(text, CHANNEL_TRADER, trader), 0);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
	if ((*trader)->ops->prepare)
		assert_int_equal((*trader)->ops->prepare(*trader, 1), 0);
	assert_int_equal(transport_open("send", fds[0], &connection.transport),
			 0);
	for (int i = 0; i < 10 && (ours != 1 || theirs != 1); i++) {
		ours = ours == 1 ? 1 : channel_handshake(*trader, 1);
		channel_end_send(*trader, ends[0]);
		channel_end_receive(exchange, ends[1], SIZE_MAX);
		theirs = theirs == 1 ? 1 : channel_handshake(exchange, 1);
		channel_end_send(exchange, ends[1]);
		channel_end_receive(*trader, ends[0], SIZE_MAX);
	}
	assert_int_equal(ours, 1);
	assert_int_equal(theirs, 1);
}

static void session_close(void)
{
	transport_close(connection.transport);
	channel_close(connection.channel);
	channel_close(exchange);
	order_end_close(ends[0]);
	order_end_close(ends[1]);
}

/* There, and its answer back. */
static bool order_goes(uint32_t i)
{
	const struct order order = { i, INT64_C(61800100000000), ORDER_SELL };
	struct order found;

	if (order_connection_send(&connection, &order) < 0 ||
	    channel_end_receive(exchange, ends[1], SIZE_MAX) <= 0 ||
	    channel_decode(exchange, &found) != 1 ||
	    memcmp(&found, &order, sizeof(order)) != 0)
		return false;
	if (exchange->ops->mark)
		exchange->ops->mark(exchange);
	if (exchange->ops->answer)
		exchange->ops->answer(exchange, i % 10 ? NULL : "too many");
	if (channel_decode(exchange, &found) != 0)
		return false;
	channel_end_send(exchange, ends[1]);
	return order_connection_look(&connection, clock_monotonic_ns()) == 0;
}

static void nothing_is_allocated(void **state)
{
	bool good = true;
	void *volatile one;

	session_open(*state);
	allocations = 0;
	counting = true;
	for (uint32_t i = 1; i <= ORDERS && good; i++)
		good = order_goes(i);
	counting = false;
	assert_true(good);
	assert_int_equal(allocations, 0);
	/* It does count. */
	counting = true;
	one = malloc(1);
	counting = false;
	free(one);
	assert_int_equal(allocations, !SANITIZED);
	session_close();
}

int main(void)
{
	static char texts[][24] = { "raw",
				    "login",
				    "ws",
				    "fix:version=4.2",
				    "fix",
				    "fix:version=5.0",
				    "fix:prepared=off" };
	struct CMUnitTest tests[sizeof(texts) / sizeof(texts[0])];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tests[i] = (struct CMUnitTest){
			.name = texts[i],
			.test_func = nothing_is_allocated,
			.initial_state = texts[i],
		};
	return _cmocka_run_group_tests("order/allocation", tests,
				       sizeof(texts) / sizeof(texts[0]), NULL,
				       NULL);
}
