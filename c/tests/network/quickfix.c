/* SPDX-License-Identifier: MIT */
/*
 * FIX with QuickFIX at the other end, either way, in each version.
 *
 * Mostly waits: QuickFIX looks at its sessions once a second.
 */
#include "tests/support/lab.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/socket.h"
#include "order/order_connection.h"

#define PEER	"tests/support/quickfix_peer"
#define ORDERS	200
#define COUNT	"200"
#define ADDRESS "127.0.0.1"
#define PORT	"9013"

static struct lab lab;
static struct program exchange, peer;
static struct order_connection connection;
static int fd = -1;

static int clean(void **state)
{
	(void)state;
	transport_close(connection.transport);
	channel_close(connection.channel);
	memset(&connection, 0, sizeof(connection));
	if (fd >= 0)
		close(fd);
	fd = -1;
	program_end(&peer);
	program_end(&exchange);
	return 0;
}

static void peer_needed(void)
{
	const char *build = getenv("BUILD");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PEER, build ? build : "build");
	if (access(path, X_OK) != 0)
		lab_skip("built without QuickFIX");
}

static void initiator(void **state)
{
	const char *version = *state;
	char channel[64];

	peer_needed();
	snprintf(channel, sizeof(channel), "fix:version=%s", version);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     channel, "--pace", "rate:1000", NULL);
	lab_start(&peer, lab.trader, PEER, "initiator", version,
		  LAB_EXCHANGE_ADDRESS, "9012", COUNT, NULL);
	assert_string_equal(lab_line(&peer, "executions"),
			    "executions " COUNT ", again " COUNT);
	assert_int_equal(program_wait(&peer, LAB_SOON_MS), 0);
	lab_line(&exchange, "state TRANSMIT");
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"),
			 ORDERS);
}

/* It has said good-bye, too, and takes nothing more. */
static void peer_leaves(void)
{
	const uint64_t deadline =
		clock_monotonic_ns() + LAB_SOON_MS * UINT64_C(1000000);
	int err = 0;

	order_connection_logout(&connection);
	while (err == 0 && clock_monotonic_ns() < deadline) {
		usleep(1000);
		err = order_connection_look(&connection, clock_monotonic_ns());
	}
	assert_int_equal(err, -EPIPE);
}

static void acceptor(void **state)
{
	const char *version = *state;
	struct sockaddr_in address;
	const char *why;
	char channel[64];

	peer_needed();
	snprintf(channel, sizeof(channel), "fix:version=%s", version);
	lab_go_trader(&lab);
	lab_start(&peer, lab.trader, PEER, "acceptor", version, PORT, NULL);
	lab_line(&peer, "listens");
	assert_int_equal(address_parse(ADDRESS ":" PORT, &address, &why), 0);
	fd = socket_connect(&address, 5000, NULL);
	assert_true(fd >= 0);
	assert_int_equal(
		channel_open(channel, CHANNEL_TRADER, &connection.channel), 0);
	assert_int_equal(transport_open("send", fd, &connection.transport), 0);
	assert_int_equal(order_connection_handshake(&connection, 10000, NULL),
			 0);
	for (uint32_t i = 1; i <= ORDERS; i++) {
		const struct order order = { .quantity = i,
					     .price = INT64_C(61800100000000),
					     .side = i % 2 };

		assert_int_equal(order_connection_send(&connection, &order), 0);
	}
	peer_leaves();
	assert_string_equal(lab_line(&peer, "orders"), "orders " COUNT);
	assert_int_equal(program_wait(&peer, LAB_SOON_MS), 0);
}

int main(int argc, char **argv)
{
	static char versions[][4] = { "4.2", "4.4", "5.0" };
	static char names[2 * ARRAY_SIZE(versions)][64];
	struct CMUnitTest tests[2 * ARRAY_SIZE(versions)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		for (int way = 0; way < 2; way++, n++) {
			snprintf(names[n], sizeof(names[n]),
				 "QuickFIX as %s, FIX %s",
				 way ? "acceptor" : "initiator", versions[i]);
			tests[n] = (struct CMUnitTest){
				.name = names[n],
				.test_func = way ? acceptor : initiator,
				.teardown_func = clean,
				.initial_state = versions[i],
			};
		}
	}
	return lab_run(&lab, "quickfix", tests, n, argc, argv);
}
