/* SPDX-License-Identifier: MIT */
/* A trial's programs on its machines, and what they leave there. */
#ifndef CAMPAIGN_TRIAL_PROGRAMS_H
#define CAMPAIGN_TRIAL_PROGRAMS_H

#include "campaign/trial_machines.h"

/* Start a program; out takes its stdout (TRIAL_FILES: its log), its log the
 * rest. As machine_ask(). */
int trial_program_start(struct trial_machines *machines, enum trial_role role,
			const char *const *argv, enum trial_file out);

/* Wait until the text stands in the file. Also -ECHILD: it ended first;
 * -ETIMEDOUT. */
int trial_program_await(struct trial_machines *machines, enum trial_role role,
			enum trial_file file, const char *text);

/* Wait until the trader has connected to the exchange, or either has ended. */
void trial_programs_meet(struct trial_machines *machines);

/* How it ended: by itself, in the time of a trial, or after a signal that is
 * not 0. Its exit code, or as machine_ask(). */
int trial_program_end(struct trial_machines *machines, enum trial_role role,
		      int signal);

/* The pins of all that run, as the kernel has them, into found. A pin without
 * effect would spoil the trial: -EIO, logged. */
int trial_programs_cpus(struct trial_machines *machines, json_t *found);

/* What each had in memory at most, and how often the CPU was taken from it, by
 * role, into found. */
void trial_programs_used(const struct trial_machines *machines, json_t *found);

/* A command of the role's machine to its end, at most timeout_ms, in place of
 * one of the trial's programs. 0 or a negative errno, logged. */
int trial_command_run(struct trial_machines *machines, enum trial_role role,
		      const char *const *argv, int timeout_ms);

/* What the trader's kernel and NIC have counted, into the file here. */
int trial_counters_take(struct trial_machines *machines, const char *path);

/* Bring here what a program of that role, or all of them, wrote there. 0 or a
 * negative errno, logged. */
int trial_file_take(struct trial_machines *machines, enum trial_role role,
		    enum trial_file file, const struct trial_files *files);
int trial_files_take(struct trial_machines *machines,
		     const struct trial_files *files);

#endif
