/* SPDX-License-Identifier: MIT */
/* A campaign looks at its own verdicts, where its --until wants it, and says
 * when it is over. */
#ifndef CAMPAIGN_CAMPAIGN_LOOKS_H
#define CAMPAIGN_CAMPAIGN_LOOKS_H

#include <jansson.h>

#include "campaign/campaign_config.h"
#include "stats/looks.h"

struct campaign_looks {
	const struct campaign_config *config;
	unsigned int taken;
	json_t *manifest;
	json_t *until; /* of the manifest's parameters; NULL: never */
	bool out[CAMPAIGN_ARMS_MAX]; /* of a race: these run no more */
};

/* --until, --verdict and --judge, which go over the plan's; NULL: those are
 * it. 0; -EINVAL, logged, also where its blocks could never decide anything
 * that one of these asks for. */
int campaign_looks_read(const char *until, const char *verdict,
			const char *judge, struct campaign_config *config);

/* Of one that was read. The plan of the looks is entered into the
 * manifest, which has to outlast it. */
void campaign_looks_open(struct campaign_looks *looks,
			 const struct campaign_config *config,
			 json_t *manifest);

/*
 * After so many blocks, all of them in the folder, and so many seconds: may it
 * end here? *over: yes, and the manifest's parameters say why. Looks are told
 * on stderr. 0 or a negative errno, logged.
 */
int campaign_looks_take(struct campaign_looks *looks, unsigned int blocks,
			double seconds, bool *over);

#endif
