/* SPDX-License-Identifier: MIT */
/* What the path refuses; that it works is the conformance suite's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "net/namespace.h"
#include "receive/receive_ops.h"

extern const struct receive_ops receive_uring_ops;

static struct receive_config config = { .interface = "lo" };

static int uring_open(const char *options)
{
	struct receive *rx = NULL;
	char text[160];
	int err;

	snprintf(text, sizeof(text), "uring:%s", options);
	err = receive_open(text, &config, &rx);
	receive_close(rx);
	return err;
}

static const char *fault;
static int space = -1;

static int group_setup(void **state)
{
	const char *why;

	(void)state;
	config.group.sin_family = AF_INET;
	config.group.sin_port = htons(12345);
	config.group.sin_addr.s_addr = inet_addr("239.255.0.1");
	fault = receive_uring_ops.entry.unavailable_reason;
	if (!fault && receive_uring_ops.entry.probe(&why) < 0)
		fault = why;
	/* Where nobody else has sockets. */
	if (!fault &&
	    (namespace_become_root() < 0 || namespace_open(&space) < 0 ||
	     namespace_enter(space) < 0))
		fault = "network namespaces are not permitted here";
	return fault ? -1 : 0;
}

static void contradictions_are_refused(void **state)
{
	static const char *const texts[] = {
		"buffers=3",
		"buffers=100",
		"sqpoll=on,defer_taskrun=on",
		"sqpoll=on,coop_taskrun=on",
		"defer_taskrun=on,coop_taskrun=on",
		"defer_taskrun=on,single_issuer=off",
		"napi=50",
		"napi=50,wait=spin",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (uring_open(texts[i]) != -EINVAL)
			fail_msg("'%s' was not refused", texts[i]);
}

static void offline_cpu_is_refused(void **state)
{
	(void)state;
	assert_int_equal(uring_open("sqpoll=on,sq_cpu=9999"), -EINVAL);
	/* Without the thread it says nothing. */
	assert_int_equal(uring_open("sq_cpu=9999"), 0);
}

/* Sockets of this namespace at our group's port. */
static unsigned int sockets(void)
{
	FILE *file = fopen("/proc/thread-self/net/udp", "re");
	unsigned int n = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, "0100FFEF:3039") != NULL;
	fclose(file);
	return n;
}

/* Sqpoll's thread, which lets go of the socket, has to get a CPU. */
static void thread_wait(const char *text, unsigned int before)
{
	for (int i = 0; i < 1000 && strstr(text, "sqpoll=on"); i++) {
		if (sockets() == before)
			return;
		poll(NULL, 0, 1);
	}
}

/* The ring must not hold the socket, and the group, for a while longer. */
static void closed_is_gone_at_once(void **state)
{
	static const char *const texts[] = { "uring",
					     "uring:wait=sleep",
					     "uring:mode=single",
					     "uring:registered_file=off",
					     "uring:defer_taskrun=off",
					     "uring:sqpoll=on" };

	(void)state;
	for (size_t i = 0; i < 8 * ARRAY_SIZE(texts); i++) {
		const char *text = texts[i % ARRAY_SIZE(texts)];
		unsigned int before = sockets();
		struct receive *rx;
		struct packet packet;

		assert_int_equal(receive_open(text, &config, &rx), 0);
		assert_int_equal(sockets(), before + 1);
		assert_int_equal(receive_poll(rx, &packet, 1), 0);
		receive_close(rx);
		thread_wait(text, before);
		if (sockets() != before)
			fail_msg("%s: its socket outlived it", text);
	}
}

static void sleeping_shows_in_the_capabilities(void **state)
{
	struct receive *rx;

	(void)state;
	assert_int_equal(receive_open("uring:wait=sleep", &config, &rx), 0);
	assert_true(rx->caps & RECEIVE_SLEEPS);
	receive_close(rx);
	assert_int_equal(receive_open("uring", &config, &rx), 0);
	assert_false(rx->caps & RECEIVE_SLEEPS);
	receive_close(rx);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(offline_cpu_is_refused),
		cmocka_unit_test(closed_is_gone_at_once),
		cmocka_unit_test(sleeping_shows_in_the_capabilities),
	};
	void *none = NULL;

	int failed;

	if (group_setup(&none)) {
		printf("1..1\nok 1 - receive/uring # SKIP %s\n", fault);
		return 0;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	namespace_close(&space);
	return failed;
}
