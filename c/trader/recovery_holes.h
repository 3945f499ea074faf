/* SPDX-License-Identifier: MIT */
/* What trader/recovery has in memory: what waits, and what is missing. Of no
 * use to others than its files. */
#ifndef TRADER_RECOVERY_HOLES_H
#define TRADER_RECOVERY_HOLES_H

#include "trader/recovery.h"

#define RECOVERY_GAPS_MASK (RECOVERY_GAPS_MAX - 1)

struct recovery_gap {
	uint32_t first, end;
	bool given_up;	   /* a part of it */
	uint64_t seen_ns;  /* when it was */
	uint64_t alive_ns; /* and when it became smaller from below */
};

struct recovery_slot {
	struct recovery_datagram datagram;
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
};

/* Numbers by their low bits, each in its complement: of none it is zero, which
 * is the last number's alone, and there one. */
struct recovery_marks {
	uint32_t *number; /* as many as may be held */
	uint32_t mask;	  /* of its places */
	bool any;	  /* else nothing of it is read */
};

struct recovery_memory {
	struct recovery_gap gaps[RECOVERY_GAPS_MAX];
	struct recovery_marks missing[MARKET_DATA_LINES_MAX];
	struct recovery_marks given_up;
	/* What a line brought in time, but behind what it had brought; where
	 * recovery->apart_ns is told. When it did, or when a number was given
	 * up. */
	struct recovery_marks swapped;
	struct recovery_slot spare; /* for what no slot is free */
	/* As many as may be held, each: */
	uint64_t *settled_ns;
	uint64_t *held; /* a bit for one */
	struct recovery_slot *slots;
};

/* Where it lies among those that are held. */
static inline uint32_t recovery_place(const struct recovery *recovery,
				      uint32_t number)
{
	return number & (recovery->held_max - 1);
}

/* Numbers wrap. */
static inline bool recovery_is_below(uint32_t number, uint32_t other)
{
	return number - other > INT32_MAX;
}

void recovery_marks_clear(struct recovery_marks *marks);
void recovery_marks_add(struct recovery_marks *marks, uint32_t first,
			uint32_t end);

bool recovery_marks_has(const struct recovery_marks *marks, uint32_t number);

/* Was it marked? Then no longer. */
bool recovery_marks_take(struct recovery_marks *marks, uint32_t number);

/* Now the contrary happens to it: a race if that is near. */
static inline void recovery_contrary(struct recovery *recovery, uint32_t number,
				     uint64_t now_ns)
{
	const uint64_t settled_ns =
		recovery->memory->settled_ns[recovery_place(recovery, number)];

	recovery->counts.raced += recovery->apart_ns > 0 &&
				  now_ns - settled_ns <= recovery->apart_ns;
}

static inline bool recovery_is_held(const struct recovery *recovery,
				    uint32_t number)
{
	const uint32_t place = recovery_place(recovery, number);

	return number - recovery->session.expected < recovery->held_max &&
	       recovery->memory->held[place / 64] >> place % 64 & 1;
}

/* Where recovery->apart_ns is told: these were given up, or filled by a line
 * that had passed them. */
void recovery_settled(struct recovery *recovery, uint32_t first, uint32_t end,
		      uint64_t now_ns);

/* The first number from there on that is missing, or that never came. */
uint32_t recovery_hole_first(const struct recovery *recovery, uint32_t number);

/* Behind the hole that begins there. */
uint32_t recovery_hole_end(const struct recovery *recovery, uint32_t number);

static inline struct recovery_gap *recovery_gap_at(struct recovery *recovery,
						   uint32_t i)
{
	return &recovery->memory
			->gaps[(recovery->gap_first + i) & RECOVERY_GAPS_MASK];
}

/* recovery_event() has something to say. */
static inline void recovery_busy_now(struct recovery *recovery)
{
	recovery->busy = true;
	recovery->due_ns = 0;
}

/* A gap, to be told: `count` numbers from `first` on, in front of `got`; 0: the
 * numbers went back. */
void recovery_gap_tell(struct recovery *recovery, uint32_t first, uint32_t got,
		       uint32_t count);

/* What came last is behind `end`: up to there all is missing. */
void recovery_gap_open(struct recovery *recovery, uint32_t end,
		       uint64_t now_ns);

/* The lowest missing number is another one, since the one before it came or
 * was given up. */
void recovery_gaps_close(struct recovery *recovery, uint64_t now_ns, bool came);

#endif
