/* SPDX-License-Identifier: MIT */
/* What is to be told, asked for and given up. */
#include "trader/recovery_holes.h"

static bool gap_event(struct recovery *recovery, struct recovery_told *told)
{
	if (recovery->gap_told)
		return false;
	recovery->gap_told = true;
	*told = recovery->told;
	return true;
}

/* Behind what every line has passed. */
static uint32_t passed_end(const struct recovery *recovery)
{
	uint32_t end = recovery->line[0].next;

	if (recovery->lines > 1 &&
	    recovery_is_below(recovery->line[1].next, end))
		end = recovery->line[1].next;
	return end;
}

static uint64_t later(uint64_t since_ns, uint64_t ns)
{
	return since_ns + ns < since_ns ? UINT64_MAX : since_ns + ns;
}

/* Behind what is to be given up now, at most; `first`: nothing. */
static uint32_t given_up_below(struct recovery *recovery, uint32_t first,
			       uint64_t now_ns)
{
	uint32_t below = recovery->requests ? first : passed_end(recovery);

	if (recovery->spared ||
	    now_ns >= later(recovery_gap_at(recovery, 0)->alive_ns,
			    recovery->give_up_ns))
		return recovery->frontier;
	if (recovery->skips && recovery_is_below(below, recovery->skip_to))
		below = recovery->skip_to;
	return recovery_is_below(below, first) ? first : below;
}

static bool give_up_event(struct recovery *recovery, uint64_t now_ns,
			  struct recovery_told *told)
{
	const uint32_t first = recovery->session.expected;
	uint32_t below, end;

	if (recovery->skips && !recovery_is_below(first, recovery->skip_to))
		recovery->skips = false;
	if (first == recovery->frontier)
		return false;
	below = given_up_below(recovery, first, now_ns);
	if (below == first)
		return false;
	end = recovery_hole_end(recovery, first);
	if (recovery_is_below(below, end))
		end = below;
	end = first + retransmit_piece(end - first);
	/* Else those behind them take their places. */
	if (recovery->frontier - end < recovery->held_max) {
		recovery_marks_add(&recovery->memory->given_up, first, end);
		recovery_settled(recovery, first, end, now_ns);
	}
	recovery->counts.given_up += end - first;
	for (uint32_t i = 0; i < recovery->gaps; i++)
		if (recovery_is_below(recovery_gap_at(recovery, i)->first, end))
			recovery_gap_at(recovery, i)->given_up = true;
	recovery->session.expected = recovery->given_up_end = end;
	recovery_gaps_close(recovery, now_ns, false);
	/* What of them was asked for will not be missed. */
	recovery->asked = end;
	recovery->unanswered = 0;
	*told = (struct recovery_told){
		.expected = first,
		.got = end,
		.count = end - first,
		.request = retransmit_notice(end, end - first,
					     recovery->session.tag_bits),
	};
	return true;
}

/* When a number may be asked for. */
static uint64_t ask_ns(struct recovery *recovery, uint32_t number)
{
	uint32_t i = 0;

	if (recovery->lines == 1 ||
	    recovery_is_below(number, passed_end(recovery)))
		return 0;
	while (i + 1 < recovery->gaps &&
	       !recovery_is_below(number, recovery_gap_at(recovery, i)->end))
		i++;
	return later(recovery_gap_at(recovery, i)->seen_ns, recovery->again_ns);
}

static bool request_event(struct recovery *recovery, uint64_t now_ns,
			  struct recovery_told *told)
{
	const uint32_t expected = recovery->session.expected;
	uint32_t first, end, count = RECOVERY_ASKED_MAX;

	recovery->due_ns = later(recovery->asked_ns, recovery->again_ns);
	if (now_ns >= recovery->due_ns) {
		recovery->asked = expected;
		recovery->unanswered = 0;
	}
	if (recovery_is_below(recovery->asked, expected))
		recovery->asked = expected;
	first = recovery->asked =
		recovery_hole_first(recovery, recovery->asked);
	if (!recovery_is_below(first, recovery->frontier) ||
	    recovery->unanswered >= RECOVERY_ASKED_MAX)
		return false;
	if (now_ns < ask_ns(recovery, first)) {
		if (recovery->unanswered == 0 ||
		    ask_ns(recovery, first) < recovery->due_ns)
			recovery->due_ns = ask_ns(recovery, first);
		return false;
	}
	count -= recovery->unanswered;
	end = recovery_hole_end(recovery, first);
	if (end - first < count)
		count = end - first;
	if (first == expected)
		recovery->asked_ns = now_ns;
	recovery->asked = first + count;
	recovery->unanswered += count;
	recovery->counts.requests++;
	recovery->counts.requested += count;
	*told = (struct recovery_told){
		.expected = first,
		.got = first + count,
		.count = count,
		.request = { .first = first,
			     .count = (uint16_t)count,
			     .flags = recovery->session.tag_bits },
	};
	return true;
}

enum recovery_event recovery_event(struct recovery *recovery, uint64_t now_ns,
				   struct recovery_told *told)
{
	uint64_t give_up_ns;

	if (!recovery->busy)
		return RECOVERY_NOTHING;
	recovery->due_ns = now_ns;
	if (gap_event(recovery, told))
		return RECOVERY_GAP;
	if (!recovery->waits) {
		recovery->busy = false;
		return RECOVERY_NOTHING;
	}
	if (give_up_event(recovery, now_ns, told))
		return RECOVERY_GAVE_UP;
	recovery->busy = recovery->session.expected != recovery->frontier ||
			 recovery->spared || recovery->skips;
	if (!recovery->busy)
		return RECOVERY_NOTHING;
	recovery->due_ns = UINT64_MAX;
	if (recovery->requests && request_event(recovery, now_ns, told))
		return RECOVERY_REQUEST;
	give_up_ns = recovery->gaps == 0
			     ? UINT64_MAX
			     : later(recovery_gap_at(recovery, 0)->alive_ns,
				     recovery->give_up_ns);
	if (give_up_ns < recovery->due_ns)
		recovery->due_ns = give_up_ns;
	return RECOVERY_NOTHING;
}

/* Was one of them here in time? */
static bool had_any(const struct recovery *recovery, uint32_t first,
		    uint32_t end)
{
	for (; first != end; first++) {
		if (recovery_is_held(recovery, first))
			return true;
		if (recovery_is_below(first, recovery->session.expected) &&
		    !recovery_marks_has(&recovery->memory->given_up, first))
			return true;
	}
	return false;
}

void recovery_goes_on(struct recovery *recovery,
		      const struct retransmit_request *notice, uint64_t now_ns)
{
	const uint32_t next = notice->first;

	if (!recovery->memory || !recovery->session.started)
		return;
	if (!recovery->busy)
		recovery->frontier = recovery->session.expected;
	if (had_any(recovery, next - retransmit_given_up(notice), next))
		recovery->counts.raced++;
	if (!recovery_is_below(recovery->session.expected, next) ||
	    next - recovery->session.expected > RETRANSMIT_GIVEN_UP_MAX)
		return;
	/* More than was seen to be missing: then it is now. */
	if (recovery_is_below(recovery->frontier, next))
		recovery_gap_open(recovery, next, now_ns);
	recovery->skip_to = next;
	recovery->skips = true;
	recovery_busy_now(recovery);
}
