/* SPDX-License-Identifier: MIT */
/*
 * A message that is sent to be sent back: its number, what it is, then bytes
 * that follow from both, so that it is known when it has come back whole.
 *
 *	u64 number, u8 kind, u32 magic, filler	little-endian
 *
 * A datagram is answered when its kind says that it asks: two servers can't be
 * made to answer each other for good.
 */
#ifndef ECHO_ECHO_MESSAGE_H
#define ECHO_ECHO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/order.h"

#define ECHO_MESSAGE_KIND_AT 8
#define ECHO_MESSAGE_HEAD    13

enum echo_kind { ECHO_ASKS = 1, ECHO_ANSWERS = 2 };

/* len: ECHO_MESSAGE_HEAD and more. */
void echo_message_write(uint8_t *bytes, size_t len, uint64_t number,
			enum echo_kind kind);

/* Is it one? *number is whose. */
bool echo_message_read(const uint8_t *bytes, size_t len, enum echo_kind kind,
		       uint64_t *number);

/* Where messages are orders: number i of those of a message. */
struct order echo_message_order(uint64_t number, uint32_t i);
bool echo_message_is_order(const struct order *order, uint64_t number,
			   uint32_t i);

/* How many make up a message of so many bytes. */
static inline uint32_t echo_message_orders(size_t size)
{
	return (uint32_t)(size / ORDER_LEN);
}

#endif
