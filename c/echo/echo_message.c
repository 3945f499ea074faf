/* SPDX-License-Identifier: MIT */
#include "echo/echo_message.h"

#include <endian.h>
#include <string.h>

#define MAGIC	 0x4f484345 /* "ECHO" */
#define MAGIC_AT 9
#define FILLER	 0xa5

_Static_assert(ECHO_MESSAGE_HEAD == ORDER_LEN, "as short as an order");

void echo_message_write(uint8_t *bytes, size_t len, uint64_t number,
			enum echo_kind kind)
{
	const uint64_t wire = htole64(number);
	const uint32_t magic = htole32(MAGIC);

	memcpy(bytes, &wire, sizeof(wire));
	bytes[ECHO_MESSAGE_KIND_AT] = (uint8_t)kind;
	memcpy(bytes + MAGIC_AT, &magic, sizeof(magic));
	memset(bytes + ECHO_MESSAGE_HEAD, FILLER, len - ECHO_MESSAGE_HEAD);
}

/* All of them the same: each is its neighbour. */
static bool is_filler(const uint8_t *bytes, size_t len)
{
	return len == 0 ||
	       (bytes[0] == FILLER && memcmp(bytes, bytes + 1, len - 1) == 0);
}

bool echo_message_read(const uint8_t *bytes, size_t len, enum echo_kind kind,
		       uint64_t *number)
{
	const uint32_t magic = htole32(MAGIC);
	uint64_t wire;

	if (len < ECHO_MESSAGE_HEAD ||
	    memcmp(bytes + MAGIC_AT, &magic, sizeof(magic)) != 0 ||
	    bytes[ECHO_MESSAGE_KIND_AT] != kind ||
	    !is_filler(bytes + ECHO_MESSAGE_HEAD, len - ECHO_MESSAGE_HEAD))
		return false;
	memcpy(&wire, bytes, sizeof(wire));
	*number = le64toh(wire);
	return true;
}

struct order echo_message_order(uint64_t number, uint32_t i)
{
	return (struct order){ .quantity = i + 1,
			       .price = (int64_t)number,
			       .side = ORDER_BUY };
}

bool echo_message_is_order(const struct order *order, uint64_t number,
			   uint32_t i)
{
	return order->quantity == i + 1 && order->price == (int64_t)number &&
	       order->side == ORDER_BUY;
}
