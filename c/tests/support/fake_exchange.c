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

static int line_open(const struct lab *lab, const char *text)
{
	const struct sockaddr_in group = address(text, LAB_GROUP_PORT);
	struct interface interface;
	int fd;

	lab_go_exchange(lab);
	assert_int_equal(interface_find(LAB_EXCHANGE_INTERFACE, &interface), 0);
	fd = socket_multicast_sender(&group, &interface, 1);
	lab_go_trader(lab);
	assert_true(fd >= 0);
	return fd;
}

void fake_exchange_listen(struct fake_exchange *fake, const struct lab *lab)
{
	const struct sockaddr_in own =
		address(LAB_EXCHANGE_ADDRESS, LAB_ORDER_PORT);

	lab_go_exchange(lab);
	fake->listener = socket_listen(&own, 4);
	lab_go_trader(lab);
	fake->sender[0] = line_open(lab, LAB_GROUP);
	assert_true(fake->listener >= 0);
}

void fake_exchange_line_b(struct fake_exchange *fake, const struct lab *lab)
{
	fake->sender[1] = line_open(lab, FAKE_EXCHANGE_GROUP_B);
}

void fake_exchange_retransmitter(struct fake_exchange *fake,
				 const struct lab *lab)
{
	const struct sockaddr_in own =
		address(LAB_EXCHANGE_ADDRESS, FAKE_EXCHANGE_PORT);

	lab_go_exchange(lab);
	fake->retransmitter = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lab_go_trader(lab);
	assert_true(fake->retransmitter >= 0);
	assert_int_equal(bind(fake->retransmitter,
			      (const struct sockaddr *)&own, sizeof(own)),
			 0);
}

void fake_exchange_accept(struct fake_exchange *fake)
{
	struct pollfd poller = { .fd = fake->listener, .events = POLLIN };

	assert_int_equal(poll(&poller, 1, LAB_SOON_MS), 1);
	fake->client = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fake->client >= 0);
}

void fake_exchange_tell_session(struct fake_exchange *fake)
{
	struct sockaddr_in client;
	socklen_t len = sizeof(client);

	assert_int_equal(
		getpeername(fake->client, (struct sockaddr *)&client, &len), 0);
	fake->tag = market_data_session_tag(ntohs(client.sin_port));
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
	close_one(&fake->client);
	close_one(&fake->sender[0]);
	close_one(&fake->sender[1]);
	close_one(&fake->retransmitter);
	fake->sequence = 0;
	fake->lose = 0;
	fake->tag = 0;
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

static size_t datagram_make(uint8_t bytes[static MARKET_DATA_DATAGRAM_MAX],
			    const struct market_data_header *header,
			    const struct market_data_message *messages)
{
	market_data_write_header(bytes, header);
	for (unsigned int i = 0; i < header->message_count; i++)
		market_data_write(bytes, i, &messages[i]);
	return market_data_len(header->message_count);
}

void fake_exchange_publish(struct fake_exchange *fake, uint16_t flags,
			   const struct market_data_message *messages,
			   unsigned int count)
{
	const struct market_data_header header = {
		.sequence = fake->sequence++,
		.message_count = (uint16_t)count,
		.flags = flags | market_data_tag_flags(fake->tag),
	};
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	size_t len = datagram_make(bytes, &header, messages);

	for (unsigned int i = 0; i < FAKE_EXCHANGE_LINES; i++)
		if (fake->sender[i] >= 0 && !(fake->lose & 1U << i))
			assert_int_equal(send(fake->sender[i], bytes, len, 0),
					 len);
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

void fake_exchange_asked(struct fake_exchange *fake, uint32_t first,
			 uint16_t count)
{
	struct pollfd poller = { .fd = fake->retransmitter, .events = POLLIN };
	socklen_t asker_len = sizeof(fake->asker);
	struct retransmit_request request;
	uint8_t bytes[64];
	ssize_t len;

	if (poll(&poller, 1, LAB_SOON_MS) != 1)
		fail_msg("nobody asks for %u from %u on", count, first);
	len = recvfrom(fake->retransmitter, bytes, sizeof(bytes), 0,
		       (struct sockaddr *)&fake->asker, &asker_len);
	assert_true(len >= 0);
	assert_int_equal(
		retransmit_request_decode(bytes, (size_t)len, &request), 0);
	assert_int_equal(request.first, first);
	assert_int_equal(request.count, count);
	assert_int_equal(market_data_tag(request.flags), fake->tag);
}

void fake_exchange_not_asked(struct fake_exchange *fake)
{
	struct pollfd poller = { .fd = fake->retransmitter, .events = POLLIN };

	assert_int_equal(poll(&poller, 1, LAB_QUIET_MS), 0);
}

void fake_exchange_answer(struct fake_exchange *fake, uint16_t flags,
			  uint32_t sequence,
			  const struct market_data_message *message)
{
	const struct market_data_header header = {
		.sequence = sequence,
		.message_count = message ? 1 : 0,
		.flags = flags,
	};
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	size_t len = datagram_make(bytes, &header, message);

	assert_int_equal(sendto(fake->retransmitter, bytes, len, 0,
				(const struct sockaddr *)&fake->asker,
				sizeof(fake->asker)),
			 len);
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
