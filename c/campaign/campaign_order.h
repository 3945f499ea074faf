/* SPDX-License-Identifier: MIT */
/*
 * In which order the arms run, block by block: a row of a Williams square
 * each. In a whole square each arm stands at each place as often as any other,
 * and directly behind each other arm as often as behind any: neither a drift
 * of the machine nor what a trial leaves to the next one favours an arm
 * (Williams, Experimental designs balanced for the estimation of residual
 * effects of treatments, 1949). An even number of arms needs as many blocks
 * for it as there are arms, an odd one twice as many. Which arm takes which
 * column, and in which order the rows run, is drawn anew for each square.
 *
 * Who is out of a race is left out of its rows. Each row stands in the square
 * backwards, too, so that those left are still as far in front as each other,
 * and as often before as behind (tests/unit/campaign_campaign_order.c).
 *
 * A campaign that a playbook runs has its order from here too: it asks
 * t2t-run --order, and its plan lists the trials.
 */
#ifndef CAMPAIGN_CAMPAIGN_ORDER_H
#define CAMPAIGN_CAMPAIGN_ORDER_H

#include <jansson.h>
#include <stdint.h>

#define CAMPAIGN_ORDER_ARMS_MAX 16

/* Of the block from 0: order[i] is the arm that runs at place i. */
void campaign_order(uint64_t seed, unsigned int block, unsigned int arm_count,
		    unsigned int order[static CAMPAIGN_ORDER_ARMS_MAX]);

/* "ARMS,BLOCKS,SEED": 0, or -EINVAL with *why set to the reason. */
int campaign_order_parse(const char *text, unsigned int *arm_count,
			 unsigned int *blocks, uint64_t *seed,
			 const char **why);

/*
 * For who makes a plan, a new reference: {"order": [[2, 0, 1]...],
 * "blocks_needed": 7, "best_needed": 7, "tail_needed": 16,
 * "block_tries": 3}: the arms of each block, the last arm being the first one
 * again; how many blocks a verdict needs, one of which is the best, and one on
 * a tail; and how often a block is run at most.
 */
json_t *campaign_order_json(unsigned int arm_count, unsigned int blocks,
			    uint64_t seed);

/* From the kernel; small enough to be read and typed. Never 0. */
uint64_t campaign_order_seed(void);

#endif
