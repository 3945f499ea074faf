/* SPDX-License-Identifier: MIT */
/* An exchange that is played by the test: it publishes what it likes, on one
 * line or two, loses what it likes, and takes orders and requests for what was
 * lost by hand. */
#ifndef TESTS_SUPPORT_FAKE_EXCHANGE_H
#define TESTS_SUPPORT_FAKE_EXCHANGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/lab.h"
#include "wire/market_data.h"
#include "wire/order.h"
#include "wire/retransmit.h"

#define FAKE_EXCHANGE_LINES   2
#define FAKE_EXCHANGE_GROUP_B "239.255.0.2"
#define FAKE_EXCHANGE_PORT    (LAB_ORDER_PORT + 1) /* of the retransmitter */

struct fake_exchange {
	int listener, client;		 /* -1: none */
	int sender[FAKE_EXCHANGE_LINES]; /* the lines */
	int retransmitter;
	uint32_t sequence; /* of the next datagram */
	unsigned int lose; /* 1 << line: the next datagrams are lost there */
	uint16_t tag;	   /* that they carry; 0: untold */
	struct sockaddr_in asker; /* of the last request */
};

#define FAKE_EXCHANGE_NONE                                          \
	{                                                           \
		.listener = -1, .client = -1, .sender = { -1, -1 }, \
		.retransmitter = -1                                 \
	}

/* In the exchange's namespace; the trader's end is where we come back to. */
void fake_exchange_listen(struct fake_exchange *fake, const struct lab *lab);
void fake_exchange_accept(struct fake_exchange *fake);
/* Before a trader listens: a second line, and a retransmitter's port. */
void fake_exchange_line_b(struct fake_exchange *fake, const struct lab *lab);
void fake_exchange_retransmitter(struct fake_exchange *fake,
				 const struct lab *lab);
/* What is published from now on tells the session of who was accepted. */
void fake_exchange_tell_session(struct fake_exchange *fake);
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

/* The next request, or notice (count 0), is this. */
void fake_exchange_asked(struct fake_exchange *fake, uint32_t first,
			 uint16_t count);
/* Nobody asks for a while. */
void fake_exchange_not_asked(struct fake_exchange *fake);
/* Answer who asked last: a datagram of that number; flags as they are. */
void fake_exchange_answer(struct fake_exchange *fake, uint16_t flags,
			  uint32_t sequence,
			  const struct market_data_message *message);

/* The next order is this. */
void fake_exchange_expect(struct fake_exchange *fake, uint32_t quantity,
			  const char *price, uint8_t side);

#endif
