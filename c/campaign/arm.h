/* SPDX-License-Identifier: MIT */
/*
 * One of the things that a campaign sets side by side: a name, and all that
 * sets its trials apart. Strings and lists stay their owner's.
 */
#ifndef CAMPAIGN_ARM_H
#define CAMPAIGN_ARM_H

struct arm {
	const char *name;    /* in tables and folders */
	const char *receive; /* receive path, as t2t-trader takes it */
	const char *program; /* in the place of t2t-trader, with its arguments;
				NULL: t2t-trader itself */
	/* Further arguments; they come last, so that they win. Lists end with
	 * NULL, and are NULL when empty. */
	const char *const *trader;
	const char *const *exchange;
	/* Commands run in the trader's namespace: before the programs start,
	 * and once they have ended, however they did. What before prints, as
	 * JSON, is kept with the trial: the knobs as they were found. */
	const char *const *before;
	const char *const *after;
};

#endif
