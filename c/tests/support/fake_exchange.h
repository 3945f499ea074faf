/* SPDX-License-Identifier: MIT */
/* An exchange that is played by the test: it publishes what it likes and takes
 * orders by hand. */
#ifndef TESTS_SUPPORT_FAKE_EXCHANGE_H
#define TESTS_SUPPORT_FAKE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/lab.h"
#include "wire/market_data.h"
#include "wire/order.h"

struct fake_exchange {
	int listener, sender, client; /* -1: none */
	uint32_t sequence;	      /* of the next datagram */
};

#define FAKE_EXCHANGE_NONE    \
	{                     \
		-1, -1, -1, 0 \
	}

/* In the exchange's namespace; the trader's end is where we come back to. */
void fake_exchange_listen(struct fake_exchange *fake, const struct lab *lab);
void fake_exchange_accept(struct fake_exchange *fake);
void fake_exchange_close(struct fake_exchange *fake);

/* An update of one level (quantity "0": its removal), as text. */
struct market_data_message fake_exchange_message(char side, const char *price,
						 const char *quantity);

/* The next datagram: messages, one level, a level at 250 and 100 as snapshot,
 * the end of the feed. */
void fake_exchange_publish(struct fake_exchange *fake, uint16_t flags,
			   const struct market_data_message *messages,
			   unsigned int count);
void fake_exchange_level(struct fake_exchange *fake, bool snapshot, char side,
			 const char *price, const char *quantity);
void fake_exchange_book(struct fake_exchange *fake);
void fake_exchange_end(struct fake_exchange *fake);

/* The next order is this. */
void fake_exchange_expect(struct fake_exchange *fake, uint32_t quantity,
			  const char *price, uint8_t side);

#endif
