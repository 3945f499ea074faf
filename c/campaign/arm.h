/* SPDX-License-Identifier: MIT */
/*
 * One of the things that a campaign sets side by side: a name, and all that
 * sets its trials apart. Strings and lists stay their owner's.
 */
#ifndef CAMPAIGN_ARM_H
#define CAMPAIGN_ARM_H

#include "campaign/trial_site.h"

struct arm {
	const char *name;    /* in tables and folders */
	const char *receive; /* receive path, as t2t-trader takes it */
	const char *program; /* in the place of t2t-trader, with its arguments;
				NULL: t2t-trader itself */
	/* Of a build: the same code in several layouts, one of which is drawn
	 * for each trial as its program (campaign/arm_build.h), and with it so
	 * many bytes for its environment. NULL: none. */
	const char *const *layouts;
	unsigned int padding;
	/* Further arguments; they come last, so that they win. Lists end with
	 * NULL, and are NULL when empty. */
	const char *const *trader;
	const char *const *exchange;
	/* Before the programs start; put back once they have ended, however
	 * they did. What such a command prints as JSON, of knobs that it set
	 * and found, is kept with the trial. */
	struct trial_turn turns[TRIAL_MACHINES_MAX];
	unsigned int turn_count;
	/* NULL: two namespaces, made for each trial. */
	const struct trial_site *site;
	/* The command that starts the guests as this arm has them; NULL: as
	 * the campaign found them. */
	const char *const *guests;
};

#endif
