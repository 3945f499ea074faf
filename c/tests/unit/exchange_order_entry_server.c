/* SPDX-License-Identifier: MIT */
/* The order entry server over the loopback; the rest of it is tested over a
 * network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#include "exchange/order_entry_server.h"
#include "tests/support/order_client.h"

static struct order_entry_server server;
static struct order_entry_config config;

static int setup(void **state)
{
	(void)state;
	config.listen = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	config.channel = "raw";
	config.handshake_ms = 5000;
	return order_entry_server_open(&server, &config);
}

static int teardown(void **state)
{
	(void)state;
	order_entry_server_close(&server);
	return 0;
}

static uint16_t listening_port(void)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(server.listener->fd,
				     (struct sockaddr *)&address, &len),
			 0);
	return ntohs(address.sin_port);
}

static void ready_wait(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, 10000), 1);
}

static int client_open(void)
{
	int client = order_client_open("127.0.0.1", listening_port());

	ready_wait(server.listener->fd);
	assert_int_equal(order_entry_server_accept(&server), 1);
	return client;
}

static unsigned int orders_take(void)
{
	struct order_entry entry;
	unsigned int count = 0;

	while (order_entry_server_next(&server, &entry) > 0)
		count++;
	return count;
}

/* Twice what is asked for, and that is not little. */
static unsigned int orders_held(void)
{
	socklen_t len = sizeof(int);
	int bytes = 1;

	assert_int_equal(setsockopt(server.client->fd, SOL_SOCKET, SO_RCVBUF,
				    &bytes, sizeof(bytes)),
			 0);
	assert_int_equal(getsockopt(server.client->fd, SOL_SOCKET, SO_RCVBUF,
				    &bytes, &len),
			 0);
	return (unsigned int)bytes / ORDER_LEN;
}

/* Whoever sends faster than is read could keep the session for ever. */
static void who_goes_on_sending_is_not_waited_for(void **state)
{
	int client = client_open();
	unsigned int held = orders_held(), taken = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		order_client_order(client, 1, 1000000000, ORDER_BUY);
	ready_wait(server.client->fd);
	order_entry_server_leave(&server);
	while (order_entry_server_receive(&server) > 0) {
		taken += orders_take();
		assert_in_range(taken, 1, 10 + held);
		order_client_order(client, 1, 1000000000, ORDER_BUY);
		ready_wait(server.client->fd);
	}
	assert_in_range(taken, 10, 10 + held);
	order_entry_server_end(&server);
	order_client_close(client);

	/* The next one is taken as ever. */
	client = client_open();
	order_client_order(client, 1, 1000000000, ORDER_BUY);
	ready_wait(server.client->fd);
	assert_int_equal(order_entry_server_receive(&server), 1);
	assert_int_equal(orders_take(), 1);
	order_client_close(client);
}

static void refusals_are_counted(void **state)
{
	int client = client_open();

	(void)state;
	for (int i = 0; i < 3; i++) {
		int second = order_client_open("127.0.0.1", listening_port());

		ready_wait(server.listener->fd);
		assert_int_equal(order_entry_server_refuse(&server), 1);
		assert_true(order_client_closed(second, 10000));
		order_client_close(second);
	}
	assert_int_equal(server.refused, 3);
	order_client_close(client);
}

/* From an address of the loopback's. */
static int connect_from(uint32_t address)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(address) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(listening_port()),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int queue_from(uint32_t address)
{
	int fd = connect_from(address);

	ready_wait(server.listener->fd);
	assert_int_equal(order_entry_server_queue(&server), 1);
	return fd;
}

#define CROWD  0x7f000002
#define TRADER 0x7f000003

/* A crowd of one address fills all places, and has waited longer. */
static void a_crowd_keeps_nobody_out(void **state)
{
	int crowd[ORDER_ENTRY_WAITING_MAX + 4], trader, first;

	(void)state;
	first = connect_from(CROWD);
	ready_wait(server.listener->fd);
	assert_int_equal(order_entry_server_accept(&server), 1);
	for (size_t i = 0; i < ORDER_ENTRY_WAITING_MAX; i++)
		crowd[i] = queue_from(CROWD);
	trader = queue_from(TRADER);
	for (size_t i = ORDER_ENTRY_WAITING_MAX; i < ARRAY_SIZE(crowd); i++)
		crowd[i] = queue_from(CROWD);
	assert_int_equal(server.waiting_count, ORDER_ENTRY_WAITING_MAX);
	assert_int_equal(server.refused, 5);
	/* The oldest of the crowd's. */
	assert_true(order_client_closed(crowd[0], 10000));
	order_entry_server_end(&server);
	assert_int_equal(order_entry_server_accept(&server), 1);
	assert_non_null(strstr(server.peer, "127.0.0.3:"));
	order_entry_server_end(&server);
	assert_int_equal(order_entry_server_accept(&server), 1);
	assert_non_null(strstr(server.peer, "127.0.0.2:"));
	for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
		close(crowd[i]);
	close(trader);
	close(first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_goes_on_sending_is_not_waited_for),
		TEST(refusals_are_counted),
		TEST(a_crowd_keeps_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
