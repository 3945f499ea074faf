/* SPDX-License-Identifier: MIT */
/* What FIX's tags are, by their numbers. For wire/fix_dictionary alone. */
#ifndef WIRE_FIX_TAGS_H
#define WIRE_FIX_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#define FIX_TAGS 1536 /* greater ones are not listed */

/* Several at once. */
enum fix_tag_kind {
	FIX_IN_HEADER = 1,
	FIX_IN_TRAILER = 2,
	FIX_IN_ORDER = 4, /* NewOrderSingle may have it, in each version */
	FIX_IN_LATER_ORDER = 8, /* ... in 4.4 and 5.0 */
	FIX_IS_COUNT = 16,	/* NumInGroup */
	FIX_IN_LAST_ORDER = 32, /* in 5.0 alone */
};

extern const uint8_t fix_tag_kinds[FIX_TAGS];

static inline bool fix_tag_is(uint32_t tag, enum fix_tag_kind kind)
{
	return tag < FIX_TAGS && fix_tag_kinds[tag] & kind;
}

#endif
