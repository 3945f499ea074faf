/* SPDX-License-Identifier: MIT */
/*
 * Orders beside those that are called for, told by what is in them: the fewest
 * faults that explain the one by the other. That is an edit distance (Wagner
 * and Fischer, "The string-to-string correction problem", 1974) in which an
 * order can't answer what was stamped after it. Of as many faults, the
 * explanation with more matches; then the one that matches older triggers.
 * Pure.
 */
#ifndef WIRETAP_PAIRING_ALIGN_H
#define WIRETAP_PAIRING_ALIGN_H

#include "wiretap/pairing_state.h"

enum pairing_move {
	PAIRING_MOVE_MATCHED, /* the next order answers the next trigger */
	PAIRING_MOVE_WRONG,   /* wrongly */
	PAIRING_MOVE_MISSING, /* nothing answers the next trigger */
	PAIRING_MOVE_EXTRA,   /* the next order answers nothing */
};

/*
 * What becomes of the first `triggers` that wait and the first `orders` that
 * are open: *moves, to be freed, and how many they are. It costs triggers *
 * orders steps, and bytes. 0 or -ENOMEM.
 */
int pairing_align(const struct pairing *pairing, size_t triggers, size_t orders,
		  enum pairing_move **moves, size_t *count);

#endif
