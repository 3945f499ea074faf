/* SPDX-License-Identifier: MIT */
/* An arm whose market data goes over a ring in shared memory (--receive shm):
 * what its programs are told of it, the wiretap too, which taps the ring. */
#ifndef CAMPAIGN_TRIAL_RING_H
#define CAMPAIGN_TRIAL_RING_H

#include <limits.h>
#include <stdbool.h>

#include "campaign/arm.h"

struct trial_ring {
	bool wanted;
	char tap[PATH_MAX];
	char send[2 * PATH_MAX];    /* of the exchange */
	char receive[2 * PATH_MAX]; /* of the trader */
};

/* Can the arm have one, and has both ends? 0, or -EINVAL, logged. */
int trial_ring_check(const struct arm *arm);

/* folder: where its sockets stand for a trial's time. */
void trial_ring_name(struct trial_ring *ring, const struct arm *arm,
		     const char *folder);

#endif
