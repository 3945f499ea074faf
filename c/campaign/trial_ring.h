/* SPDX-License-Identifier: MIT */
/*
 * An arm whose market data or orders go over rings in shared memory (--receive
 * shm, --transport shm): what its programs are told of them, the wiretap too,
 * which taps the rings. On one host their sockets are paths; between guests the
 * rings stand in the memory that these share, and their ends meet over TCP, at
 * the ports behind that of orders and of requests.
 */
#ifndef CAMPAIGN_TRIAL_RING_H
#define CAMPAIGN_TRIAL_RING_H

#include <limits.h>
#include <stdbool.h>

#include "campaign/arm.h"

struct trial_ring {
	bool data, orders;  /* which of them do */
	const char *region; /* of the wiretap; NULL: no region */
	char tap[PATH_MAX];
	char send[2 * PATH_MAX];      /* of the exchange, of data */
	char receive[2 * PATH_MAX];   /* of the trader */
	char take[2 * PATH_MAX];      /* of the exchange, of orders */
	char transport[3 * PATH_MAX]; /* of the trader */
};

/* Can the arm have them, and have both ends? 0, or -EINVAL, logged. */
int trial_ring_check(const struct arm *arm);

/* folder: where their sockets stand for a trial's time. */
void trial_ring_name(struct trial_ring *ring, const struct arm *arm,
		     const char *folder);

#endif
