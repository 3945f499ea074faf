/* SPDX-License-Identifier: MIT */
/*
 * Market data datagrams: a header and message_count messages, little-endian,
 * packed. Prices and quantities are in nano (1e-9).
 */
#ifndef WIRE_MARKET_DATA_H
#define WIRE_MARKET_DATA_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>

enum market_data_flags {
	MARKET_DATA_SNAPSHOT = 1 << 0,
	MARKET_DATA_END_OF_FEED = 1 << 1,
	/* Sent again to who asked for it: wire/retransmit.h. */
	MARKET_DATA_RETRANSMITTED = 1 << 2,
	/* The books of the symbols in this datagram are empty before it: a
	 * snapshot begins. Of one in several datagrams the first has it. */
	MARKET_DATA_BOOK_BEGINS = 1 << 3,
	/* Bits 4-15: whose session it is, market_data_session_tag(); 0:
	 * untold. */
	MARKET_DATA_TAG = 0xfff0,
};

enum market_data_type {
	MARKET_DATA_ADD = 'A', /* read as an update */
	MARKET_DATA_UPDATE = 'U',
	MARKET_DATA_DELETE = 'D',
	/* An update whose quantity is too large for 64 bits of nano: in units
	 * of 10^order_id nano, order_id from 1 to 9. */
	MARKET_DATA_WIDE = 'W',
};

enum market_data_side { MARKET_DATA_BID = 'B', MARKET_DATA_ASK = 'A' };

struct market_data_header {
	uint32_t sequence; /* of datagrams, from 0 in each session */
	uint16_t message_count;
	uint16_t flags;
} __attribute__((packed));

struct market_data_message {
	uint8_t type;
	uint8_t side;
	uint16_t symbol_id; /* in order of appearance, from 0 */
	uint64_t price;
	uint64_t quantity; /* 0 removes the level */
	uint64_t order_id; /* 0 in price-level feeds; of a W the exponent of
			      its quantity's unit */
} __attribute__((packed));

_Static_assert(sizeof(struct market_data_header) == 8, "wire format");
_Static_assert(sizeof(struct market_data_message) == 28, "wire format");

#define MARKET_DATA_EXPONENT_MAX 9 /* of a W: whole units */

#define MARKET_DATA_LINES_MAX 2 /* the same datagrams, twice */

/* The largest UDP payload in an Ethernet frame of 1500: 1500 - 20 - 8. */
#define MARKET_DATA_DATAGRAM_MAX 1472
#define MARKET_DATA_MESSAGES_MAX                                          \
	((MARKET_DATA_DATAGRAM_MAX - sizeof(struct market_data_header)) / \
	 sizeof(struct market_data_message))

/*
 * HOT. Check a datagram and give its header in host order. The messages lie
 * behind it: market_data_read(). 0, or -EBADMSG when it is shorter than its
 * header, or than the messages that the header counts. Bytes behind the last
 * message are allowed and ignored.
 */
int market_data_decode(const uint8_t *data, size_t len,
		       struct market_data_header *header);

/* HOT. Message number i of a datagram that market_data_decode() accepted, in
 * host order; its type and side are not checked here. */
static inline struct market_data_message market_data_read(const uint8_t *data,
							  unsigned int i)
{
	struct market_data_message message;

	__builtin_memcpy(&message,
			 data + sizeof(struct market_data_header) +
				 i * sizeof(message),
			 sizeof(message));
	message.symbol_id = le16toh(message.symbol_id);
	message.price = le64toh(message.price);
	message.quantity = le64toh(message.quantity);
	message.order_id = le64toh(message.order_id);
	return message;
}

/* Write a header, a message (host order in); the caller has room. */
void market_data_write_header(uint8_t *data,
			      const struct market_data_header *header);
void market_data_write(uint8_t *data, unsigned int i,
		       const struct market_data_message *message);

/* The tag of a session, from 1 to 0xfff: both ends know it by the port that
 * the order connection comes from (host order). 0 for port 0. */
static inline uint16_t market_data_session_tag(uint16_t client_port)
{
	uint16_t tag = (client_port ^ client_port >> 12) & 0xfff;

	return tag || !client_port ? tag : 1;
}

static inline uint16_t market_data_tag(uint16_t flags)
{
	return flags >> 4;
}

/* And back: the flags that say it. */
static inline uint16_t market_data_tag_flags(uint16_t tag)
{
	return (uint16_t)(tag << 4);
}

/* Write the tag into a datagram of that number which has none; not into what
 * a formatter of another format made. */
void market_data_write_tag(uint8_t *data, size_t len, uint32_t sequence,
			   uint16_t tag);

/* Set these flags in it as well; not in what is of another format either. */
void market_data_write_flags(uint8_t *data, size_t len, uint32_t sequence,
			     uint16_t flags);

/* Bytes of a datagram with that many messages. */
static inline size_t market_data_len(unsigned int message_count)
{
	return sizeof(struct market_data_header) +
	       message_count * sizeof(struct market_data_message);
}

/*
 * Sequence numbers as a receiver sees them. The first number seen is no gap;
 * numbers wrap at 2^32.
 */
struct market_data_sequence {
	uint32_t expected;
	uint8_t started;
};

enum market_data_order {
	MARKET_DATA_IN_ORDER,
	MARKET_DATA_GAP,       /* ahead of what was expected */
	MARKET_DATA_DUPLICATE, /* behind: seen before, or reordered */
};

/* HOT. Says where the number stands and, unless it lies behind, expects the
 * next. A sender that starts over at 0 is told apart from a late packet by
 * its caller, who knows sessions: zero the struct. */
static inline enum market_data_order market_data_follow(
	struct market_data_sequence *seen, uint32_t sequence)
{
	uint32_t ahead = sequence - seen->expected;

	if (__builtin_expect(seen->started && ahead == 0, 1)) {
		seen->expected = sequence + 1;
		return MARKET_DATA_IN_ORDER;
	}
	if (!seen->started || ahead < UINT32_C(1) << 31) {
		enum market_data_order order =
			seen->started ? MARKET_DATA_GAP : MARKET_DATA_IN_ORDER;
		seen->started = 1;
		seen->expected = sequence + 1;
		return order;
	}
	return MARKET_DATA_DUPLICATE;
}

#endif
