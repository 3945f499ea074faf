/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/order_client.h"
#include "wire/order.h"

int order_client_try(const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = inet_addr(address) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

int order_client_open(const char *address, uint16_t port)
{
	int fd = order_client_try(address, port);

	assert_true(fd >= 0);
	return fd;
}

uint16_t order_client_port(int fd)
{
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	return ntohs(own.sin_port);
}

void order_client_send(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

void order_client_order(int fd, uint32_t quantity, int64_t price, uint8_t side)
{
	const struct order order = { .quantity = quantity,
				     .price = price,
				     .side = side };
	uint8_t bytes[ORDER_LEN];

	order_write(&order, bytes);
	order_client_send(fd, bytes, sizeof(bytes));
}

void order_client_close(int fd)
{
	close(fd);
}

void order_client_half_close(int fd)
{
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
}

void order_client_reset(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

bool order_client_closed(int fd, int timeout_ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLRDHUP };
	char byte;

	if (poll(&poller, 1, timeout_ms) <= 0)
		return false;
	return recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}
