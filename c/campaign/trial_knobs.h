/* SPDX-License-Identifier: MIT */
/* What a trial turns on its machines, and what puts it back. */
#ifndef CAMPAIGN_TRIAL_KNOBS_H
#define CAMPAIGN_TRIAL_KNOBS_H

#include "campaign/trial_machines.h"

/* Turn the arm's knobs; however far that comes, they will be put back. Then
 * put them back, and save what was found in the trial's files. 0 or a negative
 * errno, logged. */
int trial_knobs_turn(struct trial_machines *machines, const struct arm *arm,
		     const struct trial_files *files);
int trial_knobs_restore(struct trial_machines *machines, const struct arm *arm,
			const struct trial_files *files);

/* The trader's machine sends back what comes in, until trial_loop_end(). 0;
 * -EOPNOTSUPP, with a warning, where it can't; another negative errno,
 * logged. */
int trial_loop_begin(struct trial_machines *machines);
int trial_loop_end(struct trial_machines *machines);

/* Not any more, if a run that was killed left it so. 0 or a negative errno,
 * logged. */
int trial_loop_clear(struct trial_machines *machines);

#endif
