/* SPDX-License-Identifier: MIT */
/*
 * Remembers what a session has published and answers who asks for it once
 * more. Pure: datagrams, requests and times go in, what is to be sent to whom
 * comes out. No request costs more than it is worth: only the session's trader
 * is answered, with RETRANSMITTER_ANSWER_MAX datagrams at most, and all
 * requests together with RETRANSMITTER_PER_S. Who asks from the port that the
 * order connection has goes before all others at the trader's address, who have
 * a queue of their own: however many of them ask, they don't delay it.
 *
 *	err = retransmitter_open(&retransmitter, 65536);
 *	retransmitter_begin(&retransmitter, tag, &trader);
 *	retransmitter_keep(&retransmitter, sequence, bytes, len);
 *	retransmitter_ask(&retransmitter, request, len, &from);
 *	while ((answer = retransmitter_next(&retransmitter, now_ns)))
 *		...
 *	retransmitter_close(&retransmitter);
 */
#ifndef EXCHANGE_RETRANSMITTER_H
#define EXCHANGE_RETRANSMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "exchange/rate_limit.h"
#include "wire/market_data.h"
#include "wire/retransmit.h"

#define RETRANSMITTER_MEMORY_MAX  (UINT64_C(1) << 24) /* datagrams */
#define RETRANSMITTER_ANSWER_MAX  64	/* datagrams that a request has */
#define RETRANSMITTER_PER_S	  10000 /* datagrams, of all requests */
#define RETRANSMITTER_AT_ONCE	  256	/* that may leave with no pause */
#define RETRANSMITTER_WAITING_MAX 16	/* requests of each queue */

/* Who asks: IPv4 address and port, in whatever order the caller has them. */
struct retransmitter_peer {
	uint32_t address;
	uint16_t port;
};

struct retransmitter_counts {
	uint64_t requests;  /* that were taken */
	uint64_t answered;  /* datagrams that were to be sent */
	uint64_t notices;   /* "I go on there" */
	uint64_t malformed; /* requests that are none */
	uint64_t strangers; /* of others than the trader's address */
	uint64_t foreign;   /* of another session's tag */
	uint64_t repeated;  /* the same one waits already */
	uint64_t crowded;   /* too many wait */
	uint64_t unknown;   /* datagrams asked for, which aren't remembered any
			       more, or not yet */
};

struct retransmitter_request {
	struct retransmitter_peer from;
	uint32_t first, count; /* as asked for */
	uint32_t done;	       /* of those */
};

struct retransmitter_answer {
	struct retransmitter_peer to;
	const uint8_t *bytes; /* until the next retransmitter_keep() */
	size_t len;
};

/* Who waits, the first ones first. */
enum retransmitter_turn {
	RETRANSMITTER_OWN,
	RETRANSMITTER_OTHERS,
	RETRANSMITTER_TURNS
};

struct retransmitter_queue {
	struct retransmitter_request waiting[RETRANSMITTER_WAITING_MAX];
	unsigned int begin, count; /* of those: a ring */
};

/* Where a datagram lies. */
struct retransmitter_place {
	uint64_t at; /* in the bytes */
	uint32_t len;
};

struct retransmitter {
	struct mem_arena bytes, places;
	uint32_t memory; /* datagrams, a power of two; 0: not open */
	uint64_t head;	 /* of the bytes: where the next ones go */
	/* oldest to next - 1 are remembered; modulo 2^32. */
	uint32_t oldest, next;

	/* Of a session: */
	bool running;
	uint16_t tag;
	struct retransmitter_peer trader;
	struct rate_limit budget;
	struct retransmitter_queue queue[RETRANSMITTER_TURNS];
	struct retransmitter_answer answer;
	struct retransmitter_counts counts;
};

/* Room for so many datagrams (1 to RETRANSMITTER_MEMORY_MAX), rounded up to a
 * power of two; memory is taken as it is used. 0 or -ENOMEM. */
int retransmitter_open(struct retransmitter *retransmitter, uint64_t memory);
void retransmitter_close(struct retransmitter *retransmitter);

/* A session begins: nothing is remembered or counted. tag: its
 * market_data_session_tag(); trader: the order connection's other end, whose
 * address alone is answered. */
void retransmitter_begin(struct retransmitter *retransmitter, uint16_t tag,
			 const struct retransmitter_peer *trader);

/* It is over: nobody is answered. Counts stay. */
void retransmitter_end(struct retransmitter *retransmitter);

/* HOT. Remember a datagram (len at most MARKET_DATA_DATAGRAM_MAX), the next of
 * its session; another number forgets all before. One in our format is flagged
 * as retransmitted. */
void retransmitter_keep(struct retransmitter *retransmitter, uint32_t sequence,
			const uint8_t *bytes, size_t len);

/* Something came. 0: it is counted, and if it is a request it waits; -EBADMSG,
 * -EPERM (a stranger), -ESTALE (another session), -EALREADY, -EBUSY: it is
 * counted as that and not answered. */
int retransmitter_ask(struct retransmitter *retransmitter, const uint8_t *bytes,
		      size_t len, const struct retransmitter_peer *from);

/* The next datagram to send; NULL: none now. now_ns: CLOCK_MONOTONIC. */
const struct retransmitter_answer *retransmitter_next(
	struct retransmitter *retransmitter, uint64_t now_ns);

/* When there is one: UINT64_MAX: nobody waits; in the past: now. */
uint64_t retransmitter_due_ns(const struct retransmitter *retransmitter);

#endif
