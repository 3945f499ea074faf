/* SPDX-License-Identifier: MIT */
/*
 * The machines of trials, and what is asked of their agents. An agent is
 * started when it is first asked something.
 */
#ifndef CAMPAIGN_TRIAL_MACHINES_H
#define CAMPAIGN_TRIAL_MACHINES_H

#include <jansson.h>

#include "agent/machine.h"
#include "campaign/arm.h"
#include "campaign/campaign_config.h"
#include "campaign/trial_files.h"

struct trial_machines {
	const struct trial_config *config;
	const struct trial_site *site; /* NULL: not settled yet */
	struct machine open[TRIAL_MACHINES_MAX];
	/* How the guests are: an arm's own, NULL as the campaign found them. */
	const struct campaign_guests *guests;
	const char *const *guests_now;
	json_t *turned; /* of this trial: what its knobs were found to be */
	/* 0 until it has ended */
	long max_rss_kib[TRIAL_ROLES];
	long involuntary_switches[TRIAL_ROLES];
};

/* guests: NULL where there are none. Nothing is started yet. */
void trial_machines_init(struct trial_machines *machines,
			 const struct trial_config *config,
			 const struct campaign_guests *guests);

/* From now on these; the guests are started as wanted, which may take minutes,
 * if they are not. 0; -EINTR; another negative errno, logged. */
int trial_machines_settle(struct trial_machines *machines,
			  const struct trial_site *site,
			  const char *const *guests);

/* Ends the programs; what was turned is back when it returns, and the guests
 * are as they were. 0 or a negative errno, logged. */
int trial_machines_close(struct trial_machines *machines);

/* The path of one of a trial's files on the machine of the role. */
void trial_machines_path(const struct trial_machines *machines,
			 enum trial_role role, enum trial_file file,
			 char path[static PATH_MAX]);

/* An agent's connection, opened when it is first needed. NULL: logged. */
struct machine *trial_machines_at(struct trial_machines *machines,
				  unsigned int index);

/* As machine_ask(), of a machine of the site. */
int trial_machines_ask(struct trial_machines *machines, unsigned int index,
		       json_t *request, int timeout_ms, json_t **answer);

/* A command there, to its end; takes the reference to argv. 0 or a negative
 * errno, logged. */
int trial_machines_run(struct trial_machines *machines, unsigned int index,
		       json_t *argv, int timeout_ms);

/* argv as JSON: a new reference. */
json_t *trial_strings(const char *const *argv);

/* By what an agent answered of a command: 0 or a negative errno, logged. */
int trial_command_judge(const char *name, const json_t *answer);

#endif
