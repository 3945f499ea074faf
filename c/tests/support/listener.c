/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "net/interface.h"
#include "net/socket.h"
#include "tests/support/listener.h"

/* A whole feed as fast as it comes must find room while we don't run. */
#define BUFFER_BYTES (64u << 20)

void listener_open(struct listener *listener, const char *interface,
		   const char *group, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = inet_addr(group) };
	unsigned int buffer = BUFFER_BYTES;
	struct interface found;

	*listener = (struct listener){ 0 };
	assert_int_equal(interface_find(interface, &found), 0);
	listener->fd = socket_multicast_receiver(&address, &found, &buffer);
	assert_true(listener->fd >= 0);
	assert_int_equal(socket_receive_stamps(listener->fd, true), 0);
}

void listener_close(struct listener *listener)
{
	if (listener->fd > 0)
		close(listener->fd);
	free(listener->bytes);
	free(listener->datagrams);
	*listener = (struct listener){ 0 };
}

static void room_make(struct listener *listener)
{
	if (listener->capacity - listener->len < UINT16_MAX) {
		listener->capacity = 2 * listener->capacity + (1u << 20);
		listener->bytes = realloc(listener->bytes, listener->capacity);
		assert_non_null(listener->bytes);
	}
	if (listener->count == listener->datagrams_capacity) {
		listener->datagrams_capacity =
			2 * listener->datagrams_capacity + 1024;
		listener->datagrams =
			realloc(listener->datagrams,
				listener->datagrams_capacity *
					sizeof(struct listener_datagram));
		assert_non_null(listener->datagrams);
	}
}

/* One datagram; false when none is there. */
static bool take(struct listener *listener)
{
	struct listener_datagram *datagram;
	char control[256];
	struct iovec part;
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n;

	room_make(listener);
	part.iov_base = listener->bytes + listener->len;
	part.iov_len = UINT16_MAX;
	n = recvmsg(listener->fd, &message, MSG_DONTWAIT);
	if (n < 0)
		return false;
	datagram = &listener->datagrams[listener->count++];
	*datagram = (struct listener_datagram){
		.stamp_ns = socket_message_stamp(&message),
		.at = listener->len,
		.len = (size_t)n,
	};
	listener->len += (size_t)n;
	assert_int_equal(market_data_decode(listener->bytes + datagram->at,
					    datagram->len, &datagram->header),
			 0);
	datagram->tag = market_data_tag(datagram->header.flags);
	datagram->header.flags &= (uint16_t)~MARKET_DATA_TAG;
	return true;
}

/* Wait for one more until the deadline. */
static bool hear_one(struct listener *listener, uint64_t deadline_ns)
{
	struct pollfd poller = { .fd = listener->fd, .events = POLLIN };

	while (!take(listener)) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= deadline_ns)
			return false;
		poll(&poller, 1, (int)((deadline_ns - now_ns) / 1000000) + 1);
	}
	return true;
}

static uint64_t deadline_after(int timeout_ms)
{
	return clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
}

size_t listener_hear(struct listener *listener, size_t count, int timeout_ms)
{
	uint64_t deadline_ns = deadline_after(timeout_ms);

	while (listener->count < count && hear_one(listener, deadline_ns))
		;
	return listener->count;
}

size_t listener_hear_flag(struct listener *listener, uint16_t flag,
			  int timeout_ms)
{
	uint64_t deadline_ns = deadline_after(timeout_ms);

	for (size_t i = 0;; i++) {
		if (i == listener->count && !hear_one(listener, deadline_ns))
			return SIZE_MAX;
		if (listener->datagrams[i].header.flags & flag)
			return i;
	}
}

size_t listener_quiet(struct listener *listener, int ms)
{
	uint64_t deadline_ns = deadline_after(ms);
	size_t before = listener->count;

	while (hear_one(listener, deadline_ns))
		;
	return listener->count - before;
}

void listener_forget(struct listener *listener)
{
	while (take(listener))
		;
	listener->count = 0;
	listener->len = 0;
}

struct market_data_message listener_message(const struct listener *listener,
					    size_t i, unsigned int j)
{
	assert_true(i < listener->count);
	assert_true(j < listener->datagrams[i].header.message_count);
	return market_data_read(listener->bytes + listener->datagrams[i].at, j);
}

uint64_t listener_price(const struct listener *listener, size_t i)
{
	return listener_message(listener, i, 0).price / (uint64_t)DECIMAL_ONE;
}
