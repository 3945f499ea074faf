/* SPDX-License-Identifier: MIT */
/* What needs no traffic; the rest of it is tested over a network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>

#include "exchange/line_format_state.h"
#include "exchange/marketdata_server.h"

static struct marketdata_server server;
static struct interface loopback;

static struct marketdata_config config_make(void)
{
	struct marketdata_config config = { .feed = "/nowhere/feed.gz",
					    .send = "sendmmsg",
					    .to.interface = &loopback,
					    .to.ttl = 1,
					    .format = line_format_auto };

	assert_int_equal(interface_find("lo", &loopback), 0);
	config.to.group.sin_family = AF_INET;
	config.to.group.sin_port = htons(12345);
	assert_int_equal(
		inet_pton(AF_INET, "239.255.0.1", &config.to.group.sin_addr),
		1);
	return config;
}

static unsigned int descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(listing);
	while (readdir(listing))
		count++;
	closedir(listing);
	return count;
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
	assert_int_equal(
		getsockopt(server.path->fd, IPPROTO_IP, IP_RECVERR, &on, &len),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_is_not_hidden),
		cmocka_unit_test(failures_give_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
