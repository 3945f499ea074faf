/* SPDX-License-Identifier: MIT */
#include "trader/recovery.h"

#include <string.h>

#include "trader/recovery_holes.h"

static uint32_t *marks_open(struct recovery_marks *marks, uint32_t *numbers,
			    uint32_t held)
{
	*marks = (struct recovery_marks){ .number = numbers, .mask = held - 1 };
	return numbers + held;
}

/* All zero; behind its fixed part what there is of each that may be held. */
static int memory_open(struct recovery *recovery)
{
	const uint32_t held = recovery->held_max;
	const size_t each = (MARKET_DATA_LINES_MAX + 2) * sizeof(uint32_t) +
			    sizeof(uint64_t) + sizeof(struct recovery_slot);
	struct recovery_memory *memory;
	uint32_t *numbers;
	int err = mem_arena_reserve(&recovery->arena,
				    sizeof(*memory) + held / 8 + held * each);

	if (err)
		return err;
	memory = recovery->memory = recovery->arena.base;
	memory->settled_ns = (uint64_t *)(memory + 1);
	memory->held = memory->settled_ns + held;
	memory->slots = (struct recovery_slot *)(memory->held + held / 64);
	numbers = (uint32_t *)(memory->slots + held);
	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		numbers = marks_open(&memory->missing[i], numbers, held);
	numbers = marks_open(&memory->given_up, numbers, held);
	marks_open(&memory->swapped, numbers, held);
	return 0;
}

int recovery_open(struct recovery *recovery,
		  const struct recovery_config *config)
{
	int err;

	memset(recovery, 0, sizeof(*recovery));
	recovery->lines = (uint8_t)config->lines;
	recovery->requests = config->requests;
	recovery->waits = config->requests || config->lines > 1;
	recovery->give_up_ns = config->give_up_ns;
	recovery->again_ns = config->again_ns;
	recovery->apart_ns = config->apart_ns;
	recovery->held_max =
		config->held_max ? config->held_max : RECOVERY_HELD;
	if (recovery->waits) {
		err = memory_open(recovery);
		if (err)
			return err;
	}
	recovery->session.jump_max = config->jump_max;
	recovery_begin(recovery, 0);
	return 0;
}

void recovery_close(struct recovery *recovery)
{
	if (recovery->memory)
		mem_arena_close(&recovery->arena);
	recovery->memory = NULL;
}

/* Nothing waits any longer, and nothing is waited for. */
static void forget(struct recovery *recovery, uint32_t next)
{
	const uint32_t expected = recovery->session.expected;

	if (!recovery->busy)
		recovery->frontier = expected;
	for (uint32_t at = expected; at != recovery->frontier;) {
		uint32_t end = recovery_hole_end(recovery, at);

		recovery->counts.given_up += end - at;
		at = recovery_hole_first(recovery, end);
	}
	if (recovery->memory)
		memset(recovery->memory->held, 0, recovery->held_max / 8);
	recovery->gaps = recovery->unanswered = 0;
	recovery->spared = recovery->skips = false;
	recovery->session.expected = recovery->frontier = next;
	recovery->given_up_end = next;
	for (unsigned int i = 0; i < RECOVERY_SOURCES; i++)
		recovery->line[i].next = next;
}

void recovery_begin(struct recovery *recovery, uint16_t tag)
{
	forget(recovery, 0);
	session_begin(&recovery->session, tag, recovery->session.jump_max);
	recovery->session.ends_wait = recovery->waits;
	recovery->busy = false;
	recovery->gap_told = true;
	if (!recovery->memory)
		return;
	recovery_marks_clear(&recovery->memory->given_up);
	recovery_marks_clear(&recovery->memory->swapped);
	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		recovery_marks_clear(&recovery->memory->missing[i]);
}

void recovery_settle(struct recovery *recovery, uint32_t end)
{
	for (unsigned int i = 0; i < recovery->lines; i++) {
		struct recovery_line *line = &recovery->line[i];

		if (!recovery_is_below(line->next, end))
			continue;
		line->missing += end - line->next;
		line->next = end;
	}
}

/* The line lacks these. Had it passed one of them before the other line brought
 * that, behind what it had brought, then that had been given up. */
static void line_passes(struct recovery *recovery, uint32_t first, uint32_t end,
			uint64_t now_ns)
{
	if (end - first > recovery->held_max)
		first = end - recovery->held_max;
	for (; first != end; first++)
		if (recovery_marks_take(&recovery->memory->swapped, first))
			recovery_contrary(recovery, first, now_ns);
}

/* Which numbers a line has brought, by itself. */
static void line_follow(struct recovery *recovery, unsigned int source,
			uint32_t number, uint64_t now_ns)
{
	struct recovery_line *line = &recovery->line[source];
	struct recovery_marks *missing;

	if (source >= recovery->lines)
		return;
	missing = &recovery->memory->missing[source];
	if (recovery_is_below(number, line->next)) {
		line->missing -= recovery_marks_take(missing, number);
		return;
	}
	line->missing += number - line->next;
	recovery_marks_add(missing, line->next, number);
	if (recovery->apart_ns > 0)
		line_passes(recovery, line->next, number, now_ns);
	line->next = number + 1;
}

static enum recovery_verdict late(struct recovery *recovery,
				  const struct recovery_datagram *datagram,
				  uint64_t now_ns)
{
	const uint32_t number = datagram->header.sequence;

	recovery->line[datagram->source].late++;
	if (!recovery->memory)
		return RECOVERY_LATE;
	line_follow(recovery, datagram->source, number, now_ns);
	if (recovery_marks_take(&recovery->memory->given_up, number)) {
		recovery->counts.too_late++;
		recovery_contrary(recovery, number, now_ns);
	}
	return RECOVERY_LATE;
}

/* One line, and no requests. */
static enum recovery_verdict plain(struct recovery *recovery,
				   const struct recovery_datagram *datagram,
				   uint64_t now_ns)
{
	struct session *session = &recovery->session;
	const uint32_t expected = session->expected;

	switch (session_weigh(session, &datagram->header)) {
	case SESSION_GAP:
		recovery_gap_tell(recovery, expected, datagram->header.sequence,
				  session->lost);
		recovery->counts.missing += session->lost;
		recovery->counts.given_up += session->lost;
		recovery->line[0].missing += session->lost;
		break;
	case SESSION_IN_ORDER:
		break;
	case SESSION_DUPLICATE:
		return late(recovery, datagram, now_ns);
	case SESSION_FOREIGN:
		return RECOVERY_FOREIGN;
	case SESSION_DOUBTED:
		return RECOVERY_DOUBTED;
	}
	recovery->line[0].first++;
	recovery->line[0].next = recovery->frontier = session->expected;
	return RECOVERY_APPLY;
}

static void keep(struct recovery_slot *slot,
		 const struct recovery_datagram *datagram)
{
	slot->datagram = *datagram;
	slot->datagram.data = slot->bytes;
	memcpy(slot->bytes, datagram->data, datagram->len);
}

/* It was missing. */
static void filled(struct recovery *recovery,
		   const struct recovery_datagram *datagram, uint64_t now_ns)
{
	const uint32_t number = datagram->header.sequence;

	if (recovery->apart_ns > 0 &&
	    number + 1 != recovery->line[datagram->source].next) {
		recovery_marks_add(&recovery->memory->swapped, number,
				   number + 1);
		recovery_settled(recovery, number, number + 1, now_ns);
	}
	if (datagram->source == RECOVERY_RETRANSMITTED)
		recovery->counts.recovered++;
	else
		recovery->counts.filled++;
	if (recovery->unanswered > 0 &&
	    recovery_is_below(number, recovery->asked))
		recovery->unanswered--;
}

/* No slot is free for it: what can be had again is not kept, and missing; for
 * else what is missing below is given up until there is one. */
static enum recovery_verdict spare(struct recovery *recovery,
				   const struct recovery_datagram *datagram,
				   uint64_t now_ns)
{
	const uint32_t number = datagram->header.sequence;
	const uint32_t ahead = number - recovery->session.expected;

	if (datagram->len > MARKET_DATA_DATAGRAM_MAX ||
	    (recovery->requests && ahead <= recovery->session.late_max)) {
		if (!recovery_is_below(number, recovery->frontier))
			recovery_gap_open(recovery, number + 1, now_ns);
		return RECOVERY_WAITS;
	}
	if (recovery_is_below(recovery->frontier, number))
		recovery_gap_open(recovery, number, now_ns);
	recovery->spared = true;
	keep(&recovery->memory->spare, datagram);
	recovery_busy_now(recovery);
	return RECOVERY_WAITS;
}

/* Its number is beyond the expected one. */
static enum recovery_verdict wait(struct recovery *recovery,
				  const struct recovery_datagram *datagram,
				  uint64_t now_ns)
{
	const uint32_t number = datagram->header.sequence;
	const uint32_t place = recovery_place(recovery, number);

	if (number - recovery->session.expected >= recovery->held_max ||
	    datagram->len > MARKET_DATA_DATAGRAM_MAX)
		return spare(recovery, datagram, now_ns);
	recovery->line[datagram->source].first++;
	if (recovery_is_below(number, recovery->frontier))
		filled(recovery, datagram, now_ns);
	else if (number != recovery->frontier)
		recovery_gap_open(recovery, number, now_ns);
	if (!recovery_is_below(number, recovery->frontier))
		recovery->frontier = number + 1;
	recovery->memory->held[place / 64] |= UINT64_C(1) << place % 64;
	keep(&recovery->memory->slots[place], datagram);
	recovery_busy_now(recovery);
	return RECOVERY_WAITS;
}

/* It is believed. */
static enum recovery_verdict arrive(struct recovery *recovery,
				    const struct recovery_datagram *datagram,
				    uint64_t now_ns)
{
	struct session *session = &recovery->session;
	const uint32_t number = datagram->header.sequence;
	bool missing;

	if (!session->started) {
		forget(recovery, session->tag_bits ? 0 : number);
		session->started = true;
	} else if (recovery_is_below(number, session->expected)) {
		recovery_gap_tell(recovery, session->expected, number, 0);
		forget(recovery, number);
	} else if (recovery_is_held(recovery, number)) {
		return late(recovery, datagram, now_ns);
	}
	line_follow(recovery, datagram->source, number, now_ns);
	if (number != session->expected)
		return wait(recovery, datagram, now_ns);
	missing = number != recovery->frontier;
	recovery->line[datagram->source].first++;
	session->expected++;
	if (missing) {
		filled(recovery, datagram, now_ns);
		recovery_gaps_close(recovery, now_ns, true);
		recovery_busy_now(recovery);
	} else {
		recovery->frontier++;
	}
	return RECOVERY_APPLY;
}

enum recovery_verdict recovery_take(struct recovery *recovery,
				    const struct recovery_datagram *datagram,
				    uint64_t now_ns)
{
	struct session *session = &recovery->session;

	if (!recovery->waits)
		return plain(recovery, datagram, now_ns);
	if (!recovery->busy)
		recovery->frontier = session->expected;
	switch (session_look(session, &datagram->header, recovery->frontier)) {
	case SESSION_IN_ORDER:
	case SESSION_GAP:
		break;
	case SESSION_DUPLICATE:
		return late(recovery, datagram, now_ns);
	case SESSION_FOREIGN:
		return RECOVERY_FOREIGN;
	case SESSION_DOUBTED:
		return RECOVERY_DOUBTED;
	}
	return arrive(recovery, datagram, now_ns);
}

const struct recovery_datagram *recovery_next(struct recovery *recovery)
{
	const uint32_t number = recovery->session.expected;
	const uint32_t place = recovery_place(recovery, number);
	struct recovery_slot *slot;

	if (!recovery->busy || !recovery->memory)
		return NULL;
	if (recovery_is_held(recovery, number)) {
		recovery->memory->held[place / 64] &=
			~(UINT64_C(1) << place % 64);
		recovery->session.expected++;
		return &recovery->memory->slots[place].datagram;
	}
	slot = &recovery->memory->spare;
	if (!recovery->spared ||
	    slot->datagram.header.sequence - number >= recovery->held_max)
		return NULL;
	recovery->spared = false;
	/* As when it is taken; it was believed. */
	if (slot->datagram.header.sequence == number) {
		recovery->line[slot->datagram.source].first++;
		recovery->session.expected++;
		recovery->frontier = number + 1;
		return &slot->datagram;
	}
	wait(recovery, &slot->datagram, recovery->due_ns);
	return NULL;
}
