/* SPDX-License-Identifier: MIT */
#include "campaign/trial_ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "campaign/arm_told.h"

#define KIND "shm"
/* The tap may be kept from its CPU for most of a second. */
#define SLOTS "16384"

static bool is_ring(const char *choice)
{
	const size_t len = strlen(KIND);

	return choice && !strncmp(choice, KIND, len) &&
	       (choice[len] == ':' || !choice[len]);
}

static bool is_one_host(const struct trial_site *site)
{
	const struct trial_seat *seats = site ? site->seats : NULL;

	/* Two namespaces of this host. */
	return !site ||
	       (seats[TRIAL_EXCHANGE].machine == seats[TRIAL_TRADER].machine &&
		seats[TRIAL_WIRETAP].machine == seats[TRIAL_TRADER].machine);
}

int trial_ring_check(const struct arm *arm)
{
	const char *send = arm_told(arm->exchange, "--send", NULL);
	const char *why = NULL;

	if (arm->program)
		return 0;
	if (!is_ring(arm->receive))
		why = is_ring(send) ? "--send shm needs --receive shm: there "
				      "is nothing on the network"
				    : NULL;
	else if (send)
		why = "--send is the trial's to say with --receive shm: the "
		      "same ring, and its tap";
	else if (strstr(arm->receive, "path="))
		why = "path= of --receive shm is the trial's to say";
	else if (!is_one_host(arm->site))
		why = "--receive shm needs exchange, trader and wiretap on one "
		      "host: machines share no memory";
	if (!why)
		return 0;
	log_error("arm %s: %s", arm->name, why);
	return -EINVAL;
}

void trial_ring_name(struct trial_ring *ring, const struct arm *arm,
		     const char *folder)
{
	const char *options;

	*ring = (struct trial_ring){ .wanted = is_ring(arm->receive) &&
					       !arm->program };
	if (!ring->wanted)
		return;
	options = strchr(arm->receive, ':');
	snprintf(ring->tap, sizeof(ring->tap), "%s/tap", folder);
	snprintf(ring->send, sizeof(ring->send),
		 KIND ":slots=" SLOTS ",path=%s/ring,tap=%s/tap", folder,
		 folder);
	snprintf(ring->receive, sizeof(ring->receive), KIND ":path=%s/ring%s%s",
		 folder, options ? "," : "", options ? options + 1 : "");
}
