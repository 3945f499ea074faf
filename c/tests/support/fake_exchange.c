/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_exchange.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/decimal.h"
#include "net/interface.h"
#include "net/socket.h"

static struct sockaddr_in address(const char *text, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = inet_addr(text) };
}

void fake_exchange_listen(struct fake_exchange *fake, const struct lab *lab)
{
	const struct sockaddr_in own =
		address(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT);
	const struct sockaddr_in group = address(LAB_GROUP, LAB_GROUP_PORT);
	struct interface interface;

	lab_go_exchange(lab);
	fake->listener = socket_listen(&own, 4);
	assert_int_equal(interface_find(LAB_EXCHANGE_INTERFACE, &interface), 0);
	fake->sender = socket_multicast_sender(&group, &interface, 1);
	lab_go_trader(lab);
	assert_true(fake->listener >= 0 && fake->sender >= 0);
}

void fake_exchange_accept(struct fake_exchange *fake)
{
	struct pollfd poller = { .fd = fake->listener, .events = POLLIN };

	assert_int_equal(poll(&poller, 1, LAB_SOON_MS), 1);
	fake->client = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fake->client >= 0);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void fake_exchange_close(struct fake_exchange *fake)
{
	close_one(&fake->listener);
	close_one(&fake->sender);
	close_one(&fake->client);
	fake->sequence = 0;
}

static int64_t nano_of(const char *text)
{
	int64_t nano;

	assert_int_equal(decimal_parse(text, strlen(text), &nano), 0);
	return nano;
}

struct market_data_message fake_exchange_message(char side, const char *price,
						 const char *quantity)
{
	struct market_data_message message = {
		.side = (uint8_t)side,
		.price = (uint64_t)nano_of(price),
		.quantity = (uint64_t)nano_of(quantity),
	};

	message.type =
		message.quantity ? MARKET_DATA_UPDATE : MARKET_DATA_DELETE;
	return message;
}

void fake_exchange_publish(struct fake_exchange *fake, uint16_t flags,
			   const struct market_data_message *messages,
			   unsigned int count)
{
	const struct market_data_header header = {
		.sequence = fake->sequence++,
		.message_count = (uint16_t)count,
		.flags = flags,
	};
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];

	market_data_write_header(bytes, &header);
	for (unsigned int i = 0; i < count; i++)
		market_data_write(bytes, i, &messages[i]);
	assert_int_equal(send(fake->sender, bytes, market_data_len(count), 0),
			 market_data_len(count));
}

void fake_exchange_level(struct fake_exchange *fake, bool snapshot, char side,
			 const char *price, const char *quantity)
{
	const struct market_data_message message =
		fake_exchange_message(side, price, quantity);

	fake_exchange_publish(fake, snapshot ? MARKET_DATA_SNAPSHOT : 0,
			      &message, 1);
}

void fake_exchange_book(struct fake_exchange *fake)
{
	fake_exchange_level(fake, true, 'A', "250", "1");
	fake_exchange_level(fake, true, 'B', "100", "1");
}

void fake_exchange_end(struct fake_exchange *fake)
{
	fake_exchange_publish(fake, MARKET_DATA_END_OF_FEED, NULL, 0);
}

void fake_exchange_expect(struct fake_exchange *fake, uint32_t quantity,
			  const char *price, uint8_t side)
{
	struct pollfd poller = { .fd = fake->client, .events = POLLIN };
	uint8_t bytes[ORDER_LEN];
	struct order order;

	if (poll(&poller, 1, LAB_SOON_MS) != 1)
		fail_msg("no order at %s", price);
	assert_int_equal(recv(fake->client, bytes, ORDER_LEN, MSG_WAITALL),
			 ORDER_LEN);
	order = order_read(bytes);
	assert_int_equal(order.price, nano_of(price));
	assert_int_equal(order.side, side);
	assert_int_equal(order.quantity, quantity);
}
