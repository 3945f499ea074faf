/* SPDX-License-Identifier: MIT */
/*
 * What a trader says to the exchange's retransmitter, one UDP datagram each, 8
 * bytes, little-endian, packed: a request for datagrams that it lacks, or a
 * notice that it goes on without them. A request is answered by the datagrams
 * themselves, each flagged MARKET_DATA_RETRANSMITTED, to who asked; a notice by
 * nothing: it is for a witness on the wire, who can't know else what the
 * trader's books lack.
 */
#ifndef WIRE_RETRANSMIT_H
#define WIRE_RETRANSMIT_H

#include <stddef.h>
#include <stdint.h>

struct retransmit_request {
	uint32_t first; /* the first number asked for; of a notice the one that
			   the trader goes on with: all below is given up */
	uint16_t count; /* of numbers; 0: a notice */
	uint16_t flags; /* bits 4-15: the session's tag, as in market data;
			   bits 0-3 of a notice: the 2^n numbers right below
			   `first` are what is given up by it; else 0 */
} __attribute__((packed));

#define RETRANSMIT_REQUEST_LEN 8

_Static_assert(sizeof(struct retransmit_request) == RETRANSMIT_REQUEST_LEN,
	       "wire format");

/* A request or a notice of that many bytes in host order. 0, or -EBADMSG when
 * it has another length. */
int retransmit_request_decode(const uint8_t *data, size_t len,
			      struct retransmit_request *request);

#define RETRANSMIT_GIVEN_UP_MAX (1U << 15) /* by one notice */

/* So many of `count` numbers, not 0, one notice gives up. */
static inline uint32_t retransmit_piece(uint32_t count)
{
	return count >= RETRANSMIT_GIVEN_UP_MAX
		       ? RETRANSMIT_GIVEN_UP_MAX
		       : 1U << (31 - __builtin_clz(count));
}

/* `piece` numbers below `next` are given up. */
static inline struct retransmit_request retransmit_notice(uint32_t next,
							  uint32_t piece,
							  uint16_t tag_flags)
{
	return (struct retransmit_request){
		.first = next,
		.flags = (uint16_t)(tag_flags | __builtin_ctz(piece))
	};
}

/* And back: how many. */
static inline uint32_t retransmit_given_up(
	const struct retransmit_request *notice)
{
	return 1U << (notice->flags & 0xf);
}

/* Host order in. */
void retransmit_request_write(uint8_t data[static RETRANSMIT_REQUEST_LEN],
			      const struct retransmit_request *request);

#endif
