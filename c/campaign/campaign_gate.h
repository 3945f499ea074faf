/* SPDX-License-Identifier: MIT */
/*
 * The gate over a campaign: it judges each trial by those so far,
 * and lets blocks run again while there are any left to be. They are few: one,
 * and one more for each eight blocks that are done, where nobody says
 * otherwise. So a campaign on a machine that is never as it was takes an eighth
 * longer, and one that ends early is not held up. When they are used up, or
 * --until's time is, blocks that fail count all the same, which is said.
 */
#ifndef CAMPAIGN_CAMPAIGN_GATE_H
#define CAMPAIGN_CAMPAIGN_GATE_H

#include <jansson.h>

#include "campaign/campaign_config.h"

struct campaign_gate {
	const struct campaign_config *config;
	struct trial_readings *past; /* of all trials so far */
	size_t count, room;
	unsigned int repeats, repeated; /* blocks: at most, and so far */
};

/* --gate, over what the plan says; NULL: nothing was said. 0 or -EINVAL,
 * logged. */
int campaign_gate_read(const char *text, struct campaign_config *config);

/* Takes the blocks that an earlier run of the campaign put aside into account;
 * manifest: gets parameters.gate. 0 or a negative errno, logged. */
int campaign_gate_open(struct campaign_gate *gate,
		       const struct campaign_config *config, json_t *manifest);
void campaign_gate_close(struct campaign_gate *gate);

/* trial: gets "gate": "fit" (null: too early to tell), "reasons". 0 or
 * -ENOMEM. */
int campaign_gate_judge(struct campaign_gate *gate, unsigned int arm,
			json_t *trial);

/* So many may have been run again once it comes to that block. */
unsigned int campaign_gate_repeats(const struct campaign_gate *gate,
				   unsigned int block);

/* One that an earlier run has judged. 0 or -ENOMEM. */
int campaign_gate_remember(struct campaign_gate *gate, unsigned int arm,
			   const json_t *trial);

#endif
