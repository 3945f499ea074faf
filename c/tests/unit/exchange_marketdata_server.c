/* SPDX-License-Identifier: MIT */
/* What needs no traffic; the rest of it is tested over a network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "exchange/line_format_state.h"
#include "exchange/marketdata_server.h"
#include "tests/support/descriptors.h"
#include "tests/support/feed_file.h"
#include "wire/market_data.h"

#define UPDATES	  50
#define SEND_EACH 100000 /* ns that the kernel below takes for a datagram */

static struct marketdata_server server;
static struct interface loopback;

static struct marketdata_config config_make(void)
{
	struct marketdata_config config = { .feed = "/nowhere/feed.gz",
					    .send = "sendmmsg",
					    .lines = 1,
					    .to[0].interface = &loopback,
					    .to[0].ttl = 1,
					    .format = line_format_auto };

	assert_int_equal(interface_find("lo", &loopback), 0);
	config.to[0].group.sin_family = AF_INET;
	config.to[0].group.sin_port = htons(12345);
	assert_int_equal(
		inet_pton(AF_INET, "239.255.0.1", &config.to[0].group.sin_addr),
		1);
	return config;
}

/* Without it a full interface queue swallows datagrams and send(2) says that
 * all went well: udp(7), IP_RECVERR in ip(7). */
static void a_full_queue_is_not_hidden(void **state)
{
	struct marketdata_config config = config_make();
	socklen_t len = sizeof(int);
	int on = 0;

	(void)state;
	assert_int_equal(marketdata_server_open(&server, &config), 0);
	assert_int_equal(getsockopt(server.line[0].link.path->fd, IPPROTO_IP,
				    IP_RECVERR, &on, &len),
			 0);
	assert_int_equal(on, 1);
	assert_int_equal(marketdata_server_close(&server), 0);
}

static void failures_give_everything_back(void **state)
{
	struct marketdata_config config = config_make();
	unsigned int before = descriptors();

	(void)state;
	config.send_times = "/nowhere/sends.csv";
	assert_true(marketdata_server_open(&server, &config) < 0);
	assert_int_equal(descriptors(), before);
	config.send_times = NULL;
	/* A session that can't begin leaves the server as it was. */
	assert_int_equal(marketdata_server_open(&server, &config), 0);
	for (int i = 0; i < 3; i++)
		assert_true(marketdata_server_start(&server) < 0);
	assert_int_equal(marketdata_server_due(&server), UINT64_MAX);
	assert_int_equal(marketdata_server_close(&server), 0);
	assert_int_equal(descriptors(), before);
}

/* A kernel that takes so many datagrams of each burst, each in its time, and
 * has then no room for a moment. */
static unsigned int takes, calls;
static uint64_t begins_ns[1000], ends_ns[1000];
static bool no_room;
static uint32_t too_long = UINT32_MAX; /* for the way: this number */

static int slow_send(struct publish_path *path, const struct iovec *datagrams,
		     unsigned int count)
{
	(void)path;
	assert_in_range(calls, 0, 999);
	if (no_room) {
		no_room = false;
		return -ENOBUFS;
	}
	for (unsigned int i = 0; i < count; i++) {
		struct market_data_header header;

		assert_int_equal(market_data_decode(datagrams[i].iov_base,
						    datagrams[i].iov_len,
						    &header),
				 0);
		if (header.sequence != too_long)
			continue;
		if (i == 0)
			return -EMSGSIZE;
		count = i;
	}
	if (count > takes) {
		count = takes;
		no_room = true;
	}
	begins_ns[calls] = clock_monotonic_ns();
	ends_ns[calls] = begins_ns[calls] + count * SEND_EACH;
	while (clock_monotonic_ns() < ends_ns[calls])
		;
	ends_ns[calls] = clock_monotonic_ns();
	calls++;
	return (int)count;
}

static void slow_close(struct publish_path *path)
{
	(void)path;
}

static const struct publish_path_ops slow_ops = { .entry.name = "slow",
						  .entry.size = sizeof(
							  struct publish_path),
						  .send = slow_send,
						  .close = slow_close };

/* A burst is of what was read ahead. */
static void all_is_read(void)
{
	const struct marketdata_record *record = NULL;
	uint64_t at = server.line[0].at;
	size_t len;

	while (!record || !(record->flags & MARKETDATA_RECORD_END)) {
		record = spsc_next(&server.session.reader.ring, &at, &len);
		if (!record)
			sched_yield();
	}
}

/* Publish a feed by that kernel; the folder holds feed and send times. */
static void publish_slowly(unsigned int most, const char *folder)
{
	struct marketdata_config config = config_make();
	struct feed_text text = { 0 };
	char feed[64], times[64];
	enum exchange_event event;

	takes = most;
	calls = 0;
	no_room = false;
	snprintf(feed, sizeof(feed), "%s/feed.gz", folder);
	snprintf(times, sizeof(times), "%s/sends.csv", folder);
	feed_text_plain(&text, 1, UPDATES);
	feed_file_take(feed, &text);
	config.feed = feed;
	config.send_times = times;
	assert_int_equal(marketdata_server_open(&server, &config), 0);
	publish_path_close(server.line[0].link.path);
	server.line[0].link.path = calloc(1, sizeof(*server.line[0].link.path));
	assert_non_null(server.line[0].link.path);
	server.line[0].link.path->ops = &slow_ops;
	server.line[0].link.path->fd = -1;
	marketdata_server_forget(&server);
	assert_int_equal(marketdata_server_start(&server), 0);
	all_is_read();
	while (server.line[0].counts.packets + server.line[0].counts.oversized <
	       1 + UPDATES) {
		struct pollfd fds[MARKETDATA_FDS];

		if (marketdata_server_publish(&server, clock_monotonic_ns(),
					      &event))
			assert_int_not_equal(event, EXCHANGE_FEED_FAILED);
		marketdata_server_poll(&server, fds);
		if (fds[0].fd >= 0)
			poll(fds, MARKETDATA_FDS, -1);
		marketdata_server_woken(&server, fds);
	}
	assert_int_equal(marketdata_server_close(&server), 0);
	unlink(feed);
}

/* A send that stops short is no refusal; the one behind it, which tells why,
 * is. */
static void a_refusal_is_counted_once(void **state)
{
	char folder[] = "/tmp/marketdata_server.XXXXXX", times[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	publish_slowly(3, folder);
	assert_true(server.line[0].counts.refused > 0);
	assert_in_range(server.line[0].counts.refused, 1, calls);
	snprintf(times, sizeof(times), "%s/sends.csv", folder);
	unlink(times);
	rmdir(folder);
}

/* It would be as long the next time, and the session goes on without it. */
static void one_that_is_too_long_is_left_out(void **state)
{
	char folder[] = "/tmp/marketdata_server.XXXXXX", times[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	too_long = UPDATES / 2;
	publish_slowly(UPDATES, folder);
	too_long = UINT32_MAX;
	assert_int_equal(server.line[0].counts.oversized, 1);
	assert_int_equal(server.line[0].counts.packets, UPDATES);
	snprintf(times, sizeof(times), "%s/sends.csv", folder);
	unlink(times);
	rmdir(folder);
}

static bool within_a_call(uint64_t at_ns)
{
	for (unsigned int i = 0; i < calls; i++)
		if (at_ns > begins_ns[i] && at_ns < ends_ns[i])
			return true;
	return false;
}

/* Neither is all of a burst sent when its call begins. */
static void a_burst_leaves_within_its_call(void **state)
{
	char folder[] = "/tmp/marketdata_server.XXXXXX", times[64], line[128];
	uint64_t wall_ns, before_ns = 0, sent_ns;
	unsigned int count = 0, bursts = 0;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	publish_slowly(UPDATES, folder);
	snprintf(times, sizeof(times), "%s/sends.csv", folder);
	file = fopen(times, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	wall_ns = server.session.start_wall_ns - server.session.start_ns;
	while (fgets(line, sizeof(line), file)) {
		assert_int_equal(sscanf(line, "%*u,%*u,%lu", &sent_ns), 1);
		assert_true(sent_ns > before_ns);
		bursts += within_a_call(sent_ns - wall_ns);
		before_ns = sent_ns;
		count++;
	}
	fclose(file);
	assert_int_equal(count, 1 + UPDATES);
	assert_true(calls < 1 + UPDATES && bursts > 0);
	assert_true(before_ns - wall_ns >= begins_ns[calls - 1]);
	assert_true(before_ns - wall_ns < ends_ns[calls - 1]);
	assert_true(server.line[0].counts.last_ns >= ends_ns[calls - 1]);
	unlink(times);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_is_not_hidden),
		cmocka_unit_test(failures_give_everything_back),
		cmocka_unit_test(a_refusal_is_counted_once),
		cmocka_unit_test(one_that_is_too_long_is_left_out),
		cmocka_unit_test(a_burst_leaves_within_its_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
