/* SPDX-License-Identifier: MIT */
/*
 * The session as a receiver of datagrams sees it: which of them are its own,
 * in order, and to be believed. No I/O and no clock: the trader asks it, and
 * so does the oracle that judges the trader.
 *
 * A datagram says whose session it is by its tag; where ours is known, others
 * are passed over, and untold ones too once ours was seen. Numbers that are
 * near go on, with a gap or as seen before. One that is far from what was
 * expected, on either side, is believed when the one behind it follows, an
 * end of the feed that is not the next when it has come three times under one
 * number; a datagram in order says that they were none.
 */
#ifndef TRADER_SESSION_H
#define TRADER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/market_data.h"

/* Datagrams; what is near ahead, if not told: more than are lost at one time,
 * but for those that a receiver had no room for, and of those the next bears
 * witness at once. So far a forged one can lead astray. */
#define SESSION_JUMP_MAX 1024
/* And near behind, if not more is told: a line, or a copy, may be late. */
#define SESSION_LATE_MAX 65536

struct session {
	uint32_t expected; /* the next number */
	uint16_t tag_mask; /* 0: any tag will do */
	uint16_t tag_bits; /* under the mask, of what is ours */
	bool started;	   /* a datagram was taken */
	bool doubted_end;  /* what the witnesses are for */
	bool ends_wait;	   /* an end with our tag that is near is a number like
			      others: who can have what is missing need not
			      doubt it */
	uint8_t witnesses; /* datagrams that make a doubted one likely */
	uint16_t tag;	   /* ours; 0: not known */
	uint32_t doubted;  /* number that the next witness has */
	uint32_t jump_max, late_max;
	uint32_t lost; /* datagrams that the last gap skipped */
};

enum session_verdict {
	SESSION_IN_ORDER,
	SESSION_GAP, /* take it; session->lost were skipped, 0 if the numbers
			went back */
	SESSION_DUPLICATE, /* behind: seen before, or too late */
	SESSION_FOREIGN,   /* of another session */
	SESSION_DOUBTED,   /* not believed (yet) */
};

/* tag: ours, 0 if it is not known. jump_max: numbers at most so far ahead of
 * the expected one are believed at once; 0: SESSION_JUMP_MAX. */
void session_begin(struct session *session, uint16_t tag, uint32_t jump_max);

/* Behind session_take(). */
enum session_verdict session_weigh(struct session *session,
				   const struct market_data_header *header);

/* What session_weigh() says, for who decides by himself whether to go on: the
 * expected number stays, and what came beyond it may wait for it. beyond: the
 * number behind the highest that was believed, from which near is counted. */
enum session_verdict session_look(struct session *session,
				  const struct market_data_header *header,
				  uint32_t beyond);

/* HOT. The very next one, of this session. */
static inline bool session_is_next(const struct session *session,
				   const struct market_data_header *header)
{
	return header->sequence == session->expected && session->started &&
	       (header->flags & session->tag_mask) == session->tag_bits;
}

/* HOT. What to do with a datagram; only those in order, or behind a gap, are
 * to be applied. */
static inline enum session_verdict session_take(
	struct session *session, const struct market_data_header *header)
{
	if (__builtin_expect(session_is_next(session, header), 1)) {
		session->expected++;
		session->witnesses = 0;
		return SESSION_IN_ORDER;
	}
	return session_weigh(session, header);
}

#endif
