/* SPDX-License-Identifier: MIT */
/* Where a trial runs: machines, which may be network namespaces, and what of
 * it is on which. Strings and lists stay their owner's; lists end with NULL. */
#ifndef CAMPAIGN_TRIAL_SITE_H
#define CAMPAIGN_TRIAL_SITE_H

#include "campaign/trial_config.h"

#define TRIAL_MACHINES_MAX 4

struct trial_machine {
	const char *name;
	const char *const *connect; /* a command that becomes an agent there */
	const char *folder;	    /* of that agent */
	/* What it needs beside the programs, in pairs: a file here, its name in
	 * the folder there. May be NULL. */
	const char *const *bring;
	/* The words of a program that stands by for commands which begin with
	 * them (agent/agent_standby.h). May be NULL. */
	const char *const *standby;
	/* The command reads a password first, as sudo(8) does. */
	bool wants_password;
};

/* Where one of a trial's programs runs. */
struct trial_seat {
	unsigned int machine;  /* of the site's */
	const char *programs;  /* folder of the t2t-* programs there */
	const char *interface; /* of market data */
	const char *cpus;      /* as in "0,2-3"; "": any */
	/* What the machine calls the memory that all of a trial's share
	 * (net/shm_region.h); NULL: they share none. And its address. */
	const char *region, *address;
	const char *const *more; /* further arguments; may be NULL */
};

/* A command of a machine, and the one that puts back what it changed; NULL:
 * nothing is to be put back. */
struct trial_turn {
	unsigned int machine;
	const char *where; /* whose knobs, as experiments call it: "trader" */
	const char *const *turn;
	const char *const *restore;
};

#define TRIAL_ORDER_PORT "9012" /* where no plan names one */

struct trial_site {
	const struct trial_machine *machines;
	unsigned int machine_count;
	struct trial_seat seats[TRIAL_ROLES];
	const char *listen; /* the exchange's ADDR:PORT */
	const char *feed;   /* as the exchange's machine has it */
	int timeout_ms;	    /* for all of it; < 0: none */
	/* For the known bias: the trader's machine sends back what comes in,
	 * and so many frames go there at such a rate a second. */
	struct trial_turn loop;
	const char *frames, *frames_rate;
};

#endif
