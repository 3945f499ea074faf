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
 * ansible/filter_plugins/lab_experiment.py has the same, for campaigns that a
 * playbook runs.
 */
#ifndef MEASURE_CAMPAIGN_ORDER_H
#define MEASURE_CAMPAIGN_ORDER_H

#include <stdint.h>

#define CAMPAIGN_ORDER_ARMS_MAX 16

/* Of the block from 0: order[i] is the arm that runs at place i. */
void campaign_order(uint64_t seed, unsigned int block, unsigned int arm_count,
		    unsigned int order[static CAMPAIGN_ORDER_ARMS_MAX]);

/* From the kernel; small enough to be read and typed. Never 0. */
uint64_t campaign_order_seed(void);

#endif
