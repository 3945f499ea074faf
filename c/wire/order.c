/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <string.h>

#include "wire/order.h"

void order_write(const struct order *order, uint8_t bytes[static ORDER_LEN])
{
	struct order wire = {
		.quantity = htole32(order->quantity),
		.price = (int64_t)htole64((uint64_t)order->price),
		.side = order->side,
	};

	memcpy(bytes, &wire, sizeof(wire));
}

struct order order_read(const uint8_t bytes[static ORDER_LEN])
{
	struct order order;

	memcpy(&order, bytes, sizeof(order));
	order.quantity = le32toh(order.quantity);
	order.price = (int64_t)le64toh((uint64_t)order.price);
	return order;
}

const char *order_fault(const struct order *order)
{
	if (order->quantity == 0)
		return "quantity is 0";
	if (order->side != ORDER_BUY && order->side != ORDER_SELL)
		return "side is neither 0 nor 1";
	return NULL;
}

const char *order_side_name(uint8_t side)
{
	switch (side) {
	case ORDER_BUY:
		return "buy";
	case ORDER_SELL:
		return "sell";
	}
	return "?";
}
