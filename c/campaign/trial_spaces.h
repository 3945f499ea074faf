/* SPDX-License-Identifier: MIT */
/* Two fresh network namespaces, joined by a veth pair, as a trial's site. */
#ifndef CAMPAIGN_TRIAL_SPACES_H
#define CAMPAIGN_TRIAL_SPACES_H

#include <limits.h>

#include "campaign/trial_site.h"

#define TRIAL_SPACES_EXCHANGE "exchange0" /* interfaces */
#define TRIAL_SPACES_TRADER   "trader0"

struct trial_spaces {
	int exchange, trader; /* descriptors of the namespaces; -1: none */
	struct trial_site site;
	struct trial_machine machines[2];
	/* What those have text in. */
	char program[PATH_MAX];
	char exchange_space[64], trader_space[64];
	const char *exchange_argv[6], *trader_argv[6];
	char cpus[TRIAL_ROLES][16];
};

/* Agents there have their files in folder. 0 or a negative errno, logged. */
int trial_spaces_open(struct trial_spaces *spaces,
		      const struct trial_config *config, const char *folder);

/* They go with their last process. May be called of ones that are not open. */
void trial_spaces_close(struct trial_spaces *spaces);

#endif
