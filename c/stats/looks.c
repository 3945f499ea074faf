/* SPDX-License-Identifier: MIT */
#include "stats/looks.h"

#include <errno.h>

#include "stats/verdict.h"

/* From the first one on, each after half as many blocks again. The last but one
 * is left out where the last comes soon after it. */
static void spread(unsigned int first, unsigned int blocks, struct looks *looks)
{
	looks->count = 0;
	for (unsigned int at = first;
	     at < blocks && looks->count < LOOKS_MAX - 1; at = (3 * at + 1) / 2)
		looks->blocks[looks->count++] = at;
	if (looks->count > 0 &&
	    4 * blocks < 5 * looks->blocks[looks->count - 1])
		looks->count--;
	looks->blocks[looks->count++] = blocks;
}

int looks_plan(size_t arm_count, unsigned int blocks, struct looks *looks,
	       unsigned int *needed)
{
	struct verdict_rule rule = verdict_rule(arm_count);

	*needed = verdict_blocks_needed(&rule);
	if (blocks < *needed)
		return -ERANGE;
	/* The more looks, the less has each of them, and the later is the
	 * first one; so that there are fewer again. */
	for (unsigned int shares = 1;; shares++) {
		unsigned int first;

		looks->alpha = VERDICT_ALPHA / shares;
		rule.alpha = looks->alpha;
		first = verdict_blocks_needed(&rule);
		spread(first < blocks ? first : blocks, blocks, looks);
		if (looks->count <= shares)
			break;
	}
	looks->alpha = VERDICT_ALPHA / looks->count;
	return 0;
}
