/* SPDX-License-Identifier: MIT */
/*
 * One trial: two fresh namespaces joined by a veth pair, a fresh exchange,
 * wiretap and trader in them, one pass of the feed, then the oracle's word.
 *
 *	exchange, wiretap -- exchange0 ==== trader0 -- trader
 *
 * The wiretap listens on the exchange's end, outside the trader's machine.
 */
#ifndef MEASURE_TRIAL_H
#define MEASURE_TRIAL_H

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "measure/arm.h"

enum trial_role { TRIAL_EXCHANGE, TRIAL_WIRETAP, TRIAL_TRADER, TRIAL_ROLES };

/* The wire of a trial: the exchange's end is near, the trader's far. */
struct trial_wire {
	int near_space, far_space; /* namespaces */
	const char *near, *far;	   /* interfaces */
};

/* What is the same for all trials of a campaign. Strings stay the
 * caller's. */
struct trial_config {
	const char *programs; /* folder of the t2t-* programs */
	const char *feed;
	const char *pace;	   /* as the exchange takes it */
	const char *threshold_usd; /* as trader and wiretap take it */
	const char *aggress;
	const char *group;    /* ADDR:PORT */
	const char *warm_up;  /* orders at a trial's start that are judged,
				     but enter no figure: "20" */
	int cpu[TRIAL_ROLES]; /* -1: not pinned */
	/* For trial_back_to_back(): makes the far end send back what comes in.
	 * NULL: by tc-mirred(8). 0 or a negative errno, logged. */
	int (*reflector)(const struct trial_wire *wire);
	const volatile int *stop; /* set by a signal: give up soon */
};

/*
 * Run one trial of an arm in folder, which is made and afterwards holds
 * capture.pcapng, latencies.csv, samples.csv, sends.csv, analysis.json,
 * trader.json, the counters before and after, and each program's log; then
 * trial_judge(). 0; -EINTR when stopped; another negative errno, logged, with
 * the tail of the failing program's log.
 */
int trial_run(const struct trial_config *config, const struct arm *arm,
	      const char *folder, json_t **result);

/*
 * Let the oracle judge what a trial left in its folder, whoever ran it.
 * *result: an object with members analysis, trader, found (CPUs and memory of
 * the processes, and the knobs that were set) and counters. 0 or a negative
 * errno, logged.
 */
int trial_judge(const struct trial_config *config, const char *folder,
		json_t **result);

/*
 * The known bias: the same wire looped back on itself where the trader would
 * be, so that the interval between a frame's leaving and its coming back is
 * what wire and tap take by themselves. *result: the analysis' object. 0, or
 * -EOPNOTSUPP when the kernel can't loop it (why is logged), or as above.
 */
int trial_back_to_back(const struct trial_config *config, const char *folder,
		       json_t **result);

#endif
