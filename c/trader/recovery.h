/* SPDX-License-Identifier: MIT */
/*
 * Datagrams in as they come, on one line or two and from the exchange's
 * retransmitter; out in order, each once. What is missing is waited for, asked
 * for and in the end given up. No I/O and no clock: times come in, what is to
 * be done comes out. The trader asks it, and so does the oracle that judges
 * the trader; which datagrams are believed is trader/session's matter.
 *
 *	verdict = recovery_look(recovery, &header, line);
 *	if (verdict == RECOVERY_UNSURE)
 *		verdict = recovery_take(recovery, &datagram, now_ns);
 *	if (verdict == RECOVERY_APPLY)
 *		apply(datagram);
 *	if (recovery->busy)	and when recovery_due_ns() has come
 *		do {
 *			while ((waited = recovery_next(recovery)))
 *				apply(waited);
 *			event = recovery_event(recovery, now_ns, &told);
 *			...
 *		} while (event != RECOVERY_NOTHING);
 *
 * With one line and no requests nothing waits: a gap is told and taken. Else
 * what came behind a gap waits, copied. A gap is asked for at once where there
 * is one line; where there are two, when each has passed it or again_ns have
 * gone by. What each of two lines has passed is given up where there are no
 * requests. In any case, a gap is given up when give_up_ns have passed since
 * it was seen or, where it is filled bit by bit, since the last bit: give up is
 * told, and by requests' way the exchange as well, for a witness to see.
 */
#ifndef TRADER_RECOVERY_H
#define TRADER_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "stats/histogram.h"
#include "trader/session.h"
#include "wire/market_data.h"
#include "wire/retransmit.h"

#define RECOVERY_RETRANSMITTED MARKET_DATA_LINES_MAX /* as a source */
#define RECOVERY_SOURCES       (MARKET_DATA_LINES_MAX + 1)

#define RECOVERY_HELD	   16384 /* datagrams that wait, if not more may */
#define RECOVERY_GAPS_MAX  4096	 /* open ones told apart; a power of two */
#define RECOVERY_ASKED_MAX 64	 /* datagrams asked for at one time */

struct recovery_config {
	unsigned int lines;  /* 1 or 2 */
	bool requests;	     /* ask for what is missing */
	uint64_t give_up_ns; /* UINT64_MAX: only by recovery_goes_on() */
	uint64_t again_ns;   /* what was not answered is asked for again */
	uint32_t jump_max;   /* as for session_begin() */
	uint32_t held_max;   /* datagrams that may wait: a power of two of at
				least 64, or 0: RECOVERY_HELD */
	/* For who only looks on, and sees two lines without requests: so near
	 * in time the trader may have had one line's datagram before the
	 * other's, or behind it. 0: nobody looks on. */
	uint64_t apart_ns;
};

struct recovery_datagram {
	const uint8_t *data;
	uint32_t len;
	uint8_t source; /* its line, or RECOVERY_RETRANSMITTED */
	struct market_data_header header;
	uint64_t kernel_ns, user; /* the caller's stamps; they wait with it */
};

enum recovery_verdict {
	RECOVERY_APPLY,
	RECOVERY_WAITS,	  /* until what is before it came, or is given up */
	RECOVERY_LATE,	  /* seen before, or too late */
	RECOVERY_FOREIGN, /* of another session */
	RECOVERY_DOUBTED, /* not believed (yet) */
	RECOVERY_UNSURE,  /* recovery_take() says */
};

enum recovery_event {
	RECOVERY_NOTHING,
	RECOVERY_GAP,	  /* tell it */
	RECOVERY_REQUEST, /* send the request */
	RECOVERY_GAVE_UP, /* tell it, and send the notice; by powers of two */
};

struct recovery_told {
	uint32_t expected; /* the first number that is missing */
	uint32_t got;	   /* the one that came or, given up, that is next */
	uint32_t count;	   /* of missing ones; 0: the numbers went back */
	struct retransmit_request request; /* or the notice */
};

/* Each number that was missing was filled, recovered, given up, or is missing
 * still. */
struct recovery_counts {
	uint64_t gaps;
	uint64_t missing;   /* numbers that were, at first */
	uint64_t filled;    /* of them, by the other line, or late */
	uint64_t recovered; /* of them, by the retransmitter */
	uint64_t given_up;
	uint64_t too_late; /* of those, came after all */
	uint64_t requests;
	uint64_t requested; /* numbers, again and again */
	uint64_t raced;	    /* recovery_goes_on() past what had come; or by
			       .apart_ns it is open whether one was given up */
	/* Gaps of which nothing was given up, from sight to whole. */
	uint64_t fills, fill_max_ns;
	struct histogram fill;
};

struct recovery_line {
	uint32_t next;	  /* behind the highest number that it brought */
	uint64_t first;	  /* datagrams that it brought before others did */
	uint64_t late;	  /* that were there, or given up */
	uint64_t missing; /* that it has not brought, up to its highest */
};

struct recovery {
	struct session session; /* .expected: the next one to be applied */
	bool busy;		/* not all is in order, or told */
	bool waits, requests;
	bool spared, skips; /* .spare is taken; .skip_to means something */
	bool gap_told;	    /* nothing is to be told of .told */
	uint8_t lines;
	uint32_t frontier; /* behind the highest number that came */
	struct recovery_line line[RECOVERY_SOURCES];
	uint32_t given_up_end; /* behind what was given up last */
	uint32_t skip_to;      /* all below is given up */
	uint32_t asked;	       /* behind the last number that was asked for */
	uint32_t unanswered;   /* numbers that were, and are missing */
	uint64_t asked_ns;     /* when the lowest of them was */
	uint64_t give_up_ns, again_ns, apart_ns, due_ns;
	struct recovery_told told; /* a gap */
	uint32_t gap_first, gaps;  /* open ones, in a ring */
	uint32_t held_max;
	struct recovery_counts counts;
	struct recovery_memory *memory; /* NULL: nothing ever waits */
	struct mem_arena arena;
};

/* 0 or -ENOMEM. What waits has its pages when they are touched. */
int recovery_open(struct recovery *recovery,
		  const struct recovery_config *config);
void recovery_close(struct recovery *recovery);

/* Of a session, whose tag is told or 0; what waited is gone, counts stay. */
void recovery_begin(struct recovery *recovery, uint16_t tag);

/* HOT. APPLY, LATE (a second line's copy), or UNSURE; header is in host order,
 * source a line or RECOVERY_RETRANSMITTED. */
static inline enum recovery_verdict recovery_look(
	struct recovery *recovery, const struct market_data_header *header,
	unsigned int source)
{
	struct recovery_line *line = &recovery->line[source];
	struct session *session = &recovery->session;

	if (__builtin_expect(header->sequence != line->next || recovery->busy,
			     0))
		return RECOVERY_UNSURE;
	if (__builtin_expect(session_is_next(session, header), 1)) {
		session->expected++;
		session->witnesses = 0;
		line->next++;
		line->first++;
		return RECOVERY_APPLY;
	}
	if (!session->started ||
	    (header->flags & session->tag_mask) != session->tag_bits ||
	    session->expected - header->sequence - 1 >= session->late_max ||
	    header->sequence - recovery->given_up_end > INT32_MAX)
		return RECOVERY_UNSURE;
	line->next++;
	line->late++;
	return RECOVERY_LATE;
}

/* What recovery_look() is not sure of. Never UNSURE. */
enum recovery_verdict recovery_take(struct recovery *recovery,
				    const struct recovery_datagram *datagram,
				    uint64_t now_ns);

/* What has waited and is next; its bytes are good until the next call of a
 * function of this file. NULL: nothing now. */
const struct recovery_datagram *recovery_next(struct recovery *recovery);

/* What there is to be told or done, one at a time, each once. */
enum recovery_event recovery_event(struct recovery *recovery, uint64_t now_ns,
				   struct recovery_told *told);

/* When to ask recovery_event() again; UINT64_MAX: no timer runs, and nothing
 * is on its way from the retransmitter. Monotonic, as what came in. */
static inline uint64_t recovery_due_ns(const struct recovery *recovery)
{
	return recovery->busy ? recovery->due_ns : UINT64_MAX;
}

/* For who only looks on: the trader was seen to go on. What is given up by it
 * recovery_event() tells; what it gives up although it came here in time is
 * counted as raced. One notice can't give up more than
 * RETRANSMIT_GIVEN_UP_MAX: what lies farther ahead is no notice of its. */
void recovery_goes_on(struct recovery *recovery,
		      const struct retransmit_request *notice, uint64_t now_ns);

/* At a session's end, before its counts are read: of the numbers below `end`,
 * which of the lines have not got so far. */
void recovery_settle(struct recovery *recovery, uint32_t end);

#endif
