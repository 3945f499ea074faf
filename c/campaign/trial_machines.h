/* SPDX-License-Identifier: MIT */
/*
 * The machines of a trial, and what is asked of their agents: the exchange's,
 * on which the wiretap stands too, and the trader's.
 */
#ifndef CAMPAIGN_TRIAL_MACHINES_H
#define CAMPAIGN_TRIAL_MACHINES_H

#include <jansson.h>

#include "agent/machine.h"
#include "campaign/arm.h"
#include "campaign/trial_config.h"
#include "campaign/trial_files.h"

struct trial_machines {
	const struct trial_config *config;
	const struct trial_files *files;
	struct machine exchange, trader;
	long max_rss_kib[TRIAL_ROLES]; /* 0 until it has ended */
};

/* An agent in each of two namespaces; files go into folder. 0; -EINTR; another
 * negative errno, logged. trial_machines_close() comes in any case. */
int trial_machines_open(struct trial_machines *machines,
			const struct trial_config *config,
			const struct trial_files *files, const char *folder,
			int exchange_space, int trader_space);

/* Ends the programs; what was turned is back when it returns. 0 or a negative
 * errno, logged. */
int trial_machines_close(struct trial_machines *machines);

/* Start a program; out takes its stdout, its log the rest. As machine_ask(). */
int trial_program_start(struct trial_machines *machines, enum trial_role role,
			const char *const *argv, const char *out);

/* Wait until the text stands in the file. Also -ECHILD: it ended first;
 * -ETIMEDOUT. */
int trial_program_await(struct trial_machines *machines, enum trial_role role,
			const char *file, const char *text);

/* How it ended: by itself, without limit, or after a signal that is not 0. Its
 * exit code, or as machine_ask(). */
int trial_program_end(struct trial_machines *machines, enum trial_role role,
		      int signal);

/* The pins of all that run, as the kernel has them, into found. A pin without
 * effect would spoil the trial: -EIO, logged. */
int trial_programs_cpus(struct trial_machines *machines, json_t *found);

/* What each had in memory at most, by role: a new reference. */
json_t *trial_programs_memory(const struct trial_machines *machines);

/* Turn the arm's knobs; however far that comes, they will be put back. What
 * the commands said is in the trial's files. 0 or a negative errno, logged. */
int trial_knobs_turn(struct trial_machines *machines, const struct arm *arm);
int trial_knobs_restore(struct trial_machines *machines, const struct arm *arm);

#endif
