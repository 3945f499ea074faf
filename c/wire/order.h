/* SPDX-License-Identifier: MIT */
/* The order: 13 bytes, little-endian, packed, the only message of the order
 * connection. */
#ifndef WIRE_ORDER_H
#define WIRE_ORDER_H

#include <stddef.h>
#include <stdint.h>

#define ORDER_LEN 13

enum order_side { ORDER_BUY = 0, ORDER_SELL = 1 };

struct order {
	uint32_t quantity; /* lots */
	int64_t price;	   /* nano */
	uint8_t side;	   /* enum order_side */
} __attribute__((packed));

_Static_assert(sizeof(struct order) == ORDER_LEN, "wire format");

/* The datagram that an order answers, for who names an order by it. */
struct order_cause {
	uint16_t tag;	   /* of its session: 12 bits */
	uint32_t sequence; /* its number */
};

/* HOT. Host order in, wire bytes out; and back. */
void order_write(const struct order *order, uint8_t bytes[static ORDER_LEN]);
struct order order_read(const uint8_t bytes[static ORDER_LEN]);

/* NULL for an order an exchange takes, else why not: "quantity is 0", "side
 * is neither 0 nor 1". Prices are not judged. */
const char *order_fault(const struct order *order);

/* "buy", "sell" or "?". */
const char *order_side_name(uint8_t side);

#endif
