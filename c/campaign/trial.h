/* SPDX-License-Identifier: MIT */
/*
 * One trial: a fresh exchange, wiretap and trader, one pass of the feed, then
 * the oracle's word. On machines; or in two fresh namespaces joined by a veth
 * pair:
 *
 *	exchange, wiretap -- exchange0 ==== trader0 -- trader
 *
 * The wiretap listens on the exchange's end, outside the trader's machine.
 */
#ifndef CAMPAIGN_TRIAL_H
#define CAMPAIGN_TRIAL_H

#include <jansson.h>

#include "campaign/arm.h"
#include "campaign/trial_machines.h"

/*
 * Run one trial of an arm in folder, which is made and afterwards holds
 * capture.pcapng, latencies.csv, samples.csv, sends.csv, analysis.json,
 * trader.json, the counters before and after, and each program's log; then
 * trial_judge(). machines: those of an arm that has a site, whose agents stay
 * for the next trial; NULL where none has. 0; -EINTR when stopped; another
 * negative errno, logged, with the tail of the failing program's log.
 */
int trial_run(const struct trial_config *config,
	      struct trial_machines *machines, const struct arm *arm,
	      const char *folder, json_t **result);

/*
 * The known bias: the same wire looped back on itself where the trader would
 * be, so that the interval between a frame's leaving and its coming back is
 * what wire and tap take by themselves. *result: the analysis' object. 0, or
 * -EOPNOTSUPP when the kernel can't loop it (why is logged), or as above.
 */
int trial_back_to_back(const struct trial_config *config,
		       struct trial_machines *machines,
		       const struct trial_site *site, const char *folder,
		       json_t **result);

#endif
