/* SPDX-License-Identifier: MIT */
#include "trader/recovery_holes.h"

#include <string.h>

/* What stands at the place of no number. */
static uint32_t none(const struct recovery_marks *marks, uint32_t place)
{
	return place == marks->mask;
}

void recovery_marks_clear(struct recovery_marks *marks)
{
	if (marks->any)
		memset(marks->number, 0,
		       ((size_t)marks->mask + 1) * sizeof(*marks->number));
	marks->any = false;
}

void recovery_marks_add(struct recovery_marks *marks, uint32_t first,
			uint32_t end)
{
	if (!marks->any && first != end) {
		marks->any = true;
		marks->number[marks->mask] = none(marks, marks->mask);
	}
	if (end - first > marks->mask)
		first = end - marks->mask - 1;
	for (; first != end; first++)
		marks->number[first & marks->mask] = ~first;
}

bool recovery_marks_has(const struct recovery_marks *marks, uint32_t number)
{
	return marks->any && marks->number[number & marks->mask] == ~number;
}

bool recovery_marks_take(struct recovery_marks *marks, uint32_t number)
{
	const uint32_t place = number & marks->mask;

	if (!recovery_marks_has(marks, number))
		return false;
	marks->number[place] = none(marks, place);
	return true;
}

void recovery_settled(struct recovery *recovery, uint32_t first, uint32_t end,
		      uint64_t now_ns)
{
	if (recovery->apart_ns == 0)
		return;
	if (end - first > recovery->held_max)
		first = end - recovery->held_max;
	for (; first != end; first++)
		recovery->memory->settled_ns[recovery_place(recovery, first)] =
			now_ns;
}

uint32_t recovery_hole_first(const struct recovery *recovery, uint32_t number)
{
	while (recovery_is_held(recovery, number))
		number++;
	return number;
}

uint32_t recovery_hole_end(const struct recovery *recovery, uint32_t number)
{
	while (number != recovery->frontier &&
	       !recovery_is_held(recovery, number)) {
		if (number - recovery->session.expected >= recovery->held_max)
			return recovery->frontier;
		/* A word of them at once. */
		if (number % 64 == 0 && recovery->frontier - number > 64 &&
		    recovery->memory->held[recovery_place(recovery, number) /
					   64] == 0)
			number += 64;
		else
			number++;
	}
	return number;
}

void recovery_gap_tell(struct recovery *recovery, uint32_t first, uint32_t got,
		       uint32_t count)
{
	recovery->counts.gaps++;
	recovery->told = (struct recovery_told){ .expected = first,
						 .got = got,
						 .count = count };
	recovery->gap_told = false;
	recovery_busy_now(recovery);
}

void recovery_gap_open(struct recovery *recovery, uint32_t end, uint64_t now_ns)
{
	const uint32_t first = recovery->frontier;

	recovery_gap_tell(recovery, first, end, end - first);
	recovery->counts.missing += end - first;
	recovery->frontier = end;
	if (recovery->gaps == RECOVERY_GAPS_MAX) {
		recovery_gap_at(recovery, recovery->gaps - 1)->end = end;
		return;
	}
	*recovery_gap_at(recovery, recovery->gaps++) =
		(struct recovery_gap){ .first = first,
				       .end = end,
				       .seen_ns = now_ns,
				       .alive_ns = now_ns };
}

static void fill_count(struct recovery_counts *counts, uint64_t ns)
{
	counts->fills++;
	histogram_add(&counts->fill, ns);
	if (ns > counts->fill_max_ns)
		counts->fill_max_ns = ns;
}

void recovery_gaps_close(struct recovery *recovery, uint64_t now_ns, bool came)
{
	const uint32_t lowest =
		recovery_hole_first(recovery, recovery->session.expected);
	struct recovery_gap *gap;

	while (recovery->gaps > 0) {
		gap = recovery_gap_at(recovery, 0);
		if (recovery_is_below(lowest, gap->end)) {
			if (came && recovery_is_below(gap->first, lowest))
				gap->alive_ns = now_ns;
			break;
		}
		if (!gap->given_up)
			fill_count(&recovery->counts, now_ns - gap->seen_ns);
		recovery->gap_first++;
		recovery->gaps--;
	}
	if (came)
		recovery->asked_ns = now_ns;
}
