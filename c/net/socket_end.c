/* SPDX-License-Identifier: MIT */
#include "net/socket_end.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

#define STACK_LEN 65536

static atomic_uint waited_for;

/* Drop what is there. Has the peer closed, or said too much? */
static bool is_over(int fd, size_t *left)
{
	char dropped[4096];
	ssize_t n = 1;

	while (n > 0 && *left > 0) {
		n = recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT);
		if (n > 0)
			*left -= (size_t)n < *left ? (size_t)n : *left;
	}
	return n == 0 || *left == 0 || (errno != EAGAIN && errno != EINTR);
}

static void *wait_for(void *argument)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	struct pollfd more = { .fd = (int)(intptr_t)argument,
			       .events = POLLIN };
	size_t left = SOCKET_END_BYTES;
	uint64_t ms = 0;

	while (ms < SOCKET_END_MS && !is_over(more.fd, &left)) {
		poll(&more, 1, SOCKET_END_MS - (int)ms);
		ms = (clock_monotonic_ns() - begin_ns) / CLOCK_NS_PER_MS;
	}
	close(more.fd);
	atomic_fetch_sub(&waited_for, 1);
	return NULL;
}

static int waiter_start(int fd)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_LEN);
	err = thread_start(&thread, &attributes, wait_for,
			   (void *)(intptr_t)fd);
	pthread_attr_destroy(&attributes);
	return err;
}

void socket_end(int fd)
{
	size_t left = SOCKET_END_BYTES;

	shutdown(fd, SHUT_WR);
	if (is_over(fd, &left)) {
		close(fd);
		return;
	}
	if (atomic_fetch_add(&waited_for, 1) < SOCKET_END_MAX &&
	    waiter_start(fd) == 0)
		return;
	atomic_fetch_sub(&waited_for, 1);
	close(fd);
}
